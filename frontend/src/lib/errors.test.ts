import { expect, test } from "vitest";
import { toProblem } from "./errors";

const refused = { code: "not_assignee", message: "Ben holds it.", hint: "Ask Ben for it.", reference: "" };

test("an error of Go is read as an object and as JSON text", () => {
  expect(toProblem(refused)).toEqual(refused);
  expect(toProblem(JSON.stringify(refused))).toEqual(refused);
});

test("a server that is gone is said in words", () => {
  expect(toProblem(new TypeError("Failed to fetch")).code).toBe("unreachable");
});

test("any other text becomes the message", () => {
  expect(toProblem("no")).toMatchObject({ code: "internal", message: "no" });
  expect(toProblem(new Error("broken")).message).toBe("broken");
  expect(toProblem("").message).toBe("Something went wrong.");
});
