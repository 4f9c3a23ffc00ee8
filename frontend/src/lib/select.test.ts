import { expect, test } from "vitest";
import { clear, extend, focusOnly, noSelection, selectAll, selectOnly, toggle, without } from "./select";

const list = (s: { keys: ReadonlySet<string> }) => [...s.keys].sort();

test("a click selects one row alone and begins a range there", () => {
  expect(selectOnly("b")).toEqual({ keys: new Set(["b"]), focus: "b", anchor: "b" });
});

test("Ctrl+click adds and takes away, and moves where a range begins", () => {
  const two = toggle(selectOnly("a"), "c");
  expect([list(two), two.anchor, two.focus]).toEqual([["a", "c"], "c", "c"]);
  expect(list(toggle(two, "a"))).toEqual(["c"]);
});

test("Shift+click replaces by the range from the anchor, which stays", () => {
  const s = extend(selectOnly("b"), "d", ["b", "c", "d"]);
  expect([list(s), s.anchor, s.focus]).toEqual([["b", "c", "d"], "b", "d"]);
  const back = extend(s, "a", ["a", "b"]);
  expect([list(back), back.anchor]).toEqual([["a", "b"], "b"]);
});

test("Ctrl+Shift+click keeps what was selected", () => {
  const s = extend(toggle(selectOnly("a"), "c"), "d", ["c", "d"], true);
  expect(list(s)).toEqual(["a", "c", "d"]);
});

test("a range without an anchor is the row itself", () => {
  expect(extend(noSelection, "x", ["x"]).anchor).toBe("x");
});

test("the focus moves without the selection, and stays when it is cleared", () => {
  const s = focusOnly(selectOnly("a"), "b");
  expect([list(s), s.focus]).toEqual([["a"], "b"]);
  expect(clear(s)).toEqual({ keys: new Set(), focus: "b", anchor: "b" });
  expect(list(selectAll(s, ["a", "b", "c"]))).toEqual(["a", "b", "c"]);
});

test("rows that have gone leave the selection; an untouched one is the very same", () => {
  const s = selectAll(noSelection, ["a", "b"]);
  expect(list(without(s, (k) => k === "a"))).toEqual(["b"]);
  expect(without(s, () => false)).toBe(s);
});
