import type { ReactNode } from "react";
import { cx } from "../lib/cx";
import { IconButton } from "./Button";
import { Icon, Spinner } from "./Icon";
import type { IconName } from "./icons";
import styles from "./Toast.module.css";

/** One line about what happened, bottom left: past tense, Undo and its key. With `part` it is a progress toast. */
export function Toast({
  icon,
  tone = "plain",
  text,
  detail,
  part,
  busy = false,
  actions,
  onDismiss,
  onHold,
}: {
  icon?: IconName | undefined;
  tone?: "plain" | "error";
  text: string;
  detail?: string | undefined;
  /** 0..1 of the work done. */
  part?: number | undefined;
  busy?: boolean;
  actions?: ReactNode;
  onDismiss?: (() => void) | undefined;
  /** Pointer or focus is on it: its time stands still. */
  onHold?: ((held: boolean) => void) | undefined;
}) {
  return (
    <div
      className={cx(styles.toast, tone === "error" && styles.error)}
      role={tone === "error" ? "alert" : "status"}
      data-testid="toast"
      onPointerEnter={() => onHold?.(true)}
      onPointerLeave={() => onHold?.(false)}
      onFocus={() => onHold?.(true)}
      onBlur={() => onHold?.(false)}
    >
      {busy ? <Spinner size={15} /> : icon && <Icon name={icon} size={16} />}
      <span className={styles.text}>
        {text}
        {detail !== undefined && detail !== "" && <em>{detail}</em>}
      </span>
      {actions}
      {onDismiss && <IconButton icon="x" label="Dismiss" size="sm" onClick={onDismiss} />}
      {part !== undefined && <i className={styles.bar} style={{ width: `${Math.round(part * 100)}%` }} />}
    </div>
  );
}
