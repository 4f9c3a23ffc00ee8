// What came back from the studio and the person still has to see: cards that stay until they close them.
import { type Problem, toProblem } from "../lib/errors";
import { coalesce, createStore } from "../lib/store";
import { Inbox, Seen } from "../wailsjs/go/app/Sync";
import type { app } from "../wailsjs/go/models";
import { on } from "./events";
import { projectStore } from "./project";
import { syncStore } from "./sync";
import { toastsStore } from "./toasts";
import { viewStore } from "./view";

/** app.InboxItem, for views. */
export type InboxItem = app.InboxItem;

export type InboxState = {
  /** Newest first. */
  readonly items: readonly InboxItem[];
  readonly loading: boolean;
  readonly error: Problem | undefined;
};

const store = createStore<InboxState>({ items: [], loading: true, error: undefined });
const shown = (): boolean => viewStore.get().screen === "inbox" && projectStore.get().project !== undefined;

const refresh = coalesce(async () => {
  if (!shown()) return;
  try {
    store.set({ items: (await Inbox()).reverse(), loading: false, error: undefined });
  } catch (error) {
    store.set({ loading: false, error: toProblem(error) });
  }
});

export const inboxStore = {
  ...store,
  refresh,

  /** Takes cards off the list; what they tell of stays in the history. */
  async seen(ids: readonly string[]): Promise<void> {
    try {
      for (const id of ids) await Seen(id);
    } catch (error) {
      toastsStore.error(error);
    }
    await Promise.all([refresh(), syncStore.look()]);
  },
};

let screen = "";
viewStore.subscribe(() => {
  const now = viewStore.get().screen;
  if (now === screen) return;
  screen = now;
  void refresh();
});
on("later", () => void refresh());
on("sync", () => void refresh());
