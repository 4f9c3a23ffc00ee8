// Joining a studio: signing in or using an invitation, then bringing one of its projects to this computer.
import { type Problem, toProblem } from "../lib/errors";
import { createStore } from "../lib/store";
import { Clone, Join, Projects, SignedIn } from "../wailsjs/go/app/Studio";
import type { app } from "../wailsjs/go/models";
import { jobsStore } from "./jobs";
import { projectStore } from "./project";

export type JoinState = {
  readonly open: boolean;
  readonly servers: readonly app.StudioServer[];
  /** The studio whose projects are shown; undefined: none is chosen yet. */
  readonly studio: app.StudioServer | undefined;
  /** undefined: they are being asked for. */
  readonly projects: readonly app.StudioProject[] | undefined;
  readonly busy: boolean;
  /** The job that brings a project here; "" = none. */
  readonly job: string;
  readonly error: Problem | undefined;
};

const closed: JoinState = {
  open: false,
  servers: [],
  studio: undefined,
  projects: undefined,
  busy: false,
  job: "",
  error: undefined,
};
const store = createStore<JoinState>(closed);

async function attempt(work: () => Promise<void>): Promise<void> {
  store.set({ busy: true, error: undefined });
  try {
    await work();
  } catch (error) {
    store.set({ error: toProblem(error) });
  } finally {
    store.set({ busy: false });
  }
}

async function show(studio: app.StudioServer): Promise<void> {
  store.set({ studio, projects: undefined });
  store.set({ projects: await Projects(studio.server) });
}

export const joinStore = {
  ...store,

  async open(): Promise<void> {
    store.set({ ...closed, open: true });
    await attempt(async () => store.set({ servers: await SignedIn() }));
  },
  close: () => store.set(closed),

  /** Back to the choice of a studio. */
  back: () => store.set({ studio: undefined, projects: undefined, error: undefined }),

  /** Shows the projects of a studio that the person is signed in to. */
  show: (studio: app.StudioServer) => attempt(() => show(studio)),

  signIn: (request: app.JoinRequest) =>
    attempt(async () => {
      const studio = await Join(request);
      await show(studio);
    }),

  /** Brings a project to a folder and opens it. */
  bring: (project: app.StudioProject, folder: string) =>
    attempt(async () => {
      const { studio } = store.get();
      if (!studio) return;
      const job = await Clone(studio.server, project.id, folder);
      jobsStore.watch(job, true);
      store.set({ job });
      const ended = await jobsStore.ended(job);
      store.set({ job: "" });
      if (ended.error) throw ended.error;
      await projectStore.open(ended.project);
      store.set(closed);
    }),

  /** Opens a project that this computer has already. */
  enter: (path: string) =>
    attempt(async () => {
      await projectStore.open(path);
      store.set(closed);
    }),
};
