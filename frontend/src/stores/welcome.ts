// The Welcome screen: projects that this computer has seen, and making or opening one.
import { type Problem, toProblem } from "../lib/errors";
import { createStore } from "../lib/store";
import { ChooseFolder, Create, Forget, Known, Sample } from "../wailsjs/go/app/Projects";
import type { app } from "../wailsjs/go/models";
import { jobsStore } from "./jobs";
import { projectStore } from "./project";

export type WelcomeState = {
  readonly known: readonly app.KnownProject[] | undefined;
  readonly error: Problem | undefined;
  readonly job: string;
  readonly busy: boolean;
  /** This shell cannot ask for a folder: a path is typed. */
  readonly typed: boolean;
};

const store = createStore<WelcomeState>({
  known: undefined,
  error: undefined,
  job: "",
  busy: false,
  typed: false,
});

async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  store.set({ busy: true, error: undefined });
  try {
    await work();
    return true;
  } catch (error) {
    store.set({ error: toProblem(error) });
    return false;
  } finally {
    store.set({ busy: false });
  }
}

export const welcomeStore = {
  ...store,

  load: () =>
    attempt(async () => {
      store.set({ known: await Known() });
    }),

  open: (path: string) => attempt(() => projectStore.open(path)),

  create: (path: string, name: string) =>
    attempt(async () => {
      await Create(path, name);
      await projectStore.begin();
    }),

  forget: (path: string) =>
    attempt(async () => {
      await Forget(path);
      store.set({ known: await Known() });
    }),

  /** Asks for a folder; "" when the person cancels or must type one. */
  async choose(title: string): Promise<string> {
    try {
      return await ChooseFolder(title);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code === "unsupported") store.set({ typed: true });
      else store.set({ error: problem });
      return "";
    }
  },

  /** Builds the sample project and opens it. */
  sample: () =>
    attempt(async () => {
      const id = await Sample("");
      jobsStore.watch(id, true);
      store.set({ job: id });
      const job = await jobsStore.ended(id);
      store.set({ job: "" });
      if (job.error?.code === "cancelled") return;
      if (job.error) throw job.error;
      await projectStore.open(job.project);
    }),
};
