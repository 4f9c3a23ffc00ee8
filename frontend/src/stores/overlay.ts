// Optimistic overlays: how rows will look once an act is done. Keyed by act; each is removed by its error, or once
// the lists have been fetched again. Nothing else changes a row but a fetch.
import { createStore } from "../lib/store";
import type { app } from "../wailsjs/go/models";

export type Patch = Partial<
  Pick<app.Row, "assignee" | "status" | "type" | "due" | "priority" | "name" | "state">
>;
type Overlay = { readonly ids: ReadonlySet<string>; readonly patch: Patch };
export type Overlays = ReadonlyMap<number, Overlay>;

const store = createStore<{ overlays: Overlays }>({ overlays: new Map() });
let last = 0;

export const overlayStore = {
  ...store,
  /** Lays a patch over rows; returns what takes it away. */
  lay(ids: readonly string[], patch: Patch): () => void {
    const key = ++last;
    store.set({ overlays: new Map([...store.get().overlays, [key, { ids: new Set(ids), patch }]]) });
    return () => {
      const overlays = new Map(store.get().overlays);
      overlays.delete(key);
      store.set({ overlays });
    };
  },
};

/** The row as it will look; the very row when no act is under way on it. */
export function overlaid<R extends { id: string }>(row: R, overlays: Overlays): R {
  let shown = row;
  for (const { ids, patch } of overlays.values()) if (ids.has(row.id)) shown = { ...shown, ...patch };
  return shown;
}
