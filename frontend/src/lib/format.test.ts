import { expect, test } from "vitest";
import {
  age,
  ago,
  count,
  day,
  dueStands,
  duration,
  exact,
  folders,
  moment,
  parseDay,
  parseDuration,
  remaining,
  size,
  sizeOf,
  splitName,
} from "./format";

const now = new Date(2026, 2, 13, 12, 0).getTime();
const hours = 3_600_000;

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [4_200_000, "4.2 MB"],
  [9_960_000, "10 MB"],
  [184_000_000, "184 MB"],
  [999_600_000, "1.0 GB"],
])("%d bytes are written %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test("progress is written in the unit of the whole where it can be", () => {
  expect(sizeOf(18_000_000, 31_000_000)).toBe("18 of 31 MB");
  expect(sizeOf(800_000, 2_000_000_000)).toBe("800 kB of 2.0 GB");
});

test.each([
  [0, ""],
  [now - 5_000, "now"],
  [now - 22 * 60_000, "22m"],
  [now - 3 * hours, "3h"],
  [now - 12 * 24 * hours, "12d"],
  [now - 70 * 24 * hours, "10w"],
  [now - 800 * 24 * hours, "2y"],
])("the age of %d is %s", (ms, text) => {
  expect(age(ms, now)).toBe(text);
});

test("ages in words know one and many", () => {
  expect(ago(now - 8 * 60_000, now)).toBe("8 min ago");
  expect(ago(now - 30 * hours, now)).toBe("1 day ago");
  expect(count(1, "task")).toBe("1 task");
  expect(count(1284, "asset")).toBe("1,284 assets");
});

test("a moment in a history names today and yesterday, and the year when it is another", () => {
  expect(moment(new Date(2026, 2, 13, 11, 20).getTime(), now)).toBe("Today, 11:20");
  expect(moment(new Date(2026, 2, 12, 9, 2).getTime(), now)).toBe("Yesterday, 09:02");
  expect(moment(new Date(2026, 2, 8, 11, 5).getTime(), now)).toBe("8 Mar, 11:05");
  expect(moment(new Date(2025, 11, 24, 11, 5).getTime(), now)).toBe("24 Dec 2025");
  expect(exact(new Date(2026, 2, 13, 15, 30).getTime())).toBe("Fri 13 Mar 2026, 15:30");
});

test("a due day is late before today, soon until the day after tomorrow", () => {
  expect(day("2026-03-13", now)).toBe("Today");
  expect(day("2026-03-14", now)).toBe("Tomorrow");
  expect(day("2026-03-20", now)).toBe("Fri 20 Mar");
  expect(day("2027-01-02", now)).toBe("2 Jan 2027");
  expect(dueStands("2026-03-12", now)).toBe("late");
  expect(dueStands("2026-03-15", now)).toBe("soon");
  expect(dueStands("2026-03-16", now)).toBe("");
  expect(dueStands("", now)).toBe("");
});

test("a day that the calendar does not have is no day", () => {
  expect(parseDay("2026-02-30")).toBeUndefined();
  expect(parseDay("24 December")).toBeUndefined();
});

test("the time that is left is rounded up, never shown as nothing", () => {
  expect(remaining(900)).toBe("a few seconds left");
  expect(remaining(39_100)).toBe("40 s left");
  expect(remaining(61_000)).toBe("2 min left");
  expect(remaining(80 * 60_000)).toBe("1 h 20 min left");
});

test.each([
  ["90", 90],
  ["1h 30", 90],
  ["1.5 h", 90],
  ["1,5h", 90],
  ["2d", 960],
  ["45 min", 45],
  ["", 0],
  ["soon", undefined],
  ["2 weeks", undefined],
])("the estimate %s means %s minutes", (text, minutes) => {
  expect(parseDuration(text)).toBe(minutes);
});

test("what is written as a duration is read back as the same", () => {
  for (const minutes of [5, 60, 90, 480, 485, 1000]) expect(parseDuration(duration(minutes))).toBe(minutes);
});

test("names keep their extension apart", () => {
  expect(splitName("sh020_anim.blend")).toEqual(["sh020_anim", ".blend"]);
  expect(splitName(".gitignore")).toEqual([".gitignore", ""]);
  expect(splitName("README")).toEqual(["README", ""]);
  expect(folders("Shots/Shot 020/a.blend")).toBe("Shots / Shot 020");
});
