import { expect, test } from "vitest";
import { coalesce, createStore } from "./store";

test("listeners hear a change once, and nothing when nothing differs", () => {
  const store = createStore({ a: 1, b: "x" });
  let heard = 0;
  const end = store.subscribe(() => heard++);
  const before = store.get();
  store.set({ a: 1 });
  expect(store.get()).toBe(before);
  store.set({ a: 2, b: "y" });
  expect([heard, store.get()]).toEqual([1, { a: 2, b: "y" }]);
  end();
  store.set({ a: 3 });
  expect(heard).toBe(1);
});

function gate() {
  const open: (() => void)[] = [];
  let runs = 0;
  const work = () => {
    runs += 1;
    return new Promise<void>((resolve) => open.push(resolve));
  };
  return { work, runs: () => runs, next: () => open.shift()?.() };
}

test("calls while work runs are joined into one more run", async () => {
  const g = gate();
  const start = coalesce(g.work);
  const first = start();
  const later = [start(), start(), start()];
  expect(g.runs()).toBe(1);
  g.next();
  await first;
  await Promise.resolve();
  await Promise.resolve();
  expect(g.runs()).toBe(2);
  g.next();
  await Promise.all(later);
  expect(g.runs()).toBe(2);
});

test("a failed run does not keep the next one from running", async () => {
  let runs = 0;
  const start = coalesce(async () => {
    runs += 1;
    if (runs === 1) throw new Error("no");
  });
  const first = start();
  const second = start();
  await expect(first).rejects.toThrow("no");
  await second;
  expect(runs).toBe(2);
});
