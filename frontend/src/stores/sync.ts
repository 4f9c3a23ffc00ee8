// How the open project stands to its studio, and asking for a sync.
import { createStore } from "../lib/store";
import type { SyncView } from "../lib/sync";
import { Join } from "../wailsjs/go/app/Studio";
import { Now, State } from "../wailsjs/go/app/Sync";
import { on } from "./events";
import { projectStore } from "./project";
import { toastsStore } from "./toasts";

export type SyncState = { readonly sync: SyncView | undefined };

const store = createStore<SyncState>({ sync: undefined });

/** An answer may come after an event that is newer. */
function hear(sync: SyncView): void {
  if (sync.nth >= (store.get().sync?.nth ?? 0)) store.set({ sync });
}

async function look(): Promise<void> {
  try {
    hear(await State());
  } catch {
    store.set({ sync: undefined }); // no project is open
  }
}

let project = "";
projectStore.subscribe(() => {
  const id = projectStore.get().project?.id ?? "";
  if (id === project) return;
  project = id;
  void look();
});
on("sync", hear);
on("later", () => {
  if (store.get().sync?.remote !== false) void look();
});

export const syncStore = {
  ...store,
  look,

  /** Signs in to the project's studio anew; rejects with app.Error. */
  async signIn(username: string, password: string): Promise<void> {
    const server = store.get().sync?.server ?? "";
    await Join({ address: server, username, name: "", password });
  },

  /** Sends what waits for it, large files too. */
  async now(): Promise<void> {
    try {
      await Now();
    } catch (error) {
      toastsStore.error(error);
    }
  },
};
