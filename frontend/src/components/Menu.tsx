import { type KeyboardEvent, useRef } from "react";
import { cx } from "../lib/cx";
import type { Anchor } from "../lib/place";
import { Icon } from "./Icon";
import type { IconName } from "./icons";
import { KeyHint } from "./KeyHint";
import styles from "./Menu.module.css";
import { Popover } from "./Popover";

export type MenuItem =
  | {
      readonly id: string;
      readonly title: string;
      readonly icon?: IconName | undefined;
      readonly keys?: string | undefined;
      readonly disabled?: boolean;
      /** Why it is disabled, or what it will do: a second line. */
      readonly note?: string | undefined;
      readonly danger?: boolean;
      readonly checked?: boolean | undefined;
      readonly onSelect: () => void;
    }
  | { readonly id: string; readonly separator: true }
  | { readonly id: string; readonly heading: string };

/** A menu: arrows, Home, End, first letters, Enter. A choice closes it. */
export function Menu({
  anchor,
  items,
  onClose,
  label,
  side,
  align,
  width,
}: {
  anchor: Anchor;
  items: readonly MenuItem[];
  onClose: () => void;
  label: string;
  side?: "below" | "left" | "right";
  align?: "start" | "end";
  width?: number;
}) {
  const list = useRef<HTMLDivElement>(null);
  const entries = (): HTMLButtonElement[] => [
    ...(list.current?.querySelectorAll<HTMLButtonElement>("button:not(:disabled)") ?? []),
  ];
  const onKeyDown = (e: KeyboardEvent) => {
    const buttons = entries();
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const go = (i: number) => {
      e.preventDefault();
      buttons[(i + buttons.length) % buttons.length]?.focus();
    };
    if (e.key === "ArrowDown") go(at + 1);
    else if (e.key === "ArrowUp") go(at < 0 ? -1 : at - 1);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(-1);
    else if (e.key === "Tab") {
      e.preventDefault();
      onClose();
    } else if (e.key.length === 1 && e.key !== " ") {
      const starts = (i: number) =>
        buttons[i % buttons.length]?.textContent?.toLowerCase().startsWith(e.key.toLowerCase());
      for (let i = at + 1; i <= at + buttons.length; i++) if (starts(i)) return go(i);
    }
  };
  return (
    <Popover
      anchor={anchor}
      onClose={onClose}
      label={label}
      role="menu"
      onKeyDown={onKeyDown}
      width={width}
      {...(side && { side })}
      {...(align && { align })}
      className={styles.menu}
    >
      <div ref={list}>
        {items.map((item) => (
          <Entry key={item.id} item={item} onClose={onClose} />
        ))}
      </div>
    </Popover>
  );
}

function Entry({ item, onClose }: { item: MenuItem; onClose: () => void }) {
  if ("separator" in item) return <hr />;
  if ("heading" in item) return <div className={styles.heading}>{item.heading}</div>;
  return (
    <button
      type="button"
      role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked={item.checked}
      disabled={item.disabled}
      data-testid={`menu-${item.id}`}
      className={cx(styles.item, item.danger && styles.danger)}
      onPointerMove={(e) => e.currentTarget.focus()}
      onClick={() => {
        onClose();
        item.onSelect();
      }}
    >
      <span className={styles.lead}>
        {item.checked ? <Icon name="check" size={14} /> : item.icon && <Icon name={item.icon} size={15} />}
      </span>
      <span className={styles.title}>
        {item.title}
        {item.note !== undefined && <em>{item.note}</em>}
      </span>
      {item.keys !== undefined && <KeyHint keys={item.keys} />}
    </button>
  );
}
