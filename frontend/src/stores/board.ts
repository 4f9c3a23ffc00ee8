// The columns of the board and their first cards; more come when a column is scrolled. Fetched again when the project
// or the files change.
import { type Problem, toProblem } from "../lib/errors";
import { coalesce, createStore } from "../lib/store";
import { requestOf, type ViewState } from "../lib/view";
import { Cards, Move, View } from "../wailsjs/go/app/Board";
import type { app } from "../wailsjs/go/models";
import { onActed, runAct } from "./acts";
import { on } from "./events";
import { projectStore } from "./project";
import { viewStore } from "./view";

/** app.Row, for views. */
export type Card = app.Row;
export type BoardColumn = {
  readonly status: string;
  readonly total: number;
  readonly cards: readonly Card[];
};
export type BoardState = {
  readonly columns: readonly BoardColumn[];
  readonly total: number;
  readonly loading: boolean;
  readonly error: Problem | undefined;
};

const firstCards = 60; // a screen of one column, twice
const store = createStore<BoardState>({
  columns: [],
  total: 0,
  loading: true,
  error: undefined,
});
let shown = new Map<string, number>(); // cards fetched of each column
let generation = 0;

const request = (v: ViewState, offset: number, limit: number): app.ListRequest => ({
  ...requestOf({ ...v, layout: "board" }, offset, limit),
  sort: "",
});
const active = (): boolean => {
  const { project, boardWindow } = projectStore.get();
  return project !== undefined && (boardWindow || viewStore.get().layout === "board");
};

const refresh = coalesce(async () => {
  if (!active()) return;
  const mine = ++generation;
  const limit = Math.max(firstCards, ...shown.values());
  try {
    const view = await View(request(viewStore.get(), 0, Math.min(limit, 500)));
    if (mine !== generation) return;
    store.set({ columns: view.columns, total: view.total, loading: false, error: undefined });
  } catch (error) {
    if (mine === generation) store.set({ loading: false, error: toProblem(error) });
  }
});

export const boardStore = {
  ...store,
  refresh,

  /** Fetches the next cards of a column. */
  async more(status: string): Promise<void> {
    const column = store.get().columns.find((c) => c.status === status);
    if (!column || column.cards.length >= column.total) return;
    const from = column.cards.length;
    if ((shown.get(status) ?? 0) > from) return; // asked already
    shown.set(status, from + firstCards);
    const mine = generation;
    try {
      const list = request(viewStore.get(), from, firstCards);
      const next = await Cards({ list, status } as app.CardsRequest);
      if (mine !== generation) return;
      const columns = store
        .get()
        .columns.map((c) => (c.status === status ? { ...c, cards: [...c.cards, ...next.rows] } : c));
      store.set({ columns });
    } catch (error) {
      store.set({ error: toProblem(error) });
    }
  },

  /** Moves cards to a place in a column; "" as status changes the place alone. */
  move: (
    ids: readonly string[],
    status: string,
    before: string,
    after: string,
    notes: readonly string[] = [],
  ) =>
    runAct({
      ids,
      ...(status === "" ? {} : { patch: { status } }),
      icon: "move",
      run: () =>
        Move({ ids: [...ids], status, before, after, notes: [...notes], reason: "" } as app.MoveRequest),
    }),
};

let key = "";
viewStore.subscribe(() => {
  const now = JSON.stringify([request(viewStore.get(), 0, 0), viewStore.get().layout]);
  if (now === key) return;
  key = now;
  shown = new Map();
  void refresh();
});
let project = "";
projectStore.subscribe(() => {
  const id = projectStore.get().project?.id ?? "";
  if (id === project) return;
  project = id;
  store.set({ columns: [], total: 0, loading: true, error: undefined });
  void refresh();
});
on("changed", () => void refresh());
on("files", () => void refresh());
onActed(refresh);
