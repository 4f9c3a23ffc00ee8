import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Drag, type DragCalls, dragOn } from "./dragdom";

let root: HTMLElement;
let drag: Drag;
let calls: { [K in keyof DragCalls]: ReturnType<typeof vi.fn<DragCalls[K]>> };
let frames: FrameRequestCallback[];

const rect = (el: Element | null, left: number, top: number, right: number, bottom: number): void => {
  if (el) el.getBoundingClientRect = () => new DOMRect(left, top, right - left, bottom - top);
};
const find = (selector: string): HTMLElement => {
  const el = root.querySelector<HTMLElement>(selector);
  if (!el) throw new Error(`no ${selector}`);
  return el;
};

beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => frames.push(callback));
  vi.stubGlobal("cancelAnimationFrame", () => {
    frames = [];
  });
  document.body.innerHTML = `<div id="root">
    <section data-drag-zone="todo"><div data-drag-scroll="y">
      <article data-drag-item="a" data-drag-index="0"><button>Assign</button><img alt=""></article>
      <article data-drag-item="b" data-drag-index="1"></article></div></section>
    <section data-drag-zone="wip"></section></div>`;
  root = document.getElementById("root") as HTMLElement;
  rect(find('[data-drag-zone="todo"]'), 0, 0, 100, 400);
  rect(find('[data-drag-scroll="y"]'), 0, 0, 100, 400);
  rect(find('[data-drag-item="a"]'), 0, 100, 100, 200);
  rect(find('[data-drag-item="b"]'), 0, 206, 100, 306);
  rect(find('[data-drag-zone="wip"]'), 110, 0, 210, 400);
  calls = {
    lift: vi.fn<DragCalls["lift"]>(() => true),
    over: vi.fn<DragCalls["over"]>(),
    move: vi.fn<DragCalls["move"]>(),
    drop: vi.fn<DragCalls["drop"]>(),
    back: vi.fn<DragCalls["back"]>(),
  };
  drag = dragOn(root, calls);
});
afterEach(() => {
  drag.release();
  vi.unstubAllGlobals();
});

function pointer(type: string, target: EventTarget, x: number, y: number, more: PointerEventInit = {}): void {
  const buttons = type === "pointerup" || type === "pointercancel" ? 0 : 1;
  const init = { bubbles: true, cancelable: true, pointerId: 1, clientX: x, clientY: y, buttons, ...more };
  target.dispatchEvent(new PointerEvent(type, init));
}
const frame = (ms = 16): void => {
  const due = frames;
  frames = [];
  for (const callback of due) callback(performance.now() + ms);
};
const lift = (): void => {
  pointer("pointerdown", find('[data-drag-item="a"]'), 50, 150);
  pointer("pointermove", window, 60, 150);
};

test("a card is lifted, carried over a zone and dropped there", () => {
  lift();
  expect(calls.lift).toHaveBeenCalledWith("a", { x: 60, y: 150 });
  pointer("pointermove", window, 150, 20);
  frame();
  expect(calls.over).toHaveBeenLastCalledWith({ zone: "wip", index: 0 });
  expect(calls.move).toHaveBeenLastCalledWith({ x: 150, y: 20 });
  pointer("pointerup", window, 150, 20);
  expect(calls.drop).toHaveBeenCalledExactlyOnceWith({ zone: "wip", index: 0 });
});

test("the hit test runs once a frame and tells only what changed", () => {
  lift();
  for (let y = 150; y < 190; y++) pointer("pointermove", window, 150, y);
  expect(calls.over).not.toHaveBeenCalled();
  frame();
  frame();
  expect(calls.over).toHaveBeenCalledTimes(1);
});

test("a drop counts where the pointer is let go, also when no frame came since", () => {
  lift();
  pointer("pointerup", window, 50, 300);
  expect(calls.drop).toHaveBeenCalledWith({ zone: "todo", index: 2 });
});

test("let go over nothing, the drop has no place", () => {
  lift();
  pointer("pointerup", window, 900, 900);
  expect(calls.drop).toHaveBeenCalledWith(undefined);
});

test("a press on a button of the card, with another button or by a finger lifts nothing", () => {
  pointer("pointerdown", find("button"), 50, 150);
  pointer("pointermove", window, 90, 150);
  pointer("pointerdown", find("img"), 50, 150, { button: 2 });
  pointer("pointermove", window, 90, 150);
  pointer("pointerdown", find("img"), 50, 150, { pointerType: "touch" });
  pointer("pointermove", window, 90, 150);
  expect(calls.lift).not.toHaveBeenCalled();
});

test("Esc puts back, reaches no one else, and the button's release is no click on the card", () => {
  lift();
  const heard = vi.fn();
  document.body.addEventListener("keydown", heard);
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect(calls.back).toHaveBeenCalledOnce();
  expect(heard).not.toHaveBeenCalled();
  const clicked = vi.fn();
  root.addEventListener("click", clicked);
  pointer("pointerup", window, 60, 150);
  find('[data-drag-item="a"]').dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
  expect(clicked).not.toHaveBeenCalled();
  expect(calls.drop).not.toHaveBeenCalled();
  find("button").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
  expect(clicked).toHaveBeenCalledOnce();
});

test("a button pressed by key after a drop is a click", () => {
  lift();
  pointer("pointerup", window, 150, 20);
  const clicked = vi.fn();
  root.addEventListener("click", clicked);
  find("button").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 0 }));
  expect(clicked).toHaveBeenCalledOnce();
});

test("a native drag is stopped before it costs a press", () => {
  const native = new Event("dragstart", { bubbles: true, cancelable: true });
  expect(find("img").dispatchEvent(native)).toBe(false);
});

test("near an edge the zone scrolls, and what lay there is measured again", () => {
  lift();
  const scroller = find('[data-drag-scroll="y"]');
  pointer("pointermove", window, 50, 395);
  frame();
  expect(calls.over).toHaveBeenLastCalledWith({ zone: "todo", index: 2 });
  const before = scroller.scrollTop;
  rect(find('[data-drag-item="b"]'), 0, 380, 100, 480);
  frame(40);
  expect(scroller.scrollTop).toBeGreaterThan(before);
  expect(calls.over).toHaveBeenLastCalledWith({ zone: "todo", index: 1 });
});

test("after refresh a moved zone is found where it is", () => {
  lift();
  pointer("pointermove", window, 250, 20);
  frame();
  expect(calls.over).not.toHaveBeenCalled();
  rect(find('[data-drag-zone="wip"]'), 220, 0, 320, 400);
  frame();
  expect(calls.over).not.toHaveBeenCalled();
  drag.refresh();
  frame();
  expect(calls.over).toHaveBeenLastCalledWith({ zone: "wip", index: 0 });
});

test("a refused lift carries nothing", () => {
  calls.lift.mockReturnValue(false);
  lift();
  pointer("pointerup", window, 150, 20);
  expect(calls.drop).not.toHaveBeenCalled();
  expect(frames).toEqual([]);
});
