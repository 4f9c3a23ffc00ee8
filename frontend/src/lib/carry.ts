// The keyboard's twin of a drag: Space picks up, arrows carry between columns and places, Enter drops, Esc puts back.
// Pure. What it says is for a live region.

export type CarryColumn = {
  readonly id: string;
  readonly name: string;
  /** Cards that are known, from the top, carried ones left out. */
  readonly cards: readonly string[];
  /** Whether more cards follow that are not known yet. */
  readonly more: boolean;
  /** Whether every carried card stands here or may go here. */
  readonly open: boolean;
  /** Why not, as a sentence. */
  readonly why: string;
};

export type Carry = {
  readonly ids: readonly string[];
  readonly name: string;
  readonly column: string;
  readonly index: number;
  /** Where Esc puts it back. */
  readonly from: { readonly column: string; readonly index: number };
};

/** Between which cards something stands: `before` is above it, `after` below it, "" = nothing. */
export type Gap = { readonly before: string; readonly after: string };

/** How many gaps of a column can be named: below the last known card only when nothing follows it. */
export const gapMax = (column: CarryColumn): number =>
  column.more ? Math.max(0, column.cards.length - 1) : column.cards.length;

export function gapOf(column: Pick<CarryColumn, "cards">, index: number): Gap {
  return { before: column.cards[index - 1] ?? "", after: column.cards[index] ?? "" };
}

const clamp = (n: number, max: number): number => Math.min(Math.max(0, n), max);
const place = (columns: readonly CarryColumn[], id: string): number => columns.findIndex((c) => c.id === id);

/** Picks cards up. `index` counts the cards above them that are not carried. */
export const pickUp = (ids: readonly string[], name: string, column: string, index: number): Carry => ({
  ids,
  name,
  column,
  index,
  from: { column, index },
});

/** Carries one step. Closed columns are passed over; at an end nothing changes. */
export function carry(from: Carry, columns: readonly CarryColumn[], key: string): Carry {
  const at = place(columns, from.column);
  const here = columns[at];
  if (!here) return from;
  const max = gapMax(here);
  if (key === "ArrowUp") return { ...from, index: clamp(from.index - 1, max) };
  if (key === "ArrowDown") return { ...from, index: clamp(from.index + 1, max) };
  if (key === "Home") return { ...from, index: 0 };
  if (key === "End") return { ...from, index: max };
  const way = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (way === 0) return from;
  for (let i = at + way; i >= 0 && i < columns.length; i += way) {
    const column = columns[i];
    if (!column?.open) continue;
    const home = column.id === from.from.column;
    return { ...from, column: column.id, index: home ? from.from.index : clamp(from.index, gapMax(column)) };
  }
  return from;
}

/** The first closed column that a step passed over, or at which it stopped: its reason is said. */
export function closedOnTheWay(
  from: Carry,
  to: Carry,
  columns: readonly CarryColumn[],
  key: string,
): CarryColumn | undefined {
  const way = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (way === 0) return undefined;
  const end = to.column === from.column ? (way > 0 ? columns.length : -1) : place(columns, to.column);
  for (let i = place(columns, from.column) + way; i !== end; i += way) {
    const column = columns[i];
    if (column && !column.open) return column;
  }
  return undefined;
}

export const moved = (c: Carry): boolean => c.column !== c.from.column || c.index !== c.from.index;

const where = (c: Carry, columns: readonly CarryColumn[]): string => {
  const column = columns[place(columns, c.column)];
  if (!column) return "";
  return `${column.name}, place ${c.index + 1} of ${column.cards.length + 1}`;
};

export const saidPickUp = (c: Carry, columns: readonly CarryColumn[]): string =>
  `Picked up ${c.name}, ${where(c, columns)}. Arrow keys carry it, Enter drops it, Escape puts it back.`;

export function saidCarry(from: Carry, to: Carry, columns: readonly CarryColumn[], key: string): string {
  const closed = closedOnTheWay(from, to, columns, key);
  const why = closed ? `${closed.name}: ${closed.why} ` : "";
  if (to.column === from.column && to.index === from.index) return closed ? why.trim() : "No further.";
  return `${why}${where(to, columns)}.`;
}

export const saidDrop = (c: Carry, columns: readonly CarryColumn[]): string =>
  moved(c) ? `Dropped ${c.name} in ${where(c, columns)}.` : `${c.name} stays where it was.`;

export const saidBack = (c: Carry): string => `Put ${c.name} back.`;
