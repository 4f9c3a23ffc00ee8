import { expect, test } from "vitest";
import { initials, shortName, statusMark } from "./look";

const person = (name: string, me = false) => ({ id: "1", name, username: "ben.s", hue: 0, avatar: "", me });
const status = (key: string, colour: string) => ({
  id: "1",
  key,
  name: key,
  label: key,
  category: "todo",
  colour,
  shape: "",
});

test("people are shortened to what tells them apart", () => {
  expect(shortName(person("Ben Sørensen"))).toBe("Ben S.");
  expect(shortName(person("Cher"))).toBe("Cher");
  expect(shortName(person("Ben", true))).toBe("You");
  expect(shortName(person(""))).toBe("ben.s");
  expect(initials(person("Mei-Lin Zhou"))).toBe("MZ");
  expect(initials(person(""))).toBe("BS");
});

test("a built-in status has its own colours until the project gives it one", () => {
  expect(statusMark(status("wfa", ""))).toBe("wfa");
  expect(statusMark(status("wfa", "#ff0000"))).toBe("custom");
  expect(statusMark(status("ready", "#00ff00"))).toBe("custom");
  expect(statusMark(status("ready", ""))).toBe("todo");
});
