// What the Browser shows, with the way back and forward. Kept per project on this computer.
import { createStore } from "../lib/store";
import {
  type FilterName,
  firstView,
  type Layout,
  nextSort,
  noFilters,
  type Screen,
  toggleFilter,
  type ViewName,
  type ViewState,
} from "../lib/view";
import { projectStore } from "./project";
import { recall, remember } from "./theme";

type State = ViewState & {
  readonly past: readonly ViewState[];
  readonly future: readonly ViewState[];
};

const pastMax = 50;
const store = createStore<State>({ ...firstView, past: [], future: [] });

const place = (s: State): ViewState => {
  const { past: _past, future: _future, ...view } = s;
  return view;
};
/** The Kanban window has its own view: it does not follow the Browser's. */
const key = (project: string): string =>
  `framehold.${projectStore.get().boardWindow ? "board" : "view"}.${project}`;

let shown = "";

function keep(): void {
  if (shown !== "") remember(key(shown), { ...place(store.get()), query: "" });
}

/** Goes somewhere: what was shown before can be come back to. */
function go(change: Partial<ViewState>): void {
  const now = store.get();
  store.set({ ...change, past: [...now.past, place(now)].slice(-pastMax), future: [] });
  keep();
}

/** Changes how the same place is shown: no step of the history. */
function adjust(change: Partial<ViewState>): void {
  store.set(change);
  keep();
}

export const viewStore = {
  ...store,
  /** Another screen of the same project. */
  screen: (screen: Screen) => {
    if (screen !== store.get().screen) go({ screen });
  },
  view: (view: ViewName) => {
    const now = store.get();
    if (view !== now.view || now.screen !== "browser") go({ view, screen: "browser" });
  },
  layout: (layout: Layout) => adjust({ layout, screen: "browser" }),
  /** What is searched for is shown in the Browser. */
  query: (query: string) => adjust(query === "" ? { query } : { query, screen: "browser" }),
  collection: (collection: string) => go({ collection, view: "default", screen: "browser" }),
  sort: (column: string) => adjust({ sort: nextSort(store.get().sort, column) }),
  filter: (name: FilterName, values: readonly string[]) =>
    adjust({ filters: { ...store.get().filters, [name]: values } }),
  toggle: (name: FilterName, value: string) =>
    adjust({ filters: toggleFilter(store.get().filters, name, value) }),
  clear: () => adjust({ filters: noFilters, query: "" }),

  expand(ids: readonly string[], open: boolean): void {
    const set = new Set(store.get().expanded);
    for (const id of ids) {
      if (open) set.add(id);
      else set.delete(id);
    }
    adjust({ expanded: [...set], untouched: false });
  },

  /** Back (-1) or forward (1). */
  step(by: -1 | 1): void {
    const now = store.get();
    const stack = by < 0 ? now.past : now.future;
    const to = stack[stack.length - 1];
    if (!to) return;
    const rest = stack.slice(0, -1);
    store.set(
      by < 0
        ? { ...to, past: rest, future: [...now.future, place(now)] }
        : { ...to, future: rest, past: [...now.past, place(now)] },
    );
    keep();
  },

  /** Opens the tree above an asset and shows it in the default view. */
  reveal: (parents: readonly string[]) => {
    go({ screen: "browser", view: "default", layout: "list", query: "", filters: noFilters, collection: "" });
    viewStore.expand(parents, true);
  },
};

function follow(): void {
  const id = projectStore.get().project?.id ?? "";
  if (id === shown) return;
  shown = id;
  const kept = id === "" ? firstView : recall(key(id), firstView);
  store.set({ ...kept, filters: { ...noFilters, ...kept.filters }, past: [], future: [] });
}
projectStore.subscribe(follow);
