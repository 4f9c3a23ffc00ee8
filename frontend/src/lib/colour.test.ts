import { expect, test } from "vitest";
import { blend, contrast, customStyle, parseHex, statusColours } from "./colour";

const colours = ["#c86fc4", "#ffff00", "#000000", "#ffffff", "#2b2740", "#00ff80", "#7c8087", "#0000ff"];
const themes = ["dark", "light"] as const;
const grounds = { dark: ["#16171a", "#1c1e21", "#2b2740"], light: ["#fbfbfc", "#ffffff", "#e0ddf6"] };

test.each(colours)("the text of a status coloured %s is readable on its own tint in both themes", (hex) => {
  for (const theme of themes) {
    const { st, solid } = statusColours(hex, theme);
    const alpha = theme === "dark" ? 0.15 : 0.13;
    for (const ground of grounds[theme]) {
      expect(contrast(st, blend(solid, alpha, ground))).toBeGreaterThanOrEqual(4.5);
    }
  }
});

test.each(colours)("the mark of a status coloured %s can be told from every ground", (hex) => {
  for (const theme of themes) {
    for (const ground of grounds[theme]) {
      expect(contrast(statusColours(hex, theme).mark, ground)).toBeGreaterThanOrEqual(3);
    }
  }
});

test("text on the solid colour takes the darker or the lighter, whichever is read better", () => {
  expect(statusColours("#ffe14d", "dark").on).toBe("#0b0d10");
  expect(statusColours("#1b2a6b", "dark").on).toBe("#ffffff");
});

test("a colour that is no colour becomes grey", () => {
  expect(parseHex("tomato")).toEqual([0.5, 0.5, 0.5]);
});

test("the style has both themes, so that switching needs no rendering", () => {
  expect(Object.keys(customStyle("#c86fc4")).sort()).toEqual(
    ["cd", "cl"].flatMap((t) => ["mark", "on", "solid", "st", "tint"].map((n) => `--${t}-${n}`)),
  );
});
