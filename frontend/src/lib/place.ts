// Where a popover goes: beside its anchor, inside the window.

type Box = { readonly width: number; readonly height: number };
type Rect = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
/** What a popover hangs on: an element, or a point in the window. */
export type Anchor = Element | { readonly x: number; readonly y: number };
export type Side = "below" | "left" | "right";

const gap = 4;
const margin = 8; // to the window's edge

const within = (value: number, length: number, whole: number): number =>
  Math.max(margin, Math.min(value, whole - length - margin));

/** The left top corner of a box of that size beside anchor; it flips to the other side where there is more room. */
export function place(
  anchor: Rect,
  box: Box,
  side: Side,
  align: "start" | "end",
  view: Box,
): { x: number; y: number } {
  if (side === "below") {
    const below = anchor.bottom + gap;
    const above = anchor.top - gap - box.height;
    const fits = below + box.height + margin <= view.height;
    const y = fits || view.height - anchor.bottom >= anchor.top ? below : above;
    const x = align === "start" ? anchor.left : anchor.right - box.width;
    return { x: within(x, box.width, view.width), y: within(y, box.height, view.height) };
  }
  const left = anchor.left - gap - box.width;
  const right = anchor.right + gap;
  const leftFits = left >= margin;
  const rightFits = right + box.width + margin <= view.width;
  const x = side === "left" ? (leftFits || !rightFits ? left : right) : rightFits || !leftFits ? right : left;
  const y = align === "start" ? anchor.top : anchor.bottom - box.height;
  return { x: within(x, box.width, view.width), y: within(y, box.height, view.height) };
}
