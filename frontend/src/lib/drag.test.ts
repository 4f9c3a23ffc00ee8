import { expect, test } from "vitest";
import { type DragInput, type DragState, edgeSpeed, gapAt, type Outcome, rest, step, zoneAt } from "./drag";

const at = (x: number, y: number) => ({ x, y });
const down = (x: number, y: number, pointer = 1): DragInput => ({
  kind: "down",
  pointer,
  point: at(x, y),
  item: "card",
});
const move = (x: number, y: number, pressed = true, pointer = 1): DragInput => ({
  kind: "move",
  pointer,
  point: at(x, y),
  pressed,
});
const up = (x: number, y: number, pointer = 1): DragInput => ({ kind: "up", pointer, point: at(x, y) });

function run(...inputs: DragInput[]): { state: DragState; outcomes: Outcome[] } {
  let state = rest;
  const outcomes: Outcome[] = [];
  for (const input of inputs) {
    const [next, outcome] = step(state, input);
    state = next;
    outcomes.push(outcome);
  }
  return { state, outcomes };
}

test("a press that moves less than three pixels stays a click", () => {
  expect(run(down(10, 10), move(12, 11), up(12, 11)).outcomes).toEqual(["none", "none", "click"]);
});

test("a press that moves three pixels lifts, and its up drops", () => {
  const { state, outcomes } = run(down(10, 10), move(13, 10), move(40, 50), up(40, 50));
  expect(outcomes).toEqual(["none", "lift", "moved", "drop"]);
  expect(state.at).toBe("rest");
});

test("an up whose down was lost drops nothing", () => {
  expect(run(up(10, 10)).outcomes).toEqual(["none"]);
  expect(run(move(10, 10), move(90, 90), up(90, 90)).outcomes).toEqual(["none", "none", "none"]);
});

test("a move without a button says that the up was lost: what is carried goes back", () => {
  expect(run(down(0, 0), move(9, 9), move(20, 20, false)).outcomes).toEqual(["none", "lift", "back"]);
  expect(run(down(0, 0), move(9, 9, false)).outcomes).toEqual(["none", "none"]);
});

test("a second press while something is carried puts it back and starts anew", () => {
  const { state, outcomes } = run(down(0, 0), move(9, 9), down(50, 50));
  expect(outcomes).toEqual(["none", "lift", "back"]);
  expect(state).toMatchObject({ at: "pressed", start: at(50, 50) });
});

test.each<[string, DragInput]>([
  ["pointercancel", { kind: "cancel", pointer: 1 }],
  ["Esc", { kind: "stop" }],
])("%s puts back what is carried, and ends a press without a click", (_, input) => {
  expect(run(down(0, 0), move(9, 9), input, up(9, 9)).outcomes).toEqual(["none", "lift", "back", "none"]);
  expect(run(down(0, 0), input, up(0, 0)).outcomes).toEqual(["none", "none", "none"]);
});

test("another pointer neither moves, drops nor cancels", () => {
  const { state, outcomes } = run(down(0, 0), move(9, 9), move(50, 50, true, 2), up(50, 50, 2), {
    kind: "cancel",
    pointer: 2,
  });
  expect(outcomes).toEqual(["none", "lift", "none", "none", "none"]);
  expect(state).toMatchObject({ at: "dragging", point: at(9, 9) });
});

const slots = [
  { id: "a", index: 0, top: 100, bottom: 200 },
  { id: "b", index: 1, top: 206, bottom: 306 },
];

test.each([
  [0, 0],
  [149, 0],
  [150, 1],
  [255, 1],
  [256, 2],
  [900, 2],
])("height %d falls into gap %d: the middle of a card divides", (y, index) => {
  expect(gapAt(slots, y)).toBe(index);
});

test("a virtual column names gaps by the place in the whole column; an empty one has one gap", () => {
  expect(gapAt([{ id: "x", index: 740, top: 0, bottom: 100 }], 80)).toBe(741);
  expect(gapAt([], 500)).toBe(0);
});

test.each([60, 100, 140])(
  "a box that opens in the gap holds the answer still, also for cards of %d px",
  (height) => {
    const gapPx = 82;
    const cards = (open: number) =>
      [0, 1, 2, 3].map((i) => {
        const top = i * (height + 6) + (i >= open ? gapPx : 0);
        return { id: String(i), index: i, top, bottom: top + height };
      });
    for (let y = 0; y < 700; y += 1) {
      const first = gapAt(cards(9), y);
      const second = gapAt(cards(first), y);
      expect(gapAt(cards(second), y)).toBe(second);
    }
  },
);

test("the last of zones that overlap takes the drop; outside of all there is none", () => {
  const zones = [
    { id: "under", rect: { left: 0, top: 0, right: 100, bottom: 100 } },
    { id: "over", rect: { left: 50, top: 0, right: 150, bottom: 100 } },
  ];
  expect(zoneAt(zones, at(60, 10))?.id).toBe("over");
  expect(zoneAt(zones, at(10, 10))?.id).toBe("under");
  expect(zoneAt(zones, at(150, 10))).toBeUndefined();
});

test("edges scroll faster the nearer the pointer, the middle not at all, beyond the edge no faster", () => {
  expect(edgeSpeed(400, 0, 800)).toBe(0);
  expect(edgeSpeed(40, 0, 800)).toBeLessThan(0);
  expect(edgeSpeed(5, 0, 800)).toBeLessThan(edgeSpeed(40, 0, 800));
  expect(edgeSpeed(795, 0, 800)).toBeGreaterThan(edgeSpeed(760, 0, 800));
  expect(edgeSpeed(5000, 0, 800)).toBe(edgeSpeed(800, 0, 800));
  expect(edgeSpeed(0, 10, 10)).toBe(0);
});
