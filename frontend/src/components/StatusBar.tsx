import type { StatusLook } from "../lib/look";
import styles from "./StatusBar.module.css";
import { statusAttributes } from "./statusAttributes";

export type StatusShare = { status: StatusLook; count: number };

/** How many tasks stand at each status, as one bar. Its text is the same in words. */
export function StatusBar({ shares, width = 66 }: { shares: readonly StatusShare[]; width?: number }) {
  const shown = shares.filter((share) => share.count > 0);
  if (shown.length === 0) return null;
  const words = shown.map((share) => `${share.count} ${share.status.label}`).join(", ");
  return (
    <span className={styles.roll} style={{ width }} role="img" aria-label={words} title={words}>
      {shown.map((share) => (
        <Part key={share.status.id} {...share} />
      ))}
    </span>
  );
}

function Part({ status, count }: StatusShare) {
  const { style, ...attributes } = statusAttributes(status);
  return <i {...attributes} data-category={status.category} style={{ ...style, flexGrow: count }} />;
}
