import { expect, test } from "vitest";
import { planDrop, promiseOf } from "./drop";

const card = { id: "a", status: "wip", assignee: "me", state: "modified" };
const review = { id: "wfa", category: "review", asksNote: false };
const retake = { id: "retake", category: "retake", asksNote: false };

test("own modified cards on a review are checkpoints, the others move", () => {
  const plan = planDrop(
    [card, { ...card, id: "b", state: "diverged" }, { ...card, id: "c", state: "normal" }],
    review,
    "me",
  );
  expect(plan).toEqual({ kind: "checkpoint", save: ["a", "b"], move: ["c"] });
  expect(promiseOf(plan, "WFA")).toBe("Send to WFA: asks for 2 checkpoints, moves 1");
  expect(promiseOf(planDrop([card], review, "me"), "WFA")).toBe("Send to WFA: asks for a checkpoint");
});

test("somebody else's modified card moves, and one that stands there already has nothing to save", () => {
  expect(planDrop([{ ...card, assignee: "ben" }], review, "me").kind).toBe("move");
  expect(planDrop([{ ...card, status: "wfa" }], review, "me").kind).toBe("place");
  expect(planDrop([card, { ...card, id: "b", status: "wfa" }], review, "me")).toEqual({
    kind: "checkpoint",
    save: ["a"],
    move: ["b"],
  });
});

test("a retake asks for notes, and so does a status that wants them", () => {
  expect(planDrop([card], retake, "me").kind).toBe("notes");
  const asks = planDrop([card], { id: "hold", category: "blocked", asksNote: true }, "me");
  expect(promiseOf(asks, "Hold")).toBe("Move to Hold: asks for notes");
});
