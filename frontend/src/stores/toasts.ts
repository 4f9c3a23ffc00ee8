// Toasts: what was done, with Undo, and what went wrong. At most three, 8 s each, longer while held or in error.
import { toProblem } from "../lib/errors";
import { createStore } from "../lib/store";

export type Toast = {
  readonly id: number;
  readonly tone: "plain" | "error";
  readonly text: string;
  readonly detail: string;
  /** An icon's name. */
  readonly icon: string;
  /** Offers Undo of the newest act. */
  readonly undo: boolean;
  readonly action?: { readonly title: string; readonly run: () => void } | undefined;
};

const shownMs = 8_000;
const errorMs = 16_000; // two sentences to read
const toastsMax = 3;

const store = createStore<{ toasts: readonly Toast[] }>({ toasts: [] });
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let last = 0;

function arm(toast: Toast): void {
  clearTimeout(timers.get(toast.id));
  timers.set(
    toast.id,
    setTimeout(() => toastsStore.dismiss(toast.id), toast.tone === "error" ? errorMs : shownMs),
  );
}

export const toastsStore = {
  ...store,

  /** Shows a toast and returns its id. A new one that offers Undo takes that offer from the older ones. */
  show(toast: Partial<Omit<Toast, "id">> & { text: string }): number {
    const full: Toast = { tone: "plain", detail: "", icon: "check", undo: false, ...toast, id: ++last };
    const older = store.get().toasts.map((t) => (full.undo && t.undo ? { ...t, undo: false } : t));
    const toasts = [...older, full].slice(-toastsMax);
    for (const gone of older) if (!toasts.includes(gone)) clearTimeout(timers.get(gone.id));
    store.set({ toasts });
    arm(full);
    return full.id;
  },

  /** Shows whatever a call rejected with: its sentence and the next step. */
  error(thrown: unknown, action?: Toast["action"]): number {
    const problem = toProblem(thrown);
    const reference = problem.reference === "" ? "" : ` Reference ${problem.reference}.`;
    return toastsStore.show({
      tone: "error",
      icon: "circle-alert",
      text: problem.message,
      detail: `${problem.hint}${reference}`,
      action,
    });
  },

  /** Takes the offer of Undo away from every toast. */
  withdrawUndo: () =>
    store.set({ toasts: store.get().toasts.map((t) => (t.undo ? { ...t, undo: false } : t)) }),

  dismiss(id: number): void {
    clearTimeout(timers.get(id));
    timers.delete(id);
    store.set({ toasts: store.get().toasts.filter((t) => t.id !== id) });
  },

  /** A toast under the pointer or with the focus stays. */
  hold(id: number, held: boolean): void {
    const toast = store.get().toasts.find((t) => t.id === id);
    if (!toast) return;
    if (held) clearTimeout(timers.get(id));
    else arm(toast);
  },
};
