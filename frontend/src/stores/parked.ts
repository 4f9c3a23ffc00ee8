// The Parked screen: chains of parked checkpoints, which of them has the keys, and what is done with them.
import { type Problem, toProblem } from "../lib/errors";
import { keepFocus, stepFrom, type VerbName } from "../lib/parked";
import { coalesce, createStore } from "../lib/store";
import {
  Adopt,
  AskParked,
  CopyParked,
  KeepParked,
  Parked,
  PurgeParked,
  RestoreParked,
  TrashParked,
} from "../wailsjs/go/app/Checkpoints";
import type { app } from "../wailsjs/go/models";
import { onActed, runAct } from "./acts";
import { on } from "./events";
import { jobsStore } from "./jobs";
import { projectStore } from "./project";
import { toastsStore } from "./toasts";
import { viewStore } from "./view";

/** app.ParkedItem, for views. */
export type ParkedItem = app.ParkedItem;

export type ParkedState = {
  readonly items: readonly ParkedItem[];
  readonly more: number;
  /** Those copied and in the trash too. */
  readonly all: boolean;
  /** The id of the chain that has the keys; "" = none. */
  readonly focus: string;
  readonly loading: boolean;
  /** The chains with which something is being done. */
  readonly busy: ReadonlySet<string>;
  readonly error: Problem | undefined;
};

const closed: ParkedState = {
  items: [],
  more: 0,
  all: false,
  focus: "",
  loading: true,
  busy: new Set(),
  error: undefined,
};
const store = createStore<ParkedState>(closed);

const shown = (): boolean => viewStore.get().screen === "parked" && projectStore.get().project !== undefined;

const refresh = coalesce(async () => {
  if (!shown()) return;
  const { all } = store.get();
  try {
    const { items, more } = await Parked(all);
    if (all !== store.get().all) return; // asked again meanwhile
    const before = store.get();
    const focus = keepFocus(before.items, items, before.focus);
    store.set({ items, more, focus, loading: false, error: undefined });
  } catch (error) {
    store.set({ loading: false, error: toProblem(error) });
  }
});

const icons: Readonly<Record<VerbName, string>> = {
  adopt: "git-merge",
  copy: "copy-plus",
  keep: "circle-parking",
  trash: "trash-2",
  restore: "rotate-ccw",
  ask: "hand",
  purge: "triangle-alert",
};

async function copy(id: string): Promise<void> {
  const job = await jobsStore.start(() => CopyParked([id]));
  if (job !== undefined) await jobsStore.ended(job);
  await refresh();
}

const run: Readonly<Record<Exclude<VerbName, "copy">, (id: string) => Promise<app.Act>>> = {
  adopt: (id) => Adopt([id]),
  keep: (id) => KeepParked([id]),
  ask: (id) => AskParked([id]),
  purge: (id) => PurgeParked([id]),
  trash: (id) => TrashParked([id]),
  restore: (id) => RestoreParked([id]),
};

/** What is put aside offers to be taken back in its toast; an adoption is history. */
async function one(verb: VerbName, id: string): Promise<void> {
  try {
    if (verb === "copy") await copy(id);
    else {
      const back = verb === "keep" || verb === "trash";
      await runAct({
        icon: icons[verb],
        run: () => run[verb](id),
        offer: back ? { title: "Undo", run: () => void parkedStore.act("restore", id) } : "none",
      });
    }
  } catch (error) {
    toastsStore.error(error);
  }
}

const lastOf = new Map<string, { readonly verb: VerbName; readonly done: Promise<void> }>();

export const parkedStore = {
  ...store,
  refresh,

  focus: (focus: string) => store.set({ focus }),
  step: (by: -1 | 1) => store.set({ focus: stepFrom(store.get().items, store.get().focus, by) }),

  showAll(all: boolean): void {
    store.set({ all });
    void refresh();
  },

  /** Shows what is parked beside an asset. */
  async show(asset: string): Promise<void> {
    viewStore.screen("parked");
    await refresh();
    const item = store.get().items.find((i) => i.asset === asset);
    if (item) store.set({ focus: item.id });
  },

  /**
   * Does one thing with a chain, after what is on its way for it: a key that was pressed meanwhile is not lost. The
   * same thing asked again is the one that is on its way.
   */
  async act(verb: VerbName, id: string): Promise<void> {
    const last = lastOf.get(id);
    if (last?.verb === verb) return last.done;
    const done = (last?.done ?? Promise.resolve()).then(() => one(verb, id));
    lastOf.set(id, { verb, done });
    store.set({ busy: new Set(lastOf.keys()) });
    await done;
    if (lastOf.get(id)?.done !== done) return;
    lastOf.delete(id);
    store.set({ busy: new Set(lastOf.keys()) });
  },
};

let project = "";
let screen = "";
function follow(): void {
  const id = projectStore.get().project?.id ?? "";
  const now = viewStore.get().screen;
  if (id === project && now === screen) return;
  if (id !== project) store.set(closed);
  project = id;
  screen = now;
  void refresh();
}
projectStore.subscribe(follow);
viewStore.subscribe(follow);
on("changed", () => void refresh());
onActed(refresh);
