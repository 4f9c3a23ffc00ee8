import { expect, test } from "vitest";
import { fly, flyAfter, inFlight } from "./flight";

function act() {
  let end: (failed: boolean) => void = () => {};
  const done = new Promise<string>((resolve, reject) => {
    end = (failed) => (failed ? reject(new Error("refused")) : resolve("done"));
  });
  return { run: () => done, end };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

test("a step waits for the acts that were seen before it, and the next step for it", async () => {
  const order: string[] = [];
  const [good, bad, later] = [act(), act(), act()];
  void fly(good.run).then(() => order.push("good"));
  void fly(bad.run).catch(() => order.push("bad"));
  const steps = ["one", "two"].map((name) => flyAfter(async () => order.push(name)));
  const after = fly(later.run);
  expect(inFlight()).toBe(true);
  await turn();
  expect(order).toEqual([]);
  good.end(false);
  await turn();
  expect(order).toEqual(["good"]);
  bad.end(true);
  await Promise.all(steps);
  expect(order).toEqual(["good", "bad", "one", "two"]);
  later.end(false);
  expect(await after).toBe("done");
  expect(inFlight()).toBe(false);
});

test("a step with nothing before it runs at once", async () => {
  expect(await flyAfter(() => Promise.resolve(1))).toBe(1);
});
