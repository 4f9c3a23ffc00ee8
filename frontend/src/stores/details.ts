// The details pane: what is known about the primary selected row, and its history. Fetched when it changes.
import { type Problem, toProblem } from "../lib/errors";
import { coalesce, createStore } from "../lib/store";
import { Details, History } from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";
import { onActed } from "./acts";
import { on } from "./events";
import { primaryRow, selectionStore } from "./selection";

export type HistoryFilter = "everything" | "checkpoints" | "status" | "notes";
export type DetailsState = {
  readonly id: string;
  readonly details: app.Details | undefined;
  readonly items: readonly app.HistoryItem[];
  readonly more: boolean;
  readonly due: boolean; // its older part is still on its way
  readonly story: string;
  readonly filter: HistoryFilter;
  readonly error: Problem | undefined;
};

const historyPage = 40; // two screens
const store = createStore<DetailsState>({
  id: "",
  details: undefined,
  items: [],
  more: false,
  due: false,
  story: "",
  filter: "everything",
  error: undefined,
});

let id = "";
let shown = historyPage;

const historyOf = (before: number, limit: number): Promise<app.History> =>
  History({ id, filter: store.get().filter, before, limit });

const refresh = coalesce(async () => {
  const mine = id;
  if (mine === "") {
    store.set({ id: "", details: undefined, items: [], more: false, story: "", error: undefined });
    return;
  }
  try {
    const [details, history] = await Promise.all([Details(mine), historyOf(0, shown)]);
    if (mine !== id) return; // another one is selected by now: its run follows
    const { items, more, due, story } = history;
    store.set({ id: mine, details, items, more, due, story, error: undefined });
  } catch (error) {
    if (mine === id)
      store.set({ id: mine, details: undefined, items: [], more: false, error: toProblem(error) });
  }
});

export const detailsStore = {
  ...store,
  refresh,

  filter(filter: HistoryFilter): void {
    store.set({ filter });
    shown = historyPage;
    void refresh();
  },

  /** Older events. */
  async more(): Promise<void> {
    const mine = id;
    const last = [...store.get().items].reverse().find((item) => item.seq > 0);
    if (!last) return;
    try {
      const history = await historyOf(last.seq, historyPage);
      if (mine !== id) return;
      const items = [...store.get().items, ...history.items];
      shown = items.length;
      store.set({ items, more: history.more });
    } catch (error) {
      if (mine === id) store.set({ error: toProblem(error) });
    }
  },
};

selectionStore.subscribe(() => {
  const next = primaryRow(selectionStore.get())?.id ?? "";
  if (next === id) return;
  id = next;
  shown = historyPage;
  void refresh();
});

/** Whether a change may show in the pane: in the asset, or in what it needs. */
function touches(assets: readonly string[]): boolean {
  const details = store.get().details;
  const links = [...(details?.needs ?? []), ...(details?.neededBy ?? [])].map((link) => link.row.id);
  return assets.includes(id) || links.some((link) => assets.includes(link));
}
on("changed", (change) => {
  if (id !== "" && (change.all || touches(change.assets))) void refresh();
});
on("files", () => {
  if (id !== "") void refresh();
});
onActed(() => (id === "" ? Promise.resolve() : refresh()));
