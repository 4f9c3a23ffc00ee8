import { expect, test } from "vitest";
import {
  type CarryColumn,
  carry,
  gapMax,
  gapOf,
  moved,
  pickUp,
  saidBack,
  saidCarry,
  saidDrop,
  saidPickUp,
} from "./carry";

const column = (id: string, cards: string[], over: Partial<CarryColumn> = {}): CarryColumn => ({
  id,
  name: id.toUpperCase(),
  cards,
  more: false,
  open: true,
  why: "",
  ...over,
});
const board = [
  column("todo", ["a", "b"]),
  column("wip", ["c"]),
  column("done", [], { open: false, why: "Only a supervisor can set Done." }),
  column("omitted", []),
];
const held = pickUp(["x"], "rig.blend", "todo", 1);
const keys = (...pressed: string[]) => pressed.reduce((c, key) => carry(c, board, key), held);

test("up and down carry within the column and stop at its ends", () => {
  expect(keys("ArrowUp")).toMatchObject({ column: "todo", index: 0 });
  expect(keys("ArrowUp", "ArrowUp")).toMatchObject({ index: 0 });
  expect(keys("ArrowDown", "ArrowDown", "ArrowDown")).toMatchObject({ index: 2 });
  expect(keys("Home")).toMatchObject({ index: 0 });
  expect(keys("End")).toMatchObject({ index: 2 });
});

test("left and right carry between columns, pass over closed ones and keep the height", () => {
  expect(keys("ArrowRight")).toMatchObject({ column: "wip", index: 1 });
  expect(keys("ArrowRight", "ArrowRight")).toMatchObject({ column: "omitted", index: 0 });
  expect(keys("ArrowRight", "ArrowRight", "ArrowRight")).toMatchObject({ column: "omitted" });
  expect(keys("ArrowLeft")).toBe(held);
});

test("coming home finds the place that it was taken from", () => {
  const back = keys("ArrowDown", "ArrowRight", "ArrowLeft");
  expect(back).toMatchObject({ column: "todo", index: 1 });
  expect(moved(back)).toBe(false);
  expect(moved(keys("ArrowDown"))).toBe(true);
});

test("in a column of which more follows, the last named gap is above the last known card", () => {
  const long = column("todo", ["a", "b", "c"], { more: true });
  expect(gapMax(long)).toBe(2);
  expect(carry(pickUp(["x"], "x", "todo", 2), [long], "ArrowDown").index).toBe(2);
  expect(gapMax(column("todo", ["a"]))).toBe(1);
});

test("a gap is named by the cards above and below it", () => {
  const c = column("todo", ["a", "b"]);
  expect(gapOf(c, 0)).toEqual({ before: "", after: "a" });
  expect(gapOf(c, 1)).toEqual({ before: "a", after: "b" });
  expect(gapOf(c, 2)).toEqual({ before: "b", after: "" });
});

test("a live region hears where it is, and why a column was passed over", () => {
  expect(saidPickUp(held, board)).toContain("Picked up rig.blend, TODO, place 2 of 3");
  const wip = keys("ArrowRight");
  expect(saidCarry(held, wip, board, "ArrowRight")).toBe("WIP, place 2 of 2.");
  const omitted = carry(wip, board, "ArrowRight");
  expect(saidCarry(wip, omitted, board, "ArrowRight")).toBe(
    "DONE: Only a supervisor can set Done. OMITTED, place 1 of 1.",
  );
  expect(saidCarry(omitted, omitted, board, "ArrowRight")).toBe("No further.");
  expect(saidDrop(wip, board)).toBe("Dropped rig.blend in WIP, place 2 of 2.");
  expect(saidDrop(held, board)).toBe("rig.blend stays where it was.");
  expect(saidBack(held)).toBe("Put rig.blend back.");
});

test("at a wall of closed columns the reason is said", () => {
  const walled = board.slice(0, 3);
  const wip = carry(held, walled, "ArrowRight");
  const still = carry(wip, walled, "ArrowRight");
  expect(saidCarry(wip, still, walled, "ArrowRight")).toBe("DONE: Only a supervisor can set Done.");
});
