import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "../lib/cx";
import type { StatusLook } from "../lib/look";
import { Glyph } from "./Glyph";
import { Icon } from "./Icon";
import styles from "./Pill.module.css";
import { statusAttributes } from "./statusAttributes";

type Look = {
  status: StatusLook;
  /** sm 20 px (lists), lg 26 px (panes). */
  size?: "sm" | "lg";
  /** No ground: inside a row of dependencies. */
  bare?: boolean;
  /** The full name instead of the short label. */
  full?: boolean;
};

function Inside({ status, size = "sm", full = false }: Look) {
  return (
    <>
      <Glyph status={status} size={size === "lg" ? 13 : 12} />
      <span>{full ? status.name : status.label}</span>
    </>
  );
}

const look = ({ size = "sm", bare = false }: Look): string =>
  cx(styles.pill, size === "lg" && styles.lg, bare && styles.bare);

/** A status: shape and short label on its tint. */
export function Pill(props: Look) {
  return (
    <span className={look(props)} title={props.status.name} {...statusAttributes(props.status)}>
      <Inside {...props} />
    </span>
  );
}

/** A status that can be changed: a pill with a chevron, which is a button. */
export function PillButton({
  status,
  size = "sm",
  bare = false,
  full = false,
  chevron = true,
  ref,
  ...rest
}: Look & { chevron?: boolean; ref?: Ref<HTMLButtonElement> } & Omit<
    ButtonHTMLAttributes<HTMLButtonElement>,
    "style"
  >) {
  const l = { status, size, bare, full };
  return (
    <button
      ref={ref}
      type="button"
      title={`${status.name}: change the status`}
      aria-label={`Status: ${status.name}`}
      aria-haspopup="listbox"
      {...rest}
      className={cx(look(l), styles.button, rest.className)}
      {...statusAttributes(status)}
    >
      <Inside {...l} />
      {chevron && <Icon name="chevron-down" size={size === "lg" ? 13 : 11} className={styles.chevron} />}
    </button>
  );
}
