import {
  type InputHTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import { cx } from "../lib/cx";
import styles from "./Field.module.css";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

/** A label above a control, a hint or an error below it. */
export function Field({
  label,
  htmlFor,
  hint,
  error,
  children,
}: {
  label: string;
  htmlFor?: string | undefined;
  hint?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
}) {
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={htmlFor}>
        {label}
      </label>
      {children}
      {error !== undefined && error !== "" ? (
        <p className={styles.error} role="alert">
          {error}
        </p>
      ) : (
        hint !== undefined && <p className={styles.hint}>{hint}</p>
      )}
    </div>
  );
}

type TextProps = {
  label: string;
  /** The label is read, not shown. */
  bare?: boolean;
  icon?: IconName | undefined;
  value: string;
  onText: (text: string) => void;
  hint?: ReactNode;
  error?: string | undefined;
  trailing?: ReactNode;
  ref?: Ref<HTMLInputElement>;
} & Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onChange">;

/** A line of text. */
export function TextField({
  label,
  bare = false,
  icon,
  value,
  onText,
  hint,
  error,
  trailing,
  ref,
  className,
  ...rest
}: TextProps) {
  const id = useId();
  const box = (
    <span className={cx(styles.box, error && styles.wrong, className)}>
      {icon && <Icon name={icon} size={14} />}
      <input
        ref={ref}
        id={id}
        type="text"
        autoComplete="off"
        spellCheck={false}
        aria-label={bare ? label : undefined}
        aria-invalid={error ? true : undefined}
        {...rest}
        value={value}
        onChange={(e) => onText(e.target.value)}
      />
      {trailing}
    </span>
  );
  if (bare) return box;
  return (
    <Field label={label} htmlFor={id} hint={hint} error={error}>
      {box}
    </Field>
  );
}

type AreaProps = {
  label: string;
  bare?: boolean;
  value: string;
  onText: (text: string) => void;
  hint?: ReactNode;
  error?: string | undefined;
  ref?: Ref<HTMLTextAreaElement>;
} & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "value" | "onChange">;

/** Some lines of text. */
export function TextArea({
  label,
  bare = false,
  value,
  onText,
  hint,
  error,
  ref,
  className,
  ...rest
}: AreaProps) {
  const id = useId();
  const box = (
    <textarea
      ref={ref}
      id={id}
      aria-label={bare ? label : undefined}
      rows={3}
      {...rest}
      className={cx(styles.box, styles.area, error && styles.wrong, className)}
      value={value}
      onChange={(e) => onText(e.target.value)}
    />
  );
  if (bare) return box;
  return (
    <Field label={label} htmlFor={id} hint={hint} error={error}>
      {box}
    </Field>
  );
}

export type Option = { readonly value: string; readonly label: string };

/** One of a list, with the control of the platform. */
export function Select({
  label,
  bare = false,
  value,
  options,
  onPick,
  ...rest
}: {
  label: string;
  bare?: boolean;
  value: string;
  options: readonly Option[];
  onPick: (value: string) => void;
} & Omit<SelectHTMLAttributes<HTMLSelectElement>, "value" | "onChange">) {
  const id = useId();
  const box = (
    <span className={cx(styles.box, styles.select)}>
      <select
        id={id}
        aria-label={bare ? label : undefined}
        {...rest}
        value={value}
        onChange={(e) => onPick(e.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevron-down" size={13} />
    </span>
  );
  if (bare) return box;
  return (
    <Field label={label} htmlFor={id}>
      {box}
    </Field>
  );
}

/** Yes or no. */
export function Check({
  label,
  checked,
  onChange,
  disabled = false,
  children,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  /** What stands beside the box instead of the label. */
  children?: ReactNode;
}) {
  const toggle = (e: KeyboardEvent<HTMLInputElement>) => {
    if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) e.preventDefault();
  };
  return (
    <label className={cx(styles.check, disabled && styles.off)}>
      <input
        type="checkbox"
        className="vh"
        aria-label={label}
        checked={checked}
        disabled={disabled}
        onKeyDown={toggle}
        onChange={(e) => onChange(e.target.checked)}
      />
      <span className={cx(styles.tick, checked && styles.ticked)} aria-hidden="true">
        {checked && <Icon name="check" size={11} />}
      </span>
      {children ?? label}
    </label>
  );
}
