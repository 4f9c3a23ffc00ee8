// The rows of the Browser's list: windows around what is on screen, fetched from Go and fetched again when the
// project or the files change. What is shown stays until its replacement is here.
import { type Problem, toProblem } from "../lib/errors";
import { indexOfKey, type Pages, pageSize, pagesAround, rowAt } from "../lib/pages";
import { coalesce, createStore } from "../lib/store";
import { isNarrowed, isTree, requestOf, type ViewState } from "../lib/view";
import { List } from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";
import { onActed } from "./acts";
import { collectionsStore } from "./collections";
import { on } from "./events";
import { projectStore } from "./project";
import { viewStore } from "./view";

/** app.Row, for views. */
export type AssetRow = app.Row;

export type ListState = {
  readonly total: number;
  readonly assets: number;
  readonly all: number;
  readonly pages: Pages<app.Row>;
  /** The place that the rows shown belong to: another one begins at its top. */
  readonly shownKey: string;
  /** Nothing has come yet. */
  readonly loading: boolean;
  readonly error: Problem | undefined;
};

const nothing: ListState = {
  total: 0,
  assets: 0,
  all: 0,
  pages: new Map(),
  shownKey: "",
  loading: true,
  error: undefined,
};
const store = createStore<ListState>(nothing);

const firstOpenMax = 30; // rows, and assets in one folder

let view: ViewState = viewStore.get();
let project = "";
let screen = { first: 0, last: 60 };
let generation = 0;
const asked = new Set<number>();

const keyOf = (v: ViewState): string => JSON.stringify(requestOf(v, 0, 0));
/** Opening a folder shows the same place: the rows on screen stay where they are. */
const placeOf = (v: ViewState): string => keyOf({ ...v, expanded: [] });
const fetchPage = (page: number): Promise<app.List> => List(requestOf(view, page * pageSize, pageSize));

/** Fetches what is on screen anew and drops the rest. */
async function fetchScreen(): Promise<void> {
  const { project: open, boardWindow } = projectStore.get();
  if (!open || view.layout === "board" || boardWindow) return;
  const mine = ++generation;
  const key = placeOf(view);
  const moved = key !== store.get().shownKey;
  const wanted = moved ? [0] : pagesAround(screen.first, screen.last, store.get().total);
  asked.clear();
  for (const page of wanted) asked.add(page);
  try {
    const lists = await Promise.all(wanted.map(fetchPage));
    if (mine !== generation) return; // a later fetch knows better
    const last = lists[lists.length - 1];
    if (!last) return;
    const pages = new Map(lists.map((list, i) => [wanted[i] ?? 0, list.rows]));
    const { total, assets, all } = last;
    for (const list of lists) collectionsStore.learn(list.rows);
    store.set({ total, assets, all, pages, shownKey: key, loading: false, error: undefined });
    openFirst();
  } catch (error) {
    if (mine === generation) store.set({ loading: false, error: toProblem(error) });
  }
}

/** A project that is seen for the first time opens its first level, where that fits about one screen. */
function openFirst(): void {
  const { total, pages } = store.get();
  const rows = pages.get(0) ?? [];
  if (!view.untouched || !isTree(view) || isNarrowed(view) || rows.length < total) return;
  const folders = rows.filter((row) => row.hasChildren && row.count <= firstOpenMax);
  if (folders.length > 0 && total <= firstOpenMax)
    viewStore.expand(
      folders.map((row) => row.id),
      true,
    );
}

const refresh = coalesce(fetchScreen);

/** Fetches a page that scrolling came near to. */
async function fetchMore(page: number): Promise<void> {
  const mine = generation;
  asked.add(page);
  try {
    const list = await fetchPage(page);
    if (mine !== generation) return;
    store.set({ pages: new Map([...store.get().pages, [page, list.rows]]), total: list.total });
  } catch (error) {
    asked.delete(page);
    if (mine === generation) store.set({ error: toProblem(error) });
  }
}

export const listStore = {
  ...store,
  refresh,

  /** Says which rows are on screen. */
  screen(first: number, last: number): void {
    screen = { first, last };
    if (store.get().loading) return;
    for (const page of pagesAround(first, last, store.get().total))
      if (!asked.has(page)) void fetchMore(page);
  },

  row: (index: number): app.Row | undefined => rowAt(store.get().pages, index),
  indexOf: (key: string): number => indexOfKey(store.get().pages, key),
  request: (): app.ListRequest => requestOf(view, 0, 0),
};

viewStore.subscribe(() => {
  const before = keyOf(view);
  const board = view.layout;
  view = viewStore.get();
  if (keyOf(view) !== before || view.layout !== board) void refresh();
  void collectionsStore.find(view.collection).catch(() => {}); // the list itself says what is wrong
});
projectStore.subscribe(() => {
  const id = projectStore.get().project?.id ?? "";
  if (id === project) return;
  project = id;
  generation += 1;
  store.set(nothing);
  if (id !== "") void refresh();
});
on("changed", () => void refresh());
on("files", () => void refresh());
onActed(refresh);
