// Tasks on the road: what they need, taking them there, and being back. And asking for a task that another holds.
import { type Problem, toProblem } from "../lib/errors";
import type { RoadPlan } from "../lib/road";
import { createStore } from "../lib/store";
import { Answer, Ask, EndRoad, FetchRoad, PlanRoad, Risks, StartRoad } from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";
import { acts, runAct } from "./acts";
import { jobsStore } from "./jobs";
import { toastsStore } from "./toasts";
import { uiStore } from "./ui";

export type RoadState = {
  readonly ids: readonly string[];
  readonly plan: RoadPlan | undefined;
  readonly error: Problem | undefined;
  /** The job that fetches; "" = none. */
  readonly job: string;
  /** They are on the road: the plan says what is here. */
  readonly left: boolean;
};

const closed: RoadState = { ids: [], plan: undefined, error: undefined, job: "", left: false };
const store = createStore<RoadState>(closed);

async function look(ids: readonly string[]): Promise<void> {
  try {
    const plan = await PlanRoad([...ids]);
    if (ids === store.get().ids) store.set({ plan, error: undefined });
  } catch (error) {
    if (ids === store.get().ids) store.set({ error: toProblem(error) });
  }
}

async function fetching(start: () => Promise<string>): Promise<void> {
  const { ids } = store.get();
  const job = await jobsStore.start(start);
  if (job === undefined) return;
  jobsStore.watch(job, true);
  store.set({ job });
  const ended = await jobsStore.ended(job);
  jobsStore.watch(job, false);
  if (ids !== store.get().ids) return;
  const refused = ended.error ?? ended.act.results.find((r) => r.error)?.error;
  store.set({
    job: "",
    left: !refused || ended.act.done > 0,
    error: refused ? toProblem(refused) : undefined,
  });
  await look(ids);
}

export const roadStore = {
  ...store,

  /** Shows what tasks need; `left`: they are on the road already. */
  open(ids: readonly string[], left: boolean): void {
    store.set({ ...closed, ids, left });
    uiStore.dialog({ kind: "road" });
    void look(ids);
  },
  /** Shows what tasks need, to fetch it. */
  needs(ids: readonly string[]): void {
    store.set({ ...closed, ids });
    uiStore.dialog({ kind: "needs" });
    void look(ids);
  },
  close: () => store.set(closed),

  start: (until: string) => fetching(() => StartRoad([...store.get().ids], until)),
  fetch: () => fetching(() => FetchRoad([...store.get().ids])),

  end: (ids: readonly string[]) => runAct({ ids, icon: "house", run: () => EndRoad([...ids]) }),
};

/** app.RiskView, for views. */
export type Risk = app.RiskView;

export const handover = {
  /** Asks who holds tasks to hand them in: to somebody, or to me. */
  ask: (ids: readonly string[], to = "") =>
    runAct({ icon: "hand", run: () => Ask([...ids], to), offer: "none" }),

  answer: (id: string, yes: boolean, why: string) =>
    runAct({ icon: yes ? "user-round-check" : "clock", run: () => Answer(id, yes, why), offer: "none" }),

  /** Gives tasks to a person; what is known of work that would be parked by it is shown first. */
  async give(ids: readonly string[], to: string, convert: boolean): Promise<void> {
    try {
      const risks = await Risks([...ids], to);
      if (risks.length > 0) uiStore.dialog({ kind: "give", ids, to, convert, risks });
      else await acts.assign(ids, to, { convert });
    } catch (error) {
      toastsStore.error(error);
    }
  },
};
