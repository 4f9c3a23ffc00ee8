// The DOM half of dragging: it listens, measures and scrolls; drag.ts decides. Elements say what they are:
// data-drag-item="id" can be picked up, data-drag-zone="id" takes drops, data-drag-index="n" on an item is its place in
// the zone, data-drag-scroll="x" or "y" scrolls at its edges. Buttons and fields inside an item keep their presses.

import {
  type DragInput,
  type DragState,
  edgeSpeed,
  gapAt,
  inside,
  type Outcome,
  type Point,
  type Rect,
  rest,
  type Slot,
  step,
  zoneAt,
} from "./drag";

/** A gap of a zone: `index` counts the cards above it that are not carried. */
export type Place = { readonly zone: string; readonly index: number };

export type DragCalls = {
  /** A press became a drag. False refuses it. */
  lift: (item: string, at: Point) => boolean;
  /** The place under the pointer changed; undefined = over nothing. */
  over: (place: Place | undefined) => void;
  /** Once a frame. */
  move: (at: Point) => void;
  drop: (place: Place | undefined) => void;
  /** Nothing was dropped: Esc, a lost pointer, another window. */
  back: () => void;
};

export type Drag = {
  /** What is shown moved: measure again before the next hit test. */
  refresh: () => void;
  /** Puts back what is carried. */
  stop: () => void;
  release: () => void;
};

const ownPress = "button, input, textarea, select, a, [contenteditable], [data-drag-none]";
const frameMsMax = 50; // a tab that was asleep must not scroll a whole column in one step

type Zone = { readonly id: string; readonly el: HTMLElement; readonly rect: Rect };

const same = (a: Place | undefined, b: Place | undefined): boolean =>
  a?.zone === b?.zone && a?.index === b?.index;

function slotsOf(zone: HTMLElement): readonly Slot[] {
  const items = [...zone.querySelectorAll<HTMLElement>("[data-drag-index]")];
  return items
    .map((el) => {
      const { top, bottom } = el.getBoundingClientRect();
      return { id: el.dataset.dragItem ?? "", index: Number(el.dataset.dragIndex), top, bottom };
    })
    .sort((a, b) => a.index - b.index);
}

/** What is measured, until something moves. */
function measurements(root: HTMLElement) {
  let zones: readonly Zone[] | undefined;
  const slots = new Map<string, readonly Slot[]>();
  return {
    forget: (): void => {
      zones = undefined;
      slots.clear();
    },
    placeAt: (point: Point): { zone: Zone; place: Place } | undefined => {
      zones ??= [...root.querySelectorAll<HTMLElement>("[data-drag-zone]")].map((el) => ({
        id: el.dataset.dragZone ?? "",
        el,
        rect: el.getBoundingClientRect(),
      }));
      const zone = zoneAt(zones, point);
      if (!zone) return undefined;
      const known = slots.get(zone.id) ?? slotsOf(zone.el);
      slots.set(zone.id, known);
      return { zone, place: { zone: zone.id, index: gapAt(known, point.y) } };
    },
  };
}

/** Scrolls what lies under the pointer at its edges. Says whether anything moved. */
function scrollEdges(root: HTMLElement, zone: HTMLElement | undefined, point: Point, ms: number): boolean {
  let did = false;
  const all = [
    ...(zone?.querySelectorAll<HTMLElement>('[data-drag-scroll="y"]') ?? []),
    ...root.querySelectorAll<HTMLElement>('[data-drag-scroll="x"]'),
    ...(root.dataset.dragScroll === "x" ? [root] : []),
  ];
  for (const el of all) {
    const rect = el.getBoundingClientRect();
    const before = el.scrollTop + el.scrollLeft;
    if (el.dataset.dragScroll === "x") el.scrollLeft += edgeSpeed(point.x, rect.left, rect.right) * ms;
    else if (inside({ ...rect.toJSON(), top: -1e6, bottom: 1e6 }, point)) {
      el.scrollTop += edgeSpeed(point.y, rect.top, rect.bottom) * ms;
    }
    did ||= el.scrollTop + el.scrollLeft !== before;
  }
  return did;
}

