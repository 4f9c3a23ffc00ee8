import { expect, test } from "vitest";
import { keyLabels, keyOf, typesText } from "./keymap";

const key = (k: string, mods: Partial<KeyboardEvent> = {}) => ({
  key: k,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...mods,
});

test.each([
  [key("a"), "A"],
  [key("C", { ctrlKey: true, shiftKey: true }), "Ctrl+Shift+C"],
  [key(" "), "Space"],
  [key("?", { shiftKey: true }), "?"],
  [key("Delete", { shiftKey: true }), "Shift+Del"],
  [key("ArrowLeft", { altKey: true }), "Alt+Left"],
  [key("F2"), "F2"],
  [key("1", { ctrlKey: true }), "Ctrl+1"],
])("a key press is named as in the key table", (event, name) => {
  expect(keyOf(event, false)).toBe(name);
});

test("on a Mac Cmd is what Ctrl is elsewhere", () => {
  expect(keyOf(key("z", { metaKey: true }), true)).toBe("Ctrl+Z");
  expect(keyOf(key("z", { ctrlKey: true }), true)).toBe("Z");
  expect(keyLabels("Ctrl+Z", true)).toEqual(["Cmd", "Z"]);
  expect(keyLabels("Ctrl+Z", false)).toEqual(["Ctrl", "Z"]);
});

test("fields keep their letters, a checkbox does not need them", () => {
  const input = document.createElement("input");
  expect(typesText(input)).toBe(true);
  expect(typesText(document.createElement("textarea"))).toBe(true);
  input.type = "checkbox";
  expect(typesText(input)).toBe(false);
  expect(typesText(document.body)).toBe(false);
  expect(typesText(null)).toBe(false);
});
