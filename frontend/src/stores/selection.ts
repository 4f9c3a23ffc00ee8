// What is selected in the Browser, by the rules of a desktop, and the rows behind it, so that verbs and the details
// pane know them when they have scrolled away.
import { rowsBetween } from "../lib/pages";
import {
  clear,
  extend,
  focusOnly,
  noSelection,
  type Selection,
  selectAll,
  selectOnly,
  toggle,
} from "../lib/select";
import { coalesce, createStore } from "../lib/store";
import { IDs, Rows } from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";
import { on } from "./events";
import { listStore } from "./list";
import { projectStore } from "./project";
import { toastsStore } from "./toasts";
import { viewStore } from "./view";

export type Modifiers = { readonly extend?: boolean; readonly add?: boolean };
export type SelectionState = Selection & {
  /** The selected rows that are known, by key, in the order they were selected. */
  readonly rows: ReadonlyMap<string, app.Row>;
};

const rowsKnownMax = 500; // verbs of a larger selection are decided by Go, row by row

const store = createStore<SelectionState>({ ...noSelection, rows: new Map() });
let focusIndex = 0;

/** The rows of these keys that are here: in the list or known before. */
function known(keys: ReadonlySet<string>): ReadonlyMap<string, app.Row> {
  const before = store.get().rows;
  const rows = new Map<string, app.Row>();
  for (const key of keys) {
    if (rows.size >= rowsKnownMax) break;
    const index = listStore.indexOf(key);
    const row = (index >= 0 ? listStore.row(index) : undefined) ?? before.get(key);
    if (row) rows.set(key, row);
  }
  return rows;
}

/** Fetches selected rows that are not in the list, and again those that are not on screen. */
const fetchRows = coalesce(async () => {
  const { keys } = store.get();
  const away = [...keys].slice(0, rowsKnownMax).filter((key) => listStore.indexOf(key) < 0);
  const ids = away.filter((key) => !key.startsWith("path:"));
  if (ids.length === 0) return;
  const rows = new Map(known(keys));
  for (const row of await Rows(ids)) if (store.get().keys.has(row.key)) rows.set(row.key, row);
  store.set({ rows });
});

function put(selection: Selection, index: number): void {
  focusIndex = index;
  store.set({ ...selection, rows: known(selection.keys) });
  if (store.get().rows.size < Math.min(selection.keys.size, rowsKnownMax)) void fetchRows().catch(() => {});
}

/** The keys between two rows: from the pages that are here, else from Go. */
async function between(from: number, to: number): Promise<readonly string[]> {
  const here = rowsBetween(listStore.get().pages, from, to);
  if (here) return here.map((row) => row.key);
  const keys = await IDs(listStore.request());
  return keys.slice(Math.min(from, to), Math.max(from, to) + 1);
}

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    toastsStore.error(error);
  }
}

export const selectionStore = {
  ...store,

  /** A press on a row, or the keyboard arriving there. */
  pick(index: number, { extend: range = false, add = false }: Modifiers = {}): Promise<void> {
    const row = listStore.row(index);
    if (!row) return Promise.resolve();
    const s = store.get();
    if (!range) {
      put(add ? toggle(s, row.key) : selectOnly(row.key), index);
      return Promise.resolve();
    }
    const at = listStore.indexOf(s.anchor);
    const anchor = s.anchor === "" ? index : at >= 0 ? at : focusIndex;
    return attempt(async () => put(extend(s, row.key, await between(anchor, index), add), index));
  },

  /** Moves the focus alone (Ctrl+arrows). */
  focus(index: number): void {
    const row = listStore.row(index);
    if (row) put(focusOnly(store.get(), row.key), index);
  },

  /** The index of the focus: where it is now, else where it was. */
  focusIndex(): number {
    const at = listStore.indexOf(store.get().focus);
    if (at >= 0) focusIndex = at;
    return Math.max(0, Math.min(focusIndex, listStore.get().total - 1));
  },

  /** Everything in the list. */
  all: () => attempt(async () => put(selectAll(store.get(), await IDs(listStore.request())), focusIndex)),

  clear: () => put(clear(store.get()), focusIndex),

  /** Shows these rows in the details pane: for a board, which has its own order. */
  replace(rows: readonly app.Row[], focus = rows[0]?.key ?? ""): void {
    const keys = new Set(rows.map((row) => row.key));
    store.set({ keys, focus, anchor: focus, rows: new Map(rows.map((row) => [row.key, row])) });
  },

  /** Selects one asset wherever it is. */
  async show(id: string): Promise<void> {
    store.set({ ...selectOnly(id), rows: known(new Set([id])) });
    await fetchRows().catch(() => {});
  },

  /** The next (1) or former (-1) of the selected rows becomes the primary one. */
  step(by: -1 | 1): void {
    const keys = [...store.get().keys];
    const at = keys.indexOf(store.get().focus);
    const key = keys[(at + by + keys.length) % keys.length];
    if (key !== undefined) put(focusOnly(store.get(), key), listStore.indexOf(key));
  },
};

/** The selected row that details are shown of: the focused one, else the first. */
export const primaryRow = (s: SelectionState): app.Row | undefined =>
  (s.keys.has(s.focus) ? s.rows.get(s.focus) : undefined) ?? s.rows.values().next().value;

/** The ids of what is selected; untracked files have none. */
export const selectedIDs = (s: SelectionState = store.get()): string[] =>
  [...s.keys].filter((key) => !key.startsWith("path:"));

/** The paths of the untracked files among what is selected. */
export const selectedPaths = (s: SelectionState = store.get()): string[] =>
  [...s.keys].filter((key) => key.startsWith("path:")).map((key) => key.slice("path:".length));

let place = "";
let project = "";
viewStore.subscribe(() => {
  const { screen, view, collection, layout } = viewStore.get();
  const now = JSON.stringify([screen, view, collection, layout === "board"]);
  if (now === place) return;
  place = now;
  put(noSelection, 0);
});
projectStore.subscribe(() => {
  const id = projectStore.get().project?.id ?? "";
  if (id === project) return;
  project = id;
  put(noSelection, 0);
});
listStore.subscribe(() => {
  if (store.get().keys.size > 0) store.set({ rows: known(store.get().keys) });
});
on("changed", () => void fetchRows().catch(() => {}));
on("files", () => void fetchRows().catch(() => {}));
