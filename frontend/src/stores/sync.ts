// How the open project stands to its studio, and asking for a sync.
import { createStore } from "../lib/store";
import type { SyncView } from "../lib/sync";
import { Now, State } from "../wailsjs/go/app/Sync";
import { on } from "./events";
import { toastsStore } from "./toasts";

export type SyncState = { readonly sync: SyncView | undefined };

const store = createStore<SyncState>({ sync: undefined });

async function look(): Promise<void> {
  try {
    store.set({ sync: await State() });
  } catch {
    store.set({ sync: undefined }); // no project is open
  }
}

on("sync", (sync) => store.set({ sync }));
on("opened", () => void look());
on("changed", () => {
  if (store.get().sync?.remote !== false) void look();
});

export const syncStore = {
  ...store,
  /** Sends what waits for it, large files too. */
  async now(): Promise<void> {
    try {
      await Now();
    } catch (error) {
      toastsStore.error(error);
    }
  },
};
