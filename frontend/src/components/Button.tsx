import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { cx } from "../lib/cx";
import styles from "./Button.module.css";
import { Icon, Spinner } from "./Icon";
import type { IconName } from "./icons";
import { KeyHint } from "./KeyHint";

export type ButtonProps = {
  /** primary: one per view. done and retake: verdicts. danger: what cannot be undone. */
  variant?: "default" | "primary" | "ghost" | "done" | "retake" | "danger";
  size?: "sm" | "md" | "lg";
  icon?: IconName | undefined;
  /** The keys that do the same, shown behind the label. */
  keys?: string | undefined;
  /** Shows a turning circle and takes no click. */
  busy?: boolean;
  children?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
} & ButtonHTMLAttributes<HTMLButtonElement>;

/** A button with a label. */
export function Button({
  variant = "default",
  size = "md",
  icon,
  keys,
  busy = false,
  children,
  className,
  ...rest
}: ButtonProps) {
  const verdict = variant === "done" || variant === "retake" ? { "data-st": variant } : {};
  return (
    <button
      type="button"
      {...verdict}
      {...rest}
      disabled={busy || rest.disabled === true}
      className={cx(styles.button, styles[variant], styles[size], className)}
    >
      {busy ? <Spinner size={14} /> : icon && <Icon name={icon} size={size === "sm" ? 13 : 15} />}
      {children !== undefined && <span>{children}</span>}
      {keys !== undefined && <KeyHint keys={keys} />}
    </button>
  );
}

export type IconButtonProps = {
  icon: IconName;
  /** What it does: its name for screen readers, and the tooltip. */
  label: string;
  size?: "sm" | "md";
  on?: boolean | undefined;
  keys?: string | undefined;
  iconSize?: number;
  ref?: Ref<HTMLButtonElement>;
} & Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children" | "aria-label">;

/** A button with an icon alone. */
export function IconButton({
  icon,
  label,
  size = "md",
  on,
  keys,
  iconSize = size === "sm" ? 14 : 16,
  className,
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      title={keys === undefined ? label : `${label} (${keys})`}
      aria-label={label}
      aria-pressed={on}
      {...rest}
      className={cx(styles.iconButton, size === "sm" && styles.iconSm, on === true && styles.on, className)}
    >
      <Icon name={icon} size={iconSize} />
    </button>
  );
}
