// Where things are on the page: for popovers that a key opened, and for F6.
import type { Anchor } from "../../lib/place";
import type { PickerKind } from "../../stores/ui";

/** Regions that F6 walks, in their order. */
const panels = ["[data-panel=rail]", "[data-panel=list]", "[data-panel=details]"];
const focusable = 'button:not(:disabled), [tabindex="0"], input';

const parts: Readonly<Record<PickerKind, string>> = {
  assign: "assignee",
  status: "status",
  tag: "tags",
  type: "type",
  due: "name",
  priority: "name",
  move: "name",
};

/** The cell of the focused row that a picker changes; else the row; else the middle of the window. */
export function anchorOf(kind: PickerKind): Anchor {
  const row = document.querySelector("[data-focused=true]");
  const cell = row?.querySelector(`[data-cell=${parts[kind]}]`);
  const seen = cell instanceof HTMLElement && cell.offsetWidth > 0 ? cell : row;
  return seen ?? { x: window.innerWidth / 2 - 150, y: window.innerHeight / 3 };
}

export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("[data-search]");
  field?.focus();
  field?.select();
}

/** Gives the keys to the list, or to the card of the board that has them. */
export function focusList(): void {
  const list = document.querySelector<HTMLElement>("[data-list]");
  (
    list?.querySelector<HTMLElement>("[data-drag-item][tabindex='0'], [data-keys][tabindex='0']") ?? list
  )?.focus();
}

/** Goes to the next region that is there. */
export function nextPanel(): void {
  const shown = panels
    .map((selector) => document.querySelector<HTMLElement>(selector))
    .filter((el) => el !== null && el.offsetWidth > 0) as HTMLElement[];
  const at = shown.findIndex((el) => el.contains(document.activeElement));
  const next = shown[(at + 1) % shown.length];
  const target = next?.matches("[data-list]")
    ? next
    : next?.querySelector<HTMLElement>(`[data-list], ${focusable}`);
  target?.focus();
}
