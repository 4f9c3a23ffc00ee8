// Acts on assets. Each shows its effect at once (an overlay), tells Go, and ends in a toast: past tense with Undo,
// or the refusal's sentence with the next step. Nothing is asked before: Undo is there.
import { fly } from "../lib/flight";
import { count } from "../lib/format";
import {
  AddNote,
  Assign,
  Claim,
  Convert,
  Depend,
  MoveTo,
  New,
  OpenInApp,
  Rename,
  Rescan,
  Reveal,
  Set as SetFields,
  SetStatus,
  TickNote,
  Trash,
} from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";
import { overlayStore, type Patch } from "./overlay";
import { projectStore } from "./project";
import { toastsStore } from "./toasts";

type Act = {
  readonly ids?: readonly string[];
  readonly patch?: Patch;
  readonly icon: string;
  readonly run: () => Promise<app.Act>;
  /** Refusals are answered where the act was made, not in a toast. */
  readonly quiet?: boolean;
  /** What the toast offers instead of Undo: another way back, or nothing. */
  readonly offer?: Offer;
};
type Offer = { readonly title: string; readonly run: () => void } | "none";

const settlers = new Set<() => Promise<unknown>>();

/** Registers what fetches shown data again after an act; an overlay stays until all have. */
export function onActed(refetch: () => Promise<unknown>): () => void {
  settlers.add(refetch);
  return () => settlers.delete(refetch);
}

/** Fetches everything shown again. A failure is shown by the store that has it. */
export const refetchShown = (): Promise<unknown> =>
  Promise.allSettled([...settlers].map((settle) => settle()));

/** Says what became of an act on several assets, in a toast. */
export function reportAct(act: app.Act, icon = "check", offer?: Offer): void {
  const refused = act.results.filter((r) => r.error);
  const first = refused[0]?.error;
  if (act.done === 0 && first) {
    const more =
      refused.length > 1 ? ` ${count(refused.length - 1, "more")} refused.`.replace("mores", "more") : "";
    toastsStore.error({ ...first, hint: `${first.hint}${more}` });
    return;
  }
  if (act.sentence === "" && !first) return; // it was so already
  const left = first ? `${refused.length} not done: ${first.message}` : "";
  const action = offer === "none" ? undefined : offer;
  const undo = act.op !== "" && offer === undefined;
  toastsStore.show({ text: act.sentence || "Done", detail: left, icon, undo, action });
}

/** Runs an act with its overlay and its toast; undefined when the call itself failed. */
export async function runAct(a: Act): Promise<app.Act | undefined> {
  const lift = a.ids && a.patch ? overlayStore.lay(a.ids, a.patch) : () => {};
  try {
    const act = await fly(a.run);
    if (!(a.quiet === true && act.done === 0)) reportAct(act, a.icon, a.offer);
    await refetchShown();
    return act;
  } catch (error) {
    toastsStore.error(error);
    return undefined;
  } finally {
    lift();
  }
}

async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    toastsStore.error(error);
    return false;
  }
}

export const acts = {
  /** Gives tasks to a person; to "" = to nobody. */
  assign: (
    ids: readonly string[],
    to: string,
    more: { convert?: boolean; reason?: string; override?: boolean; quiet?: boolean } = {},
  ) =>
    runAct({
      ids,
      quiet: more.quiet ?? false,
      patch: { assignee: to },
      icon: to === "" ? "user-round-x" : "user-round-check",
      run: () =>
        Assign({
          ids: [...ids],
          to,
          convert: more.convert ?? false,
          reason: more.reason ?? "",
          override: more.override ?? false,
        }),
    }),

  claim: (ids: readonly string[]) =>
    runAct({
      ids,
      patch: { assignee: projectStore.get().project?.me.id ?? "" },
      icon: "user-round-check",
      run: () => Claim([...ids]),
    }),

  setStatus: (
    ids: readonly string[],
    status: string,
    more: { notes?: readonly string[]; reason?: string; quiet?: boolean } = {},
  ) =>
    runAct({
      ids,
      quiet: more.quiet ?? false,
      patch: { status },
      icon: "circle-dot",
      run: () =>
        SetStatus({ ids: [...ids], status, notes: [...(more.notes ?? [])], reason: more.reason ?? "" }),
    }),

  convert: (ids: readonly string[], to: "task" | "resource") =>
    runAct({ icon: "shapes", run: () => Convert([...ids], to) }),

  setType: (ids: readonly string[], type: string) =>
    runAct({ ids, patch: { type }, icon: "shapes", run: () => SetFields({ ...fields(ids), type }) }),

  setDue: (ids: readonly string[], due: string) =>
    runAct({ ids, patch: { due }, icon: "calendar", run: () => SetFields({ ...fields(ids), due }) }),

  setPriority: (ids: readonly string[], priority: number) =>
    runAct({
      ids,
      patch: { priority },
      icon: "signal-high",
      run: () => SetFields({ ...fields(ids), priority }),
    }),

  setEstimate: (ids: readonly string[], estimateMin: number) =>
    runAct({ icon: "clock", run: () => SetFields({ ...fields(ids), estimateMin }) }),

  setDescription: (ids: readonly string[], description: string) =>
    runAct({ icon: "pencil", run: () => SetFields({ ...fields(ids), description }) }),

  tag: (ids: readonly string[], add: readonly string[], remove: readonly string[]) =>
    runAct({
      icon: "tag",
      run: () => SetFields({ ...fields(ids), addTags: [...add], removeTags: [...remove] }),
    }),

  rename: (id: string, name: string) =>
    runAct({ ids: [id], patch: { name }, icon: "pencil", run: () => Rename(id, name) }),

  moveTo: (ids: readonly string[], parent: string) =>
    runAct({ icon: "folder-up", run: () => MoveTo([...ids], parent) }),

  trash: (ids: readonly string[]) => runAct({ icon: "trash-2", run: () => Trash([...ids]) }),

  create: (request: app.NewRequest) =>
    runAct({ icon: request.collection ? "folder-plus" : "file-plus", run: () => New(request) }),

  addNote: (id: string, text: string) => runAct({ icon: "sticky-note", run: () => AddNote(id, text) }),

  tickNote: (note: string, done: boolean) => runAct({ icon: "check", run: () => TickNote(note, done) }),

  depend: (id: string, targets: readonly string[], remove: boolean) =>
    runAct({ icon: remove ? "unlink" : "link-2", run: () => Depend(id, [...targets], remove) }),

  open: (id: string) => attempt(() => OpenInApp(id)),
  reveal: (id: string) => attempt(() => Reveal(id)),

  /** Reads the working folder again; files:changed follows. */
  rescan: () => attempt(Rescan),
};

const fields = (ids: readonly string[]): app.SetRequest => ({ ids: [...ids], addTags: [], removeTags: [] });
