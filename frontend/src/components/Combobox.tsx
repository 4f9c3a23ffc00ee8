import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { cx } from "../lib/cx";
import styles from "./Combobox.module.css";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

export type ComboboxProps<T> = {
  /** What is chosen: the name of field and list. */
  label: string;
  text: string;
  onText: (text: string) => void;
  items: readonly T[];
  keyOf: (item: T) => string;
  render: (item: T, active: boolean) => ReactNode;
  onPick: (item: T, e: { readonly keepOpen: boolean }) => void;
  placeholder?: string;
  icon?: IconName;
  /** Stands right in the field: "Assign 3 tasks". */
  trailing?: ReactNode;
  /** Instead of the list when it is empty. */
  empty?: ReactNode;
  /** Below the list. */
  footer?: ReactNode;
  /** Small rows, for words alone. */
  compact?: boolean;
  /** Where a horizontal line stands above the item. */
  ruleBefore?: (item: T) => boolean;
  isSelected?: (item: T) => boolean;
  /** Not what typing looks for: Enter takes it only once an arrow or the pointer has gone there. */
  isAside?: (item: T) => boolean;
  /** Shown, and not to be picked. */
  isDisabled?: (item: T) => boolean;
  /** Keys of its own; preventDefault keeps the usual meaning away. */
  onKey?: (e: KeyboardEvent<HTMLInputElement>, active: T | undefined) => void;
};

/**
 * A field and its list, to be put into a Popover or a Dialog. Typing narrows, arrows and Home/End move, Enter picks
 * (Ctrl+Enter picks and stays). The active row is the first that fits again after each change of the text.
 */
export function Combobox<T>(props: ComboboxProps<T>) {
  const { items, keyOf, text } = props;
  const [moved, setMoved] = useState({ text, index: 0 });
  const begin = text === "" ? 0 : items.findIndex((item) => !props.isAside?.(item));
  const index = moved.text === text ? Math.min(moved.index, items.length - 1) : begin;
  const id = useId();
  const option = (i: number) => `${id}-${i}`;
  const go = (to: number) => {
    const i = Math.max(0, Math.min(items.length - 1, to));
    setMoved({ text, index: i });
    document.getElementById(option(i))?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (e: KeyboardEvent<HTMLInputElement>) => {
    const active = items[index];
    props.onKey?.(e, active);
    if (e.defaultPrevented) return;
    const moves: Record<string, number> = {
      ArrowDown: index === items.length - 1 ? 0 : index + 1,
      ArrowUp: index <= 0 ? items.length - 1 : index - 1,
      PageDown: index + 8,
      PageUp: index - 8,
    };
    const to = moves[e.key];
    if (to !== undefined) {
      e.preventDefault();
      go(to);
    } else if (e.key === "Enter" && active !== undefined && !e.nativeEvent.isComposing) {
      e.preventDefault();
      if (props.isDisabled?.(active) !== true) props.onPick(active, { keepOpen: e.ctrlKey || e.metaKey });
    }
  };
  return (
    <div className={styles.combobox}>
      <div className={styles.query}>
        <Icon name={props.icon ?? "search"} size={15} />
        <input
          // biome-ignore lint/a11y/noAutofocus: a popover that was asked for takes the typing
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-label={props.label}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={index >= 0 ? option(index) : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={props.placeholder}
          value={text}
          onChange={(e) => props.onText(e.target.value)}
          onKeyDown={onKeyDown}
        />
        {props.trailing !== undefined && <span className={styles.trailing}>{props.trailing}</span>}
      </div>
      <hr />
      <div className={styles.list} id={`${id}-list`} role="listbox" aria-label={props.label}>
        {items.map((item, i) => (
          <div key={keyOf(item)}>
            {props.ruleBefore?.(item) && <hr />}
            <div
              id={option(i)}
              role="option"
              tabIndex={-1}
              aria-disabled={props.isDisabled?.(item) === true || undefined}
              aria-selected={props.isSelected ? props.isSelected(item) : i === index}
              className={cx(
                styles.option,
                props.compact && styles.compact,
                i === index && styles.active,
                props.isDisabled?.(item) && styles.closed,
              )}
              onPointerMove={() => i !== index && setMoved({ text, index: i })}
              onPointerDown={(e) => e.preventDefault()}
              onClick={(e) => {
                if (props.isDisabled?.(item) !== true)
                  props.onPick(item, { keepOpen: e.ctrlKey || e.metaKey });
              }}
              onKeyDown={undefined}
            >
              {props.render(item, i === index)}
            </div>
          </div>
        ))}
        {items.length === 0 && <div className={styles.empty}>{props.empty ?? "Nothing found"}</div>}
      </div>
      {props.footer}
    </div>
  );
}

/** Text with the matched parts marked: ranges are pairs of start and end in UTF-16 units. */
export function Marked({ text, ranges }: { text: string; ranges: readonly number[] }) {
  const parts: ReactNode[] = [];
  let from = 0;
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const [start, end] = [ranges[i] ?? 0, ranges[i + 1] ?? 0];
    if (start < from || end > text.length) continue;
    parts.push(text.slice(from, start), <mark key={start}>{text.slice(start, end)}</mark>);
    from = end;
  }
  parts.push(text.slice(from));
  return <span className={styles.marked}>{parts}</span>;
}
