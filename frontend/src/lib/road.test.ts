import { expect, test } from "vitest";
import { hereText, planText, type RoadPlan, reasonOf, roadText, roadTitle, tooLarge } from "./road";

const file = { path: "rig.blend", via: "", bytes: 5_000_000, here: true, new: false, problem: "" };
const plan: RoadPlan = {
  items: [file],
  files: 3,
  bytes: 9_000_000,
  missing: 0,
  toFetch: 0,
  free: 88_000_000_000,
};

test("the size comes first, with the room on the disk", () => {
  expect(planText(plan)).toBe("3 files, 9.0 MB. All of it is here; 88 GB free on this disk.");
  expect(planText({ ...plan, missing: 2, toFetch: 4_100_000 })).toBe(
    "3 files, 9.0 MB. 2 to fetch, 4.1 MB; 88 GB free on this disk.",
  );
  expect(tooLarge({ ...plan, toFetch: 90_000_000_000 })).toBe(true);
  expect(tooLarge(plan)).toBe(false);
});

test("one tick, or how much is here", () => {
  expect(hereText(plan)).toBe("Everything is here");
  expect(hereText({ ...plan, missing: 1 })).toBe("2 of 3 files are here");
  expect(hereText({ ...plan, files: 1, missing: 1 })).toBe("0 of 1 file is here");
});

test("a file says why it is on the list", () => {
  expect(reasonOf(file)).toBe("");
  expect(reasonOf({ ...file, via: "shot.blend" })).toBe("needed by shot.blend");
  expect(reasonOf({ ...file, via: "shot.blend", here: false, new: true })).toBe(
    "needed by shot.blend, new since you left",
  );
  expect(reasonOf({ ...file, problem: "The studio cannot be reached." })).toBe(
    "The studio cannot be reached.",
  );
});

test("the badge says until when, and when that is over", () => {
  const now = new Date(2026, 2, 4, 12).getTime();
  const until = new Date(2026, 2, 6, 23, 59).getTime();
  expect(roadText(until, false, now)).toBe("until Fri 6 Mar");
  expect(roadText(until, true, now)).toBe("due back Fri 6 Mar");
  expect(roadTitle("Ana", until, false, now)).toBe("Ana has it on the road until Fri 6 Mar");
  expect(roadTitle("You", until, false, now)).toBe("You have it on the road until Fri 6 Mar");
  expect(roadTitle("Ana", until, true, now)).toBe("Ana had it on the road until Fri 6 Mar");
});
