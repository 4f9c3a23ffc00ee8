import { expect, test } from "vitest";
import { isQuiet, syncText } from "./sync";

const at = (state: string, unsent = 0, need = 0) => ({
  remote: true,
  state,
  unsent,
  need,
  server: "https://studio.example",
  sentence: "",
  nth: 1,
});

test("a personal project says nothing about a studio", () => {
  expect(syncText(undefined)).toBe("");
  expect(syncText({ ...at("offline", 3), remote: false })).toBe("");
});

test("the indicator says how it stands, what is to be sent and what needs the person", () => {
  expect(syncText(at("synced"))).toBe("Synced");
  expect(syncText(at("offline", 3))).toBe("Offline, 3 to send");
  expect(syncText(at("synced", 0, 2))).toBe("Synced, 2 need you");
  expect(syncText(at("needsAuth", 1, 1))).toBe("Sign in to send, 1 to send, 1 needs you");
});

test("only what is synced with nothing left is quiet", () => {
  expect(isQuiet(at("synced"))).toBe(true);
  expect(isQuiet(at("offline"))).toBe(false);
  expect(isQuiet(at("synced", 1))).toBe(false);
});
