import type { KeyboardEvent } from "react";
import { cx } from "../lib/cx";
import { number } from "../lib/format";
import styles from "./Tabs.module.css";

export type Tab<T extends string> = { value: T; label: string; count?: number | undefined };

/** Tabs with counts. Left and Right move between them, as in any tab list. */
export function Tabs<T extends string>({
  label,
  tabs,
  value,
  onChange,
  controls,
  size = "md",
}: {
  label: string;
  tabs: readonly Tab<T>[];
  value: T;
  onChange: (value: T) => void;
  controls?: string;
  size?: "sm" | "md";
}) {
  const onKeyDown = (e: KeyboardEvent<HTMLDivElement>) => {
    const move = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
    if (move === 0) return;
    const at = tabs.findIndex((tab) => tab.value === value);
    const next = (at + move + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (!tab) return;
    e.preventDefault();
    e.stopPropagation();
    onChange(tab.value);
    (e.currentTarget.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div
      className={cx(styles.tabs, size === "sm" && styles.small)}
      role="tablist"
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      {tabs.map((tab) => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          aria-selected={tab.value === value}
          aria-controls={controls}
          tabIndex={tab.value === value ? 0 : -1}
          className={cx(styles.tab, tab.value === value && styles.on)}
          onClick={() => onChange(tab.value)}
        >
          {tab.label}
          {tab.count !== undefined && <i className={styles.count}>{number(tab.count)}</i>}
        </button>
      ))}
    </div>
  );
}
