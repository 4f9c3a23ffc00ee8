import { expect, test } from "vitest";
import { place } from "./place";

const view = { width: 1000, height: 600 };
const box = { width: 200, height: 300 };
const at = (left: number, top: number, width = 40, height = 20) => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

test("a popover hangs below its anchor", () => {
  expect(place(at(100, 50), box, "below", "start", view)).toEqual({ x: 100, y: 74 });
  expect(place(at(500, 50), box, "below", "end", view)).toEqual({ x: 340, y: 74 });
});

test("it flips up where there is more room", () => {
  expect(place(at(100, 500), box, "below", "start", view)).toEqual({ x: 100, y: 196 });
});

test("it stays inside the window", () => {
  expect(place(at(950, 50), box, "below", "start", view).x).toBe(792);
  expect(place(at(0, 280), { width: 200, height: 590 }, "below", "start", view)).toEqual({ x: 8, y: 8 });
});

test("a side popover goes to the other side when its own has no room", () => {
  expect(place(at(700, 100), box, "left", "start", view)).toEqual({ x: 496, y: 100 });
  expect(place(at(100, 100), box, "left", "start", view)).toEqual({ x: 144, y: 100 });
  expect(place(at(900, 100), box, "right", "start", view)).toEqual({ x: 696, y: 100 });
});
