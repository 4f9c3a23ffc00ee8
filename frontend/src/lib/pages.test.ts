import { expect, test } from "vitest";
import { indexOfKey, pagesAround, rowAt, rowsBetween } from "./pages";

const page = (n: number, length = 100) => Array.from({ length }, (_, i) => ({ key: `k${n * 100 + i}` }));
const pages = new Map([
  [0, page(0)],
  [2, page(2, 30)],
]);

test("the pages around a window are asked for, never before the first or behind the last", () => {
  expect(pagesAround(0, 40, 1000)).toEqual([0]);
  expect(pagesAround(80, 130, 1000)).toEqual([0, 1]);
  expect(pagesAround(240, 290, 1000)).toEqual([1, 2, 3]);
  expect(pagesAround(190, 229, 230)).toEqual([1, 2]);
  expect(pagesAround(0, 0, 0)).toEqual([0]);
});

test("a row is found by its index and by its key, when its page is here", () => {
  expect(rowAt(pages, 229)?.key).toBe("k229");
  expect(rowAt(pages, 150)).toBeUndefined();
  expect(indexOfKey(pages, "k215")).toBe(215);
  expect(indexOfKey(pages, "k150")).toBe(-1);
});

test("a range is whole or nothing", () => {
  expect(rowsBetween(pages, 3, 1)?.map((r) => r.key)).toEqual(["k1", "k2", "k3"]);
  expect(rowsBetween(pages, 98, 201)).toBeUndefined();
});
