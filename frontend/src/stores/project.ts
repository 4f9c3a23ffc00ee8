// The open project: people, statuses, types, what Undo would take back. Everything else hangs on it.
import { type Problem, toProblem } from "../lib/errors";
import { flyAfter } from "../lib/flight";
import { coalesce, createStore } from "../lib/store";
import { inDesktop } from "../lib/transport";
import { Counts } from "../wailsjs/go/app/Browser";
import {
  Close,
  Current,
  MemberAdd,
  Open,
  OpenWindow,
  Redo,
  SetProfile,
  Start,
  Undo,
} from "../wailsjs/go/app/Projects";
import type { app } from "../wailsjs/go/models";
import { on } from "./events";
import { toastsStore } from "./toasts";

export type ProjectState = {
  readonly start: app.Start | undefined;
  /** This window is a board and nothing else: the address of a tab says so, or the program that opened it. */
  readonly boardWindow: boolean;
  /** undefined: none is open. */
  readonly project: app.Project | undefined;
  /** The first answer of Go has come. */
  readonly ready: boolean;
  readonly error: Problem | undefined;
  readonly counts: app.Counts | undefined;
  readonly members: ReadonlyMap<string, app.Member>;
  readonly statuses: ReadonlyMap<string, app.StatusInfo>;
  readonly types: ReadonlyMap<string, app.TypeInfo>;
};

const addressed =
  typeof location !== "undefined" && new URLSearchParams(location.search).get("view") === "kanban";

const store = createStore<ProjectState>({
  boardWindow: addressed,
  start: undefined,
  project: undefined,
  ready: false,
  error: undefined,
  counts: undefined,
  members: new Map(),
  statuses: new Map(),
  types: new Map(),
});

const byId = <T extends { id: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [item.id, item]));

function adopt(project: app.Project): void {
  if (project.id === "") {
    store.set({ project: undefined, counts: undefined });
    return;
  }
  store.set({
    project,
    members: byId(project.members),
    statuses: byId(project.statuses),
    types: byId(project.types),
  });
}

const refreshCounts = coalesce(async () => {
  if (store.get().project) store.set({ counts: await Counts() });
});

const refresh = coalesce(async () => {
  adopt(await Current());
  await refreshCounts();
});

/** Runs work of the project; what fails becomes a toast. */
async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    toastsStore.error(error);
    return undefined;
  }
}

/** The history of this person's acts, one step: shows what was taken back. */
async function step(walk: () => Promise<app.Act>, fallback: string): Promise<void> {
  const act = await attempt(() => flyAfter(walk));
  if (!act) return;
  toastsStore.withdrawUndo(); // the newest act is another one now
  const refused = act.results.find((r) => r.error)?.error;
  if (act.done === 0 && refused) toastsStore.error(refused);
  else toastsStore.show({ text: act.sentence || fallback, icon: "undo-2" });
}

export const projectStore = {
  ...store,
  refresh,

  /** Asks where the app runs and what is open. */
  async begin(): Promise<void> {
    try {
      const start = await Start();
      store.set({ start, boardWindow: addressed || start.view === "kanban", error: undefined });
      if (start.project !== "") adopt(await Current());
      store.set({ ready: true });
      await refreshCounts();
    } catch (error) {
      store.set({ error: toProblem(error), ready: true });
    }
  },

  /** Opens the project in that folder; rejects with app.Error. */
  async open(path: string): Promise<void> {
    adopt(await Open(path));
    await refreshCounts();
  },

  /** Leaves the project; its files and history stay where they are. */
  async close(): Promise<void> {
    await attempt(async () => {
      await Close();
      store.set({ project: undefined, counts: undefined });
    });
  },

  undo: () => step(Undo, "Undone"),
  redo: () => step(Redo, "Done again"),

  /** A tab of the browser, a window of the desktop. */
  openKanban: () =>
    inDesktop
      ? attempt(() => OpenWindow("kanban"))
      : Promise.resolve(window.open("/?view=kanban", "_blank", "noopener")),

  /** Gives this person another name; rejects with app.Error. */
  async setProfile(username: string, name: string): Promise<void> {
    const profile = await SetProfile(username, name);
    const start = store.get().start;
    if (start) store.set({ start: { ...start, profile } });
    if (store.get().project) await refresh();
  },

  /** Makes a place in the project; rejects with app.Error. */
  async addMember(member: {
    username: string;
    name: string;
    email: string;
    role: string;
  }): Promise<app.Member> {
    const made = await MemberAdd(member.username, member.name, member.email, member.role);
    await refresh();
    return made;
  },

  can: (permission: string): boolean => store.get().project?.can.includes(permission) ?? false,
};

on("later", () => void refresh().catch(() => {})); // the list says what is wrong
on("files", () => void refreshCounts().catch(() => {}));
on("opened", () => void projectStore.begin());
