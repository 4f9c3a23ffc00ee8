import { expect, test } from "vitest";
import { keepFocus, lineageOf, needs, primaryVerb, stepFrom, verbOf } from "./parked";

const refusal = { message: "Your role does not allow this.", hint: "Ana can do it." };
const may = (verb: string) => ({ verb, consequence: "" });
const chain = (id: string, verbs = [may("adopt"), may("copy")]) => ({ id, verbs });
const [a, b, c] = [chain("a"), chain("b"), chain("c")];

test("the first verb that may be done is the primary one, and a refused one says why", () => {
  const refused = chain("a", [{ ...may("adopt"), refusal }, may("copy")] as never);
  expect(primaryVerb(refused)).toBe("copy");
  expect(primaryVerb(chain("a", []))).toBeUndefined();
  expect(verbOf(refused, "adopt")).toBe("Your role does not allow this. Ana can do it.");
  expect(verbOf(refused, "copy")).toBe(true);
  expect(verbOf(refused, "keep")).toBe(false);
  expect(verbOf(undefined, "keep")).toBe(false);
});

test("steps go through the list and stop at its ends", () => {
  expect(stepFrom([a, b, c], "a", 1)).toBe("b");
  expect(stepFrom([a, b, c], "c", 1)).toBe("c");
  expect(stepFrom([a, b, c], "a", -1)).toBe("a");
  expect(stepFrom([a, b, c], "", 1)).toBe("a");
  expect(stepFrom([], "a", 1)).toBe("");
});

test("the keys stay on the chain, or go to the one in its place", () => {
  expect(keepFocus([a, b, c], [a, b, c], "b")).toBe("b");
  expect(keepFocus([a, b, c], [a, c], "b")).toBe("c");
  expect(keepFocus([a, b, c], [a, b], "c")).toBe("b");
  expect(keepFocus([a], [], "a")).toBe("");
  expect(keepFocus([], [a], "")).toBe("a");
});

test("the lineage names base, head and what is parked beside them", () => {
  const drawn = lineageOf({ base: "v1", head: "v2", by: "Ben", labels: ["v2*", "v3*"] });
  expect(drawn.line.map((n) => n.label)).toEqual(["v1, its base", "v2 by Ben, current"]);
  expect(drawn.parked.map((n) => n.label)).toEqual(["v2*", "v3*, parked"]);
  expect(drawn.sentence).toBe("It goes on from v1. v2 is current. v2*, v3* are parked.");
});

test("a long chain is folded; base and head may be one, or none", () => {
  const long = lineageOf({ base: "v4", head: "v4", by: "", labels: ["v5*", "v6*", "v7*", "v8*", "v9*"] });
  expect(long.parked.map((n) => n.label)).toEqual(["v5*", "+3", "v9*, parked"]);
  expect(long.line).toHaveLength(1);
  expect(lineageOf({ base: "", head: "", by: "", labels: ["v1*"] }).line).toEqual([]);
});

test("the title says how much waits", () => {
  expect([needs(0, 0), needs(0, 2), needs(1, 2), needs(3, 3)]).toEqual([
    "Nothing is parked",
    "Nothing waits for a decision",
    "One thing needs a decision",
    "3 things need a decision",
  ]);
});
