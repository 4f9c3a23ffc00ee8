import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Combobox, Marked } from "./Combobox";
import { Dialog } from "./Dialog";
import { Menu } from "./Menu";
import { Popover } from "./Popover";

let root: Root;
beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  document.body.innerHTML = '<div id="root"></div><button id="before">before</button>';
  root = createRoot(document.getElementById("root") as HTMLElement);
});
afterEach(() => act(() => root.unmount()));

const show = (node: ReactNode) => act(() => root.render(node));
const press = (key: string, init: KeyboardEventInit = {}) =>
  act(() => {
    document.activeElement?.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }),
    );
  });
const type = (text: string) =>
  act(() => {
    const field = document.querySelector("input");
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, text);
    field?.dispatchEvent(new Event("input", { bubbles: true }));
  });

test("a dialog takes the focus, keeps Tab inside, closes with Esc and gives the focus back", () => {
  const before = document.getElementById("before") as HTMLElement;
  before.focus();
  const close = vi.fn();
  show(
    <Dialog title="Move 3 tasks" onClose={close} footer={<button type="button">Move</button>}>
      <input aria-label="Name" />
    </Dialog>,
  );
  expect(document.activeElement?.tagName).toBe("INPUT");
  press("Tab", { shiftKey: true });
  const buttons = [...document.querySelectorAll<HTMLElement>('[role="dialog"] button')];
  buttons[buttons.length - 1]?.focus();
  press("Tab");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Close");
  press("Escape");
  expect(close).toHaveBeenCalledOnce();
  show(null);
  expect(document.activeElement).toBe(before);
});

test("a locked dialog does not close with Esc", () => {
  const close = vi.fn();
  show(
    <Dialog title="Saving" onClose={close} locked>
      <p>…</p>
    </Dialog>,
  );
  press("Escape");
  expect(close).not.toHaveBeenCalled();
});

test("a menu is walked with arrows and first letters, and skips what is disabled", () => {
  const chosen: string[] = [];
  const items = ["Open", "Rename", "Reveal", "Trash"].map((title, i) => ({
    id: title,
    title,
    disabled: i === 1,
    onSelect: () => chosen.push(title),
  }));
  const close = vi.fn();
  show(<Menu anchor={{ x: 10, y: 10 }} items={items} onClose={close} label="Acts" />);
  expect(document.activeElement?.textContent).toBe("Open");
  press("ArrowDown");
  expect(document.activeElement?.textContent).toBe("Reveal");
  press("ArrowUp");
  press("ArrowUp");
  expect(document.activeElement?.textContent).toBe("Trash");
  press("r");
  expect(document.activeElement?.textContent).toBe("Reveal");
  act(() => (document.activeElement as HTMLElement).click());
  expect(chosen).toEqual(["Reveal"]);
  expect(close).toHaveBeenCalledOnce();
});

test("a combobox picks the active row with Enter, and starts at the top after typing", () => {
  const people = ["Ana", "Ben", "Bea"];
  const picked: [string, boolean][] = [];
  let text = "";
  const draw = () =>
    show(
      <Combobox
        label="Assign"
        text={text}
        onText={(next) => {
          text = next;
          draw();
        }}
        items={people.filter((p) => p.startsWith(text))}
        keyOf={(p) => p}
        render={(p) => p}
        onPick={(p, { keepOpen }) => picked.push([p, keepOpen])}
      />,
    );
  draw();
  expect(document.activeElement?.getAttribute("role")).toBe("combobox");
  press("ArrowUp");
  press("Enter");
  press("ArrowDown");
  press("Enter", { ctrlKey: true });
  type("B");
  press("Enter");
  expect(picked).toEqual([
    ["Bea", false],
    ["Ana", true],
    ["Ben", false],
  ]);
});

test("what typing does not look for is taken by Enter only after an arrow went there", () => {
  const picked: string[] = [];
  let text = "";
  const draw = () =>
    show(
      <Combobox
        label="Assign"
        text={text}
        onText={(next) => {
          text = next;
          draw();
        }}
        items={["Ana", "Unassign"].filter((p) => p === "Unassign" || p.startsWith(text))}
        isAside={(p) => p === "Unassign"}
        keyOf={(p) => p}
        render={(p) => p}
        onPick={(p) => picked.push(p)}
      />,
    );
  draw();
  type("Zoe");
  press("Enter");
  expect(picked).toEqual([]);
  press("ArrowDown");
  press("Enter");
  expect(picked).toEqual(["Unassign"]);
});

test("a popover takes the focus when nothing in it asked for it, and gives it back", () => {
  const before = document.getElementById("before") as HTMLElement;
  before.focus();
  show(
    <Popover anchor={before} label="Due" onClose={() => {}}>
      <button type="button">Today</button>
    </Popover>,
  );
  expect(document.activeElement?.textContent).toBe("Today");
  show(null);
  expect(document.activeElement).toBe(before);
});

test("matched parts are marked, and ranges that do not fit are left out", () => {
  show(<Marked text="Isabel Duarte" ranges={[3, 5, 40, 50]} />);
  expect(document.querySelector("mark")?.textContent).toBe("be");
  expect(document.getElementById("root")?.textContent).toBe("Isabel Duarte");
});
