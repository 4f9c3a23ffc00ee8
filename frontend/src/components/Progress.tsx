import { cx } from "../lib/cx";
import styles from "./Progress.module.css";

/** A bar, only when the total is known; 0..1. */
export function Progress({ part, label, thin = false }: { part: number; label: string; thin?: boolean }) {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100);
  return (
    <div
      className={cx(styles.bar, thin && styles.thin)}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <i style={{ width: `${percent}%` }} />
    </div>
  );
}
