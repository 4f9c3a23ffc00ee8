import type { ReactNode, Ref } from "react";
import { cx } from "../lib/cx";
import { number } from "../lib/format";
import styles from "./Chip.module.css";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

/** A filter: idle it is an icon and a noun; active it has ground, the value and a cross that takes it away. */
export function Chip({
  icon,
  label,
  value,
  open,
  onClick,
  onClear,
  ref,
}: {
  icon: IconName;
  label: string;
  /** What is filtered for; "" or undefined = not active. */
  value?: string | undefined;
  open?: boolean;
  onClick: () => void;
  onClear?: () => void;
  ref?: Ref<HTMLButtonElement>;
}) {
  const active = value !== undefined && value !== "";
  return (
    <span className={cx(styles.chip, active && styles.on)}>
      <button
        ref={ref}
        type="button"
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-label={active ? `${label}: ${value}` : label}
        onClick={onClick}
      >
        <Icon name={icon} size={13} />
        {active ? (
          <>
            <em>{label}</em> <span className={styles.value}>{value}</span>
          </>
        ) : (
          label
        )}
      </button>
      {active && onClear && (
        <button
          type="button"
          className={styles.clear}
          aria-label={`Clear the filter ${label}`}
          onClick={onClear}
        >
          <Icon name="x" size={12} />
        </button>
      )}
    </span>
  );
}

/** An outlined count that filters in one click: "Unassigned 26". */
export function CountChip({
  icon,
  label,
  count,
  on,
  onClick,
}: {
  icon: IconName;
  label: string;
  count: number;
  on: boolean;
  onClick: () => void;
}) {
  return (
    <span className={cx(styles.chip, styles.outlined, on && styles.pressed)}>
      <button type="button" aria-pressed={on} onClick={onClick}>
        <Icon name={icon} size={13} />
        {label} <b className="num">{number(count)}</b>
      </button>
    </span>
  );
}

/** A free label on an asset. */
export function Tag({ children, onRemove }: { children: ReactNode; onRemove?: (() => void) | undefined }) {
  return (
    <span className={styles.tag}>
      {children}
      {onRemove && (
        <button type="button" aria-label={`Remove the tag ${String(children)}`} onClick={onRemove}>
          <Icon name="x" size={10} />
        </button>
      )}
    </span>
  );
}
