import type { ReactNode } from "react";
import type { StatusLook } from "../lib/look";
import styles from "./Pill.module.css";
import { statusAttributes } from "./statusAttributes";

const ring = <circle cx="7" cy="7" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.5" />;
const line = {
  fill: "none",
  stroke: "currentColor",
  strokeWidth: 1.5,
  strokeLinecap: "round",
  strokeLinejoin: "round",
} as const;

// Five shapes for the built-in statuses, more for a project's own: never colour alone.
const shapes: Readonly<Record<string, ReactNode>> = {
  dashed: (
    <circle
      cx="7"
      cy="7"
      r="5.25"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeDasharray="2.5 1.62"
      strokeDashoffset="1.2"
    />
  ),
  half: (
    <>
      {ring}
      <path d="M7 3.4a3.6 3.6 0 0 1 0 7.2z" fill="currentColor" />
    </>
  ),
  dots: (
    <>
      {ring}
      {[4.55, 7, 9.45].map((x) => (
        <circle key={x} cx={x} cy="7" r=".95" fill="currentColor" />
      ))}
    </>
  ),
  arrow: (
    <>
      <path d="M2.9 4.3A5.1 5.1 0 1 1 1.9 7.4" {...line} strokeWidth={1.7} />
      <path d="M2.5 1.5v3.1h3.1" {...line} strokeWidth={1.7} />
      <circle cx="7" cy="7" r="1.5" fill="currentColor" />
    </>
  ),
  tick: (
    <>
      <circle cx="7" cy="7" r="6" fill="currentColor" />
      <path d="m4.4 7.2 1.8 1.8 3.5-3.8" {...line} stroke="var(--glyph-cut)" />
    </>
  ),
  diamond: (
    <>
      <path d="M7 1.4 12.6 7 7 12.6 1.4 7z" {...line} />
      <circle cx="7" cy="7" r="1.5" fill="currentColor" />
    </>
  ),
  square: (
    <>
      <rect x="1.9" y="1.9" width="10.2" height="10.2" rx="2" {...line} />
      <circle cx="7" cy="7" r="1.5" fill="currentColor" />
    </>
  ),
  triangle: (
    <>
      <path d="M7 1.9 12.6 11.7H1.4z" {...line} />
      <circle cx="7" cy="8.6" r="1.3" fill="currentColor" />
    </>
  ),
  hexagon: (
    <>
      <path d="M7 1.3 11.9 4.1v5.8L7 12.7 2.1 9.9V4.1z" {...line} />
      <circle cx="7" cy="7" r="1.5" fill="currentColor" />
    </>
  ),
  bar: (
    <>
      {ring}
      <path d="M4.3 7h5.4" {...line} />
    </>
  ),
  plus: (
    <>
      {ring}
      <path d="M4.4 7h5.2M7 4.4v5.2" {...line} />
    </>
  ),
};

const byCategory: Readonly<Record<string, string>> = {
  todo: "dashed",
  active: "half",
  review: "dots",
  retake: "arrow",
  done: "tick",
  blocked: "bar",
};

/** The shape of a status. It stands beside its label or has one for screen readers: it is hidden from them. */
export function Glyph({ status, size = 12 }: { status: StatusLook; size?: number }) {
  const shape = shapes[status.shape] ?? shapes[byCategory[status.category] ?? "dashed"];
  return (
    <svg
      className={styles.glyph}
      width={size}
      height={size}
      viewBox="0 0 14 14"
      aria-hidden="true"
      {...statusAttributes(status)}
    >
      {shape}
    </svg>
  );
}
