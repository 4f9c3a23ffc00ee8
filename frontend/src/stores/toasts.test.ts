import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toastsStore } from "./toasts";

const texts = () => toastsStore.get().toasts.map((t) => t.text);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

test("a toast goes away by itself, but not while it is held", () => {
  const id = toastsStore.show({ text: "Ben was assigned" });
  toastsStore.hold(id, true);
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual(["Ben was assigned"]);
  toastsStore.hold(id, false);
  vi.advanceTimersByTime(8_001);
  expect(texts()).toEqual([]);
});

test("at most three are shown, the newest ones", () => {
  for (const text of ["a", "b", "c", "d"]) toastsStore.show({ text });
  expect(texts()).toEqual(["b", "c", "d"]);
});

test("only the newest act offers Undo", () => {
  toastsStore.show({ text: "first", undo: true });
  toastsStore.show({ text: "second", undo: true });
  expect(toastsStore.get().toasts.map((t) => t.undo)).toEqual([false, true]);
});

test("an undo by key takes the offer away", () => {
  toastsStore.show({ text: "first", undo: true });
  toastsStore.withdrawUndo();
  expect(toastsStore.get().toasts.map((t) => t.undo)).toEqual([false]);
});

test("an error is shown with its next step and its reference", () => {
  toastsStore.error({ code: "internal", message: "It failed.", hint: "Try again.", reference: "7f3" });
  expect(toastsStore.get().toasts[0]).toMatchObject({
    tone: "error",
    text: "It failed.",
    detail: "Try again. Reference 7f3.",
  });
});
