// What the Browser shows: a view, its filters, what is open in its tree. Pure: makes the request that Go answers.

export type ViewName = "default" | "my" | "assigned" | "unassigned";
export type Layout = "list" | "board";
export type Screen = "browser" | "parked" | "inbox";
export type FilterName = "statuses" | "types" | "tags" | "assignees" | "states";
export type Filters = Readonly<Record<FilterName, readonly string[]>>;

export type ViewState = {
  readonly screen: Screen;
  readonly view: ViewName;
  readonly layout: Layout;
  readonly query: string;
  /** The collection that is the root of what is shown; "" = the project. */
  readonly collection: string;
  readonly filters: Filters;
  readonly sort: string;
  /** Collections shown open. */
  readonly expanded: readonly string[];
  /** Nobody has opened or closed anything here yet: the list opens what fits. */
  readonly untouched?: boolean;
};

/** As app.ListRequest; the bindings are for stores alone. */
export type ViewRequest = {
  view: string;
  query: string;
  collection: string;
  expanded: string[];
  assignees: string[];
  types: string[];
  tags: string[];
  statuses: string[];
  states: string[];
  sort: string;
  flat: boolean;
  offset: number;
  limit: number;
};

export const noFilters: Filters = { statuses: [], types: [], tags: [], assignees: [], states: [] };

export const firstView: ViewState = {
  screen: "browser",
  view: "default",
  layout: "list",
  query: "",
  collection: "",
  filters: noFilters,
  sort: "name",
  expanded: [],
  untouched: true,
};

/** Whether anything narrows the view, so that "clear filters" means something. */
export const isNarrowed = (v: ViewState): boolean =>
  v.query.trim() !== "" || Object.values(v.filters).some((values) => values.length > 0);

/** Only the default view as list is a tree; tasks lists and pictures are flat. */
export const isTree = (v: ViewState): boolean => v.view === "default" && v.layout === "list";

/** The request for a window of rows. */
export function requestOf(v: ViewState, offset: number, limit: number): ViewRequest {
  const tree = isTree(v);
  return {
    view: v.view,
    query: v.query.trim(),
    collection: v.collection,
    expanded: tree ? [...v.expanded] : [],
    assignees: [...v.filters.assignees],
    types: [...v.filters.types],
    tags: [...v.filters.tags],
    statuses: [...v.filters.statuses],
    states: [...v.filters.states],
    sort: v.view === "my" && v.sort === firstView.sort ? "" : v.sort, // My Tasks: what came back first
    flat: v.view === "default" && !tree,
    offset,
    limit,
  };
}

/** Adds a value to a filter, or takes it away. */
export function toggleFilter(filters: Filters, name: FilterName, value: string): Filters {
  const values = filters[name];
  const next = values.includes(value) ? values.filter((v) => v !== value) : [...values, value];
  return { ...filters, [name]: next };
}

/** A click on a column's head: sort by it, and the other way round at the second click. */
export const nextSort = (sort: string, column: string): string => (sort === column ? `-${column}` : column);
