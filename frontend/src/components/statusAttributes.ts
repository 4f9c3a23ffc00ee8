import type { CSSProperties } from "react";
import { customStyle } from "../lib/colour";
import { type StatusLook, statusMark } from "../lib/look";

/** What an element needs so that it and everything in it read --st, --st-solid, --st-tint, --st-on and --st-mark. */
export function statusAttributes(status: StatusLook): { "data-st": string; style?: CSSProperties } {
  const mark = statusMark(status);
  if (mark !== "custom") return { "data-st": mark };
  return { "data-st": mark, style: customStyle(status.colour) as CSSProperties };
}
