// The details pane: what is known about the primary selected row, and its history. Fetched when it changes.
import { type Problem, toProblem } from "../lib/errors";
import { coalesce, createStore } from "../lib/store";
import { Arriving, Details, History } from "../wailsjs/go/app/Browser";
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
  readonly arriving: readonly string[]; // what others have saved and has not arrived, a sentence each
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
  arriving: [],
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
    store.set({
      id: "",
      details: undefined,
      items: [],
      more: false,
      story: "",
      arriving: [],
      error: undefined,
    });
    return;
  }
  try {
    const [details, history] = await Promise.all([Details(mine), historyOf(0, shown)]);
    if (mine !== id) return; // another one is selected by now: its run follows
    const { items, more, due, story } = history;
    const arriving = details.arriving && store.get().id === mine ? store.get().arriving : [];
    store.set({ id: mine, details, items, more, due, story, arriving, error: undefined });
    if (details.arriving) void followArrivals();
  } catch (error) {
    if (mine === id)
      store.set({
        id: mine,
        details: undefined,
        items: [],
        more: false,
        arriving: [],
        error: toProblem(error),
      });
  }
});

const arrivalsEveryMs = 2000;
let arrivals: ReturnType<typeof setTimeout> | undefined;

/** Looks how far it has come while somebody looks at it: no event tells of each percent. */
const followArrivals = coalesce(async () => {
  clearTimeout(arrivals);
  const mine = id;
  if (mine === "" || !store.get().details?.arriving) return;
  try {
    const arriving = await Arriving(mine);
    if (mine === id) store.set({ arriving });
  } catch {
    // what was said last stays: the pane's own refresh tells of an error
  }
  if (mine === id) arrivals = setTimeout(() => void followArrivals(), arrivalsEveryMs);
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
