// Acts on files that take their time: each is a job, which has its own toast.

import { Add } from "../wailsjs/go/app/Browser";
import { Discard, Fetch, FetchAll, FreeUp, Restore, SaveAsCopy } from "../wailsjs/go/app/Checkpoints";
import type { app } from "../wailsjs/go/models";
import { jobsStore } from "./jobs";

export const files = {
  /** Puts the newest version on disk. */
  fetch: (ids: readonly string[]) => jobsStore.start(() => Fetch([...ids])),
  /** The same, with all that they need. */
  fetchAll: (ids: readonly string[]) => jobsStore.start(() => FetchAll([...ids])),
  /** Removes working files whose content is safe. */
  freeUp: (ids: readonly string[]) => jobsStore.start(() => FreeUp([...ids])),
  /** The file as it is on disk becomes a resource beside the asset. */
  saveAsCopy: (id: string) => jobsStore.start(() => SaveAsCopy(id)),
  /** The newest version again; what was there becomes a safety checkpoint. */
  discard: (id: string) => jobsStore.start(() => Discard(id)),
  /** An older version into the working folder. */
  restore: (id: string, checkpoint: string) => jobsStore.start(() => Restore(id, checkpoint)),
  /** Tracks files of the working folder. */
  add: (request: app.AddRequest) => jobsStore.start(() => Add(request)),
};