/** Makes everything in root that says so draggable. Give it back with release. */
export function dragOn(root: HTMLElement, calls: DragCalls): Drag {
  let state: DragState = rest;
  let place: Place | undefined;
  let frame = 0;
  let lastMs = 0;
  let swallow = false; // the click that ends a drag is none
  const seen = measurements(root);

  const look = (ms: number): void => {
    frame = 0;
    if (state.at !== "dragging") return;
    const { point } = state;
    if (scrollEdges(root, seen.placeAt(point)?.zone.el, point, Math.min(frameMsMax, ms - lastMs))) {
      seen.forget();
    }
    lastMs = ms;
    const now = seen.placeAt(point)?.place;
    if (!same(now, place)) {
      place = now;
      calls.over(now);
    }
    calls.move(point);
    frame = requestAnimationFrame(look);
  };
  const end = (): void => {
    cancelAnimationFrame(frame);
    frame = 0;
    swallow = true;
    document.documentElement.removeAttribute("data-dragging");
  };
  const begin = (item: string, at: Point, pointer: number): void => {
    seen.forget();
    place = undefined;
    if (!calls.lift(item, at)) {
      state = rest;
      return;
    }
    document.documentElement.setAttribute("data-dragging", "");
    try {
      root.setPointerCapture(pointer);
    } catch {
      // The pointer is gone already: its cancel or a move without a button ends the drag.
    }
    lastMs = performance.now();
    frame = requestAnimationFrame(look);
  };
  const feed = (input: DragInput): Outcome => {
    const before = state;
    const [next, outcome] = step(state, input);
    state = next;
    if (outcome === "lift" && next.at === "dragging") begin(next.item, next.point, next.pointer);
    if (outcome === "drop") {
      // The last frame may be older than the last move: the drop counts where the pointer is now.
      if (before.at === "dragging" && input.kind === "up") place = seen.placeAt(input.point)?.place;
      end();
      calls.drop(place);
    }
    if (outcome === "back") {
      end();
      calls.back();
    }
    return outcome;
  };

  const release = listen(root, feed, seen.forget, {
    swallow: () => swallow,
    quiet: () => {
      swallow = false;
    },
    dragging: () => state.at === "dragging",
  });
  return {
    refresh: seen.forget,
    stop: () => feed({ kind: "stop" }),
    release: () => {
      feed({ kind: "stop" });
      release();
    },
  };
}

type Flags = { swallow: () => boolean; quiet: () => void; dragging: () => boolean };

function listen(
  root: HTMLElement,
  feed: (input: DragInput) => Outcome,
  forget: () => void,
  flags: Flags,
): () => void {
  const point = (e: PointerEvent): Point => ({ x: e.clientX, y: e.clientY });
  const down = (e: PointerEvent): void => {
    flags.quiet();
    const target = e.target instanceof Element ? e.target : null;
    const item = target?.closest<HTMLElement>("[data-drag-item]");
    const own = target?.closest(ownPress);
    const plain = e.button === 0 && e.pointerType !== "touch"; // a finger scrolls
    if (!plain || !item || !root.contains(item) || (own && item.contains(own))) feed({ kind: "stop" });
    else feed({ kind: "down", pointer: e.pointerId, point: point(e), item: item.dataset.dragItem ?? "" });
  };
  const move = (e: PointerEvent): void => {
    const pressed = (e.buttons & 1) === 1;
    if (feed({ kind: "move", pointer: e.pointerId, point: point(e), pressed }) !== "none") e.preventDefault();
  };
  const up = (e: PointerEvent): void => {
    feed({ kind: "up", pointer: e.pointerId, point: point(e) });
  };
  const cancel = (e: PointerEvent): void => {
    feed({ kind: "cancel", pointer: e.pointerId });
  };
  const click = (e: MouseEvent): void => {
    if (flags.swallow() && e.detail > 0) {
      e.preventDefault();
      e.stopPropagation();
    }
    flags.quiet();
  };
  const key = (e: KeyboardEvent): void => {
    if (!flags.dragging() || e.key !== "Escape") return;
    e.preventDefault();
    e.stopPropagation();
    feed({ kind: "stop" });
  };
  const hidden = (): void => {
    if (document.hidden) feed({ kind: "stop" });
  };
  const native = (e: Event): void => e.preventDefault(); // a native drag costs WebKitGTK the next press
  const off = new AbortController();
  const { signal } = off;
  const early = { capture: true, signal };
  window.addEventListener("pointerdown", down, early);
  window.addEventListener("pointermove", move, early);
  window.addEventListener("pointerup", up, early);
  window.addEventListener("pointercancel", cancel, early);
  window.addEventListener("click", click, early);
  window.addEventListener("keydown", key, early);
  window.addEventListener("scroll", forget, early);
  window.addEventListener("resize", forget, { signal });
  document.addEventListener("visibilitychange", hidden, { signal });
  root.addEventListener("dragstart", native, { signal });
  return () => off.abort();
}
