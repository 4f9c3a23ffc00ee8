// Dragging as a pure machine: what a pointer's events mean, where a point falls, how fast an edge scrolls. The DOM
// is in dragdom.ts, the keyboard's twin in carry.ts. Never HTML5 drag and drop: WebKitGTK loses the press after one.

export type Point = { readonly x: number; readonly y: number };
export type Rect = {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
};

/** A press shorter than this stays a click. */
export const thresholdPx = 3;

export type DragState =
  | { readonly at: "rest" }
  | { readonly at: "pressed"; readonly pointer: number; readonly start: Point; readonly item: string }
  | {
      readonly at: "dragging";
      readonly pointer: number;
      readonly start: Point;
      readonly point: Point;
      readonly item: string;
    };

export type DragInput =
  | { readonly kind: "down"; readonly pointer: number; readonly point: Point; readonly item: string }
  | { readonly kind: "move"; readonly pointer: number; readonly point: Point; readonly pressed: boolean }
  | { readonly kind: "up"; readonly pointer: number; readonly point: Point }
  | { readonly kind: "cancel"; readonly pointer: number }
  | { readonly kind: "stop" };

/** What an input led to. "back" = a drag ended and nothing was dropped; "click" = a press that did not move. */
export type Outcome = "none" | "lift" | "moved" | "drop" | "back" | "click";

export const rest: DragState = { at: "rest" };

const far = (a: Point, b: Point): boolean => Math.hypot(a.x - b.x, a.y - b.y) >= thresholdPx;

/**
 * The next state and what happened. An `up` without its `down` means nothing. A `move` with no button pressed, or a
 * second `down`, means that an `up` was lost: what was carried goes back, since a drop that nobody made moves work.
 */
export function step(state: DragState, input: DragInput): readonly [DragState, Outcome] {
  if (input.kind === "down") {
    const pressed: DragState = {
      at: "pressed",
      pointer: input.pointer,
      start: input.point,
      item: input.item,
    };
    return [pressed, state.at === "dragging" ? "back" : "none"];
  }
  if (state.at === "rest") return [state, "none"];
  if (input.kind === "stop") return [rest, state.at === "dragging" ? "back" : "none"];
  if (input.pointer !== state.pointer) return [state, "none"];
  if (input.kind === "cancel") return [rest, state.at === "dragging" ? "back" : "none"];
  if (input.kind === "up") return [rest, state.at === "dragging" ? "drop" : "click"];
  return moved(state, input.point, input.pressed);
}

function moved(
  state: Exclude<DragState, { at: "rest" }>,
  point: Point,
  pressed: boolean,
): readonly [DragState, Outcome] {
  if (!pressed) return [rest, state.at === "dragging" ? "back" : "none"];
  if (state.at === "pressed" && !far(state.start, point)) return [state, "none"];
  const next: DragState = {
    at: "dragging",
    pointer: state.pointer,
    start: state.start,
    point,
    item: state.item,
  };
  return [next, state.at === "pressed" ? "lift" : "moved"];
}

export const inside = (r: Rect, p: Point): boolean =>
  p.x >= r.left && p.x < r.right && p.y >= r.top && p.y < r.bottom;

/** The zone under a point: of zones that lie over one another the last, which is drawn on top. */
export function zoneAt<Z extends { readonly rect: Rect }>(zones: readonly Z[], point: Point): Z | undefined {
  for (let i = zones.length - 1; i >= 0; i--) {
    const zone = zones[i];
    if (zone && inside(zone.rect, point)) return zone;
  }
  return undefined;
}

/** A card as it stands on the screen. `index` is its place in the whole column, also in a virtual one. */
export type Slot = {
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly bottom: number;
};

/**
 * The index of the gap that a height falls into: above the first card whose middle is below it. Slots are in order and
 * hold no carried card. A gap shown as an empty box pushes the cards below it down, which keeps the answer the same
 * while the pointer is in the box. Empty columns have the gap 0.
 */
export function gapAt(slots: readonly Slot[], y: number): number {
  for (const slot of slots) {
    if (y < (slot.top + slot.bottom) / 2) return slot.index;
  }
  const last = slots[slots.length - 1];
  return last ? last.index + 1 : 0;
}

const edgeBandPx = 56;
const edgeSpeedMax = 1.4; // px per ms: a column of 100 cards passes in 12 s

/** How fast to scroll, px per ms: faster nearer the edge, in the sign of the direction. 0 away from the edges. */
export function edgeSpeed(at: number, start: number, end: number): number {
  const band = Math.min(edgeBandPx, (end - start) / 4);
  if (band <= 0) return 0;
  const towards = (deep: number): number => Math.min(1, Math.max(0, deep / band)) ** 2 * edgeSpeedMax;
  if (at < start + band) return -towards(start + band - at);
  if (at > end - band) return towards(at - (end - band));
  return 0;
}
