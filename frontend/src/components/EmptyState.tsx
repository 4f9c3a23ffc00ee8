import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

/** An empty place: what it is, one primary action, one way out. */
export function EmptyState({
  icon,
  title,
  children,
  actions,
  alert = false,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** Something went wrong. */
  alert?: boolean;
}) {
  return (
    <div className={styles.empty} role={alert ? "alert" : undefined}>
      <span className={styles.icon}>
        <Icon name={icon} size={20} />
      </span>
      <b>{title}</b>
      {children !== undefined && <p>{children}</p>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
