import { expect, test } from "vitest";
import { moveChoices } from "./moves";

const statuses = ["todo", "wip", "wfa", "done"].map((id) => ({ id, hidden: id === "done" }));
const row = {
  status: "todo",
  moves: ["wip"],
  stops: [{ status: "wfa", message: "Ben holds it. Ask Ben for it." }],
};

test("open moves come first, a closed one says why, a hidden one that is closed is left out", () => {
  expect(moveChoices(statuses, [row]).map((c) => [c.status.id, c.why])).toEqual([
    ["wip", ""],
    ["wfa", "Ben holds it. Ask Ben for it."],
  ]);
});

test("for several, one closed row closes a move and how many are closed is said", () => {
  const mine = { status: "wip", moves: ["todo", "wfa"], stops: [] };
  expect(moveChoices(statuses, [row, mine]).map((c) => [c.status.id, c.why])).toEqual([
    ["todo", ""],
    ["wip", ""],
    ["wfa", "Closed to 1 of 2: Ben holds it. Ask Ben for it."],
  ]);
});

test("a move without a sentence of its own has one", () => {
  const [choice] = moveChoices(statuses.slice(2, 3), [{ ...row, stops: [] }]);
  expect(choice?.why).toBe("This move is not open to you.");
});
