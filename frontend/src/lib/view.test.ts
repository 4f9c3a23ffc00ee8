import { expect, test } from "vitest";
import { firstView, isNarrowed, nextSort, noFilters, requestOf, toggleFilter } from "./view";

test("only the default list is a tree: elsewhere nothing is open and the default view is flat", () => {
  const open = { ...firstView, expanded: ["a", "b"] };
  expect(requestOf(open, 0, 100)).toMatchObject({ expanded: ["a", "b"], flat: false });
  expect(requestOf({ ...open, layout: "board" }, 0, 100)).toMatchObject({ expanded: [], flat: true });
  expect(requestOf({ ...open, view: "my" }, 0, 100)).toMatchObject({ expanded: [], flat: false });
});

test("a request carries the filters, the trimmed query and its window", () => {
  const view = {
    ...firstView,
    query: " rig ",
    filters: { ...noFilters, assignees: ["none"] },
    sort: "-saved",
  };
  expect(requestOf(view, 200, 50)).toMatchObject({
    query: "rig",
    assignees: ["none"],
    sort: "-saved",
    offset: 200,
    limit: 50,
  });
});

test("filters toggle, and say whether they narrow", () => {
  const some = toggleFilter(noFilters, "tags", "hero");
  expect(some.tags).toEqual(["hero"]);
  expect(toggleFilter(some, "tags", "hero")).toEqual(noFilters);
  expect(isNarrowed(firstView)).toBe(false);
  expect(isNarrowed({ ...firstView, filters: some })).toBe(true);
  expect(isNarrowed({ ...firstView, query: " " })).toBe(false);
});

test("a second click on a head turns the order round", () => {
  expect(nextSort("name", "due")).toBe("due");
  expect(nextSort("due", "due")).toBe("-due");
  expect(nextSort("-due", "due")).toBe("due");
});
