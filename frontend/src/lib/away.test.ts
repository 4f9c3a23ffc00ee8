import { expect, test } from "vitest";
import { awayText, whileAway } from "./away";

const at = (ms: number, kind = "news", message = `at ${ms}.`) => ({ kind, message, at: ms });

test("only what happened without the person counts, the last one in words", () => {
  const items = [at(30), at(10), at(20, "ask"), at(50), at(25, "verdict")];
  const happened = whileAway(items, 10, 40);
  expect(happened.map((item) => item.at)).toEqual([25, 30]);
  expect(awayText(happened)).toBe("While you were away: at 30. And 1 more.");
});

test("nothing is said when nothing happened", () => {
  expect(awayText(whileAway([at(10)], 10, 40))).toBe("");
  expect(awayText(whileAway([at(60)], 10, 40))).toBe("");
  expect(awayText([at(20)])).toBe("While you were away: at 20.");
});
