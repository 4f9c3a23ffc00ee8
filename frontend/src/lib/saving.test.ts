import { expect, test } from "vitest";
import { savedLine, sizeLine } from "./saving";

const mb = 1_000_000;

test("before: the whole and how the files stand, never an empty line", () => {
  expect(sizeLine([{ bytes: 12 * mb, state: "modified" }])).toBe("12 MB, modified");
  expect(sizeLine([{ bytes: 0, state: "normal" }])).toBe("0 B, unchanged");
  const two = [
    { bytes: 12 * mb, state: "modified" },
    { bytes: 19 * mb, state: "diverged" },
  ];
  expect(sizeLine(two)).toBe("2 files, 31 MB: all modified");
  expect(sizeLine([...two, { bytes: 0, state: "normal" }])).toBe("3 files, 31 MB: 2 modified, 1 unchanged");
  expect(sizeLine([])).toBe("No file can be saved");
  expect(sizeLine([{ bytes: 1, state: "" }])).toBe("1 B, new");
});

test("after: what was new", () => {
  expect(savedLine(2.1 * mb, 12 * mb)).toBe("2.1 MB new of 12 MB");
  expect(savedLine(0, 12 * mb)).toBe("12 MB, nothing of it new");
});
