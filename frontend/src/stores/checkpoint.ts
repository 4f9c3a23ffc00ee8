// The Create checkpoint dialog: what it is about, what is typed, the picture, and how far saving is.
import { type Problem, toProblem } from "../lib/errors";
import { savedLine } from "../lib/saving";
import { createStore } from "../lib/store";
import { Create, Prepare } from "../wailsjs/go/app/Checkpoints";
import type { app } from "../wailsjs/go/models";
import { refetchShown } from "./acts";
import { files } from "./files";
import { jobsStore } from "./jobs";
import { toastsStore } from "./toasts";

export type Picture = {
  readonly token: string;
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly preview: string;
};
export type CheckpointState = {
  readonly ids: readonly string[];
  readonly prepared: app.Prepared | undefined;
  readonly comment: string;
  readonly status: string;
  readonly picture: Picture | undefined;
  /** The person said that a review goes without an image. */
  readonly noImage: boolean;
  readonly uploading: boolean;
  readonly error: Problem | undefined;
  readonly job: string;
  /** Offered beside saving: the plain move that a drop asked for. */
  readonly onlyMove: (() => void) | undefined;
};

const closed: CheckpointState = {
  ids: [],
  prepared: undefined,
  comment: "",
  status: "",
  picture: undefined,
  noImage: false,
  uploading: false,
  error: undefined,
  job: "",
  onlyMove: undefined,
};
const store = createStore<CheckpointState>(closed);
let opened = 0;
// Words typed and not saved come back when the dialog opens for the same assets again.
let draft = { of: "", comment: "" };
const keyOf = (ids: readonly string[]): string => [...ids].sort().join(" ");

function prepare(ids: readonly string[]): void {
  const mine = opened;
  void Prepare([...ids]).then(
    (prepared) => {
      if (mine === opened) store.set({ prepared });
    },
    (error) => {
      if (mine === opened) store.set({ error: toProblem(error) });
    },
  );
}

/** Opens the dialog for these assets; `status` is the one to send them to. */
export function openCheckpoint(ids: readonly string[], status = "", onlyMove?: () => void): void {
  if (ids.length === 0) return;
  opened += 1;
  store.set({ ...closed, ids, status, onlyMove, comment: draft.of === keyOf(ids) ? draft.comment : "" });
  prepare(ids);
}

/** Hands a picture to Go, which keeps it until the checkpoint is made. */
async function upload(picture: Blob): Promise<Picture> {
  const response = await fetch("/image", { method: "POST", body: picture });
  const answer: unknown = await response.json();
  if (!response.ok) throw answer;
  return answer as Picture;
}

/** Files that can be saved. */
export const savable = (p: app.Prepared | undefined): readonly app.PreparedFile[] =>
  p?.files.filter((file) => !file.refusal) ?? [];

async function run(anyway: boolean): Promise<void> {
  const s = store.get();
  const files = anyway ? (s.prepared?.files ?? []) : savable(s.prepared);
  try {
    const id = await Create({
      ids: files.map((file) => file.id),
      comment: s.comment,
      image: s.picture?.token ?? "",
      status: s.status,
      anyway,
    });
    jobsStore.watch(id, true);
    store.set({ job: id, error: undefined });
    const job = await jobsStore.ended(id);
    if (job.error) {
      store.set({ job: "", error: toProblem(job.error) });
      return;
    }
    const left = job.act.results.filter((r) => r.error);
    const bytes = savedLine(
      job.newBytes,
      files.reduce((sum, file) => sum + file.bytes, 0),
    );
    const not = left.length === 0 ? "" : ` ${left.length} not saved: ${left[0]?.error?.message ?? ""}`;
    toastsStore.show({
      text: job.act.sentence,
      detail: `Safe on this computer: ${bytes}.${not}`,
      icon: "shield-check",
    });
    await refetchShown();
    if (store.get().job === id) checkpointStore.close();
    draft = { of: "", comment: "" };
  } catch (error) {
    store.set({ job: "", error: toProblem(error) });
  }
}

export const checkpointStore = {
  ...store,
  comment: (comment: string) => store.set({ comment }),
  status: (status: string) => store.set({ status }),
  noImage: (noImage: boolean) => store.set({ noImage }),
  dropPicture: () => store.set({ picture: undefined }),

  async picture(picture: Blob): Promise<void> {
    const mine = opened;
    store.set({ uploading: true, error: undefined });
    try {
      const taken = await upload(picture);
      if (mine === opened) store.set({ picture: taken });
    } catch (error) {
      if (mine === opened) store.set({ error: toProblem(error) });
    } finally {
      if (mine === opened) store.set({ uploading: false });
    }
  },

  save: () => run(false),
  saveAnyway: () => run(true),

  /** Puts the newest version of a file on disk, and looks again at what can be saved. */
  async getNewest(id: string): Promise<void> {
    const { ids } = store.get();
    const mine = opened;
    const job = await files.fetch([id]);
    if (job === undefined) return;
    await jobsStore.ended(job);
    if (mine === opened) prepare(ids);
  },

  stop: () => jobsStore.cancel(store.get().job),

  close(): void {
    const { ids, comment } = store.get();
    draft = { of: keyOf(ids), comment };
    opened += 1;
    store.set(closed);
  },

  /** Moves the cards without a checkpoint, as the drop that opened the dialog asked. */
  onlyMove(): void {
    const move = store.get().onlyMove;
    checkpointStore.close();
    move?.();
  },
};
