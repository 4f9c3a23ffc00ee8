import { cx } from "../lib/cx";
import { Icon } from "./Icon";
import type { IconName } from "./icons";
import styles from "./Segmented.module.css";

export type Segment<T extends string> = { value: T; label: string; icon?: IconName; keys?: string };

/** One of a few, side by side. With icons alone the label is the tooltip and the name. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
  iconsOnly = false,
}: {
  label: string;
  value: T;
  options: readonly Segment<T>[];
  onChange: (value: T) => void;
  iconsOnly?: boolean;
}) {
  return (
    <div className={cx(styles.segments, iconsOnly && styles.icons)} role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          aria-label={option.label}
          title={option.label}
          className={cx(option.value === value && styles.on)}
          onClick={() => onChange(option.value)}
        >
          {option.icon && <Icon name={option.icon} size={15} />}
          {!iconsOnly && option.label}
        </button>
      ))}
    </div>
  );
}
