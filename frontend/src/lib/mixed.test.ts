import { expect, test } from "vitest";
import { common, shared } from "./mixed";

test("a value is shared when all have it, and an empty value can be shared too", () => {
  expect(shared([{ d: "x" }, { d: "x" }], (i) => i.d)).toBe("x");
  expect(shared([{ d: "" }, { d: "" }], (i) => i.d)).toBe("");
  expect(shared([{ d: "x" }, { d: "y" }], (i) => i.d)).toBeUndefined();
  expect(shared([], () => 1)).toBeUndefined();
});

test("what is in every list is common", () => {
  expect(
    common([
      ["wip", "wfa", "done"],
      ["done", "wip"],
    ]),
  ).toEqual(["wip", "done"]);
  expect(common([])).toEqual([]);
});
