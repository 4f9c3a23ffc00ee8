// The banner at a person's return: what others did while this computer had no connection, until it is read.
import { type Happened, whileAway } from "../lib/away";
import { coalesce, createStore } from "../lib/store";
import { Inbox } from "../wailsjs/go/app/Sync";
import { projectStore } from "./project";
import { syncStore } from "./sync";

const store = createStore<{ readonly happened: readonly Happened[] }>({ happened: [] });
const key = (): string => `framehold.away.${projectStore.get().project?.id ?? ""}`;

let online = 0; // ms when the connection came back; 0 = there was none yet
let state = "";
let need = 0;
let project = "";

const look = coalesce(async () => {
  if (online === 0) return;
  try {
    const seen = Number(localStorage.getItem(key()) ?? 0);
    store.set({ happened: whileAway(await Inbox(), seen, online) });
  } catch {
    store.set({ happened: [] }); // the Inbox says it, where it is looked for
  }
});

syncStore.subscribe(() => {
  const { sync } = syncStore.get();
  const id = projectStore.get().project?.id ?? "";
  if (id !== project) {
    [project, online, state, need] = [id, 0, "", 0];
    store.set({ happened: [] });
  }
  if (!sync || id === "") return;
  const back = sync.state === "synced" && state !== "synced" && state !== "syncing";
  if (sync.state !== "syncing") state = sync.state;
  if (back) online = Date.now();
  if (back || sync.need !== need) void look();
  need = sync.need;
});

export const awayStore = {
  ...store,
  /** It was read. */
  read(): void {
    const last = store.get().happened.at(-1);
    if (last) localStorage.setItem(key(), String(last.at));
    store.set({ happened: [] });
  },
};
