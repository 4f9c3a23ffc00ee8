// The events of Go, heard once for all stores.
import { EVENT_CONNECTED } from "../lib/transport";
import type { app } from "../wailsjs/go/models";
import { EventsOn } from "../wailsjs/runtime/runtime";

/** app.Change of Go: no bound method returns it, so the bindings leave it out. */
export type Change = {
  readonly seq: number;
  readonly all: boolean;
  /** Ids of assets and collections. */
  readonly assets: readonly string[];
};

const everything: Change = { seq: 0, all: true, assets: [] };

type Topics = {
  changed: Change;
  later: Change;
  files: undefined;
  job: app.Job;
  opened: undefined;
  sync: app.SyncView;
};
const listeners: { [T in keyof Topics]: Set<(data: Topics[T]) => void> } = {
  changed: new Set(),
  later: new Set(),
  files: new Set(),
  job: new Set(),
  opened: new Set(),
  sync: new Set(),
};

const laterMs = 60; // four frames: what people look at has been fetched and drawn
let pending: Change | undefined;

/** Tells of a change at once, and of all that came meanwhile once more when what people look at has had its turn. */
function changed(change: Change): void {
  tell("changed", change);
  if (change.all) {
    tell("later", change);
    return;
  }
  if (!pending) {
    setTimeout(() => {
      const all = pending ?? everything;
      pending = undefined;
      tell("later", all);
    }, laterMs);
  }
  pending = { ...change, assets: [...(pending?.assets ?? []), ...change.assets] };
}

/** Hears a topic: changed (tracking data), later (the same, for what is beside the view: counts, what Undo takes back), files (states on disk), job (progress), opened (another project), sync
 *  (how it stands to its studio). */
export function on<T extends keyof Topics>(topic: T, listener: (data: Topics[T]) => void): () => void {
  listeners[topic].add(listener);
  return () => listeners[topic].delete(listener);
}

/** Tells listeners, as an event of Go does. */
export function tell<T extends keyof Topics>(topic: T, data: Topics[T]): void {
  for (const listener of [...listeners[topic]]) listener(data);
}

let begun = false;

/** Begins to listen to Go; later calls do nothing. */
export function beginEvents(): void {
  if (begun) return;
  begun = true;
  EventsOn("project:changed", (change: Change | undefined) => changed(change ?? everything));
  EventsOn("files:changed", () => tell("files", undefined));
  EventsOn("job:changed", (job: app.Job) => tell("job", job));
  EventsOn("project:opened", () => tell("opened", undefined));
  EventsOn("sync:changed", (sync: app.SyncView) => tell("sync", sync));
  EventsOn(EVENT_CONNECTED, () => changed(everything)); // events may have been missed
}
