// The collections that have been seen: their names and what is above them, for the way to a place.
import { createStore } from "../lib/store";
import { List, Rows } from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";
import { on } from "./events";
import { projectStore } from "./project";

export type Crumb = { readonly id: string; readonly name: string };
type Seen = { readonly parent: string; readonly name: string };

const depthMax = 64;
const childrenMax = 500; // of one folder, in the picker of a target
const store = createStore<{ seen: ReadonlyMap<string, Seen> }>({ seen: new Map() });

function learn(rows: readonly app.Row[]): void {
  const seen = new Map(store.get().seen);
  let news = false;
  for (const row of rows) {
    const old = seen.get(row.id);
    if (row.kind !== "collection" || (old?.name === row.name && old.parent === row.parent)) continue;
    seen.set(row.id, { parent: row.parent, name: row.name });
    news = true;
  }
  if (news) store.set({ seen });
}

export const collectionsStore = {
  ...store,
  learn,

  /** Fetches what is not known of the way from the project down to a collection. */
  async find(collection: string): Promise<void> {
    let id = collection;
    for (let depth = 0; id !== "" && depth < depthMax; depth++) {
      if (!store.get().seen.has(id)) learn(await Rows([id]));
      id = store.get().seen.get(id)?.parent ?? "";
    }
  },

  parentOf: (collection: string): string => store.get().seen.get(collection)?.parent ?? "",

  /** The collections directly in one, for a picker; "" = in the project. */
  async children(collection: string): Promise<readonly app.Row[]> {
    const list = await List({
      view: "default",
      query: "",
      collection,
      expanded: [],
      assignees: [],
      types: [],
      tags: [],
      statuses: [],
      states: [],
      sort: "name",
      flat: false,
      offset: 0,
      limit: childrenMax,
    });
    const rows = list.rows.filter((row) => row.kind === "collection");
    learn(rows);
    return rows;
  },
};

/** The collections from the project down to one. */
export function trailTo(collection: string, seen: ReadonlyMap<string, Seen>): readonly Crumb[] {
  const above: Crumb[] = [];
  for (let id = collection; id !== "" && above.length < depthMax; id = seen.get(id)?.parent ?? "") {
    above.unshift({ id, name: seen.get(id)?.name ?? "…" });
  }
  return above;
}

let project = "";
projectStore.subscribe(() => {
  const id = projectStore.get().project?.id ?? "";
  if (id === project) return;
  project = id;
  store.set({ seen: new Map() });
});
on("changed", (change) => {
  const { seen } = store.get();
  const changed = change.all ? [...seen.keys()] : change.assets.filter((id) => seen.has(id));
  if (changed.length > 0) void Rows(changed).then(learn, () => {}); // a renamed folder; its list says what is wrong
});
