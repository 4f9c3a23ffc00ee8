// Long work: progress as Go tells it. A job that nobody watches in a dialog has a progress toast; when it ends, a
// toast says what became of it.
import { createStore } from "../lib/store";
import { CancelJob, Jobs } from "../wailsjs/go/app/Projects";
import type { app } from "../wailsjs/go/models";
import { reportAct } from "./acts";
import { on } from "./events";
import { toastsStore } from "./toasts";

type State = {
  readonly jobs: ReadonlyMap<string, app.Job>;
  /** Jobs that a dialog shows: they have no toast. */
  readonly watched: ReadonlySet<string>;
};

const store = createStore<State>({ jobs: new Map(), watched: new Set() });
const waiting = new Map<string, ((job: app.Job) => void)[]>();
const endedKept = 20; // a dialog may ask for one that has just ended

const icons: Readonly<Record<string, string>> = {
  checkpoint: "layers",
  restore: "rotate-ccw",
  add: "file-plus",
  fetch: "download",
};

function keep(job: app.Job): void {
  const jobs = new Map(store.get().jobs);
  jobs.delete(job.id);
  jobs.set(job.id, job); // the newest last
  const ended = [...jobs.values()].filter((j) => j.ended);
  for (const old of ended.slice(0, Math.max(0, ended.length - endedKept))) jobs.delete(old.id);
  store.set({ jobs });
}

function report(job: app.Job): void {
  if (job.error) {
    if (job.error.code !== "cancelled") toastsStore.error(job.error);
    else toastsStore.show({ text: `${job.title} was stopped`, icon: "x" });
  } else reportAct(job.act, icons[job.kind] ?? "check");
}

function hear(job: app.Job): void {
  const before = store.get().jobs.get(job.id);
  if (before?.ended) return;
  keep(job);
  if (!job.ended) return;
  if (!store.get().watched.has(job.id)) report(job);
  for (const tell of waiting.get(job.id) ?? []) tell(job);
  waiting.delete(job.id);
}

export const jobsStore = {
  ...store,
  hear,

  /** The jobs that still run, as they are now: for a page that was loaded meanwhile. */
  async begin(): Promise<void> {
    for (const job of await Jobs()) if (!job.ended) hear(job);
  },

  /** Ends when the job has ended. */
  ended(id: string): Promise<app.Job> {
    const job = store.get().jobs.get(id);
    if (job?.ended) return Promise.resolve(job);
    return new Promise((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]));
  },

  /** Runs a bound method that starts a job; a refusal becomes a toast. Returns the job's id. */
  async start(method: () => Promise<string>): Promise<string | undefined> {
    try {
      return await method();
    } catch (error) {
      toastsStore.error(error);
      return undefined;
    }
  },

  /** A dialog shows this job (or no longer): while it does there is no toast about it. */
  watch(id: string, watched: boolean): void {
    const set = new Set(store.get().watched);
    if (watched) set.add(id);
    else set.delete(id);
    store.set({ watched: set });
  },

  async cancel(id: string): Promise<void> {
    try {
      await CancelJob(id);
    } catch (error) {
      toastsStore.error(error);
    }
  },
};

on("job", hear);
on("opened", () => store.set({ jobs: new Map(), watched: new Set() }));
