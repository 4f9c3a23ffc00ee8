// Welcome in Chromium, in a home where nothing is yet: the sample project, a project of one's own, and one of a studio,
// whose real server runs beside it. By mouse and by keys.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, launch, serious, size } from "./chromium";
import { type House, house, password } from "./house";
import { type Program, shots, start } from "./programs";

let studio: House;
let shell: Program;
let chrome: Browser;

beforeAll(async () => {
  studio = await house();
  shell = await start("framehold-server", ["serve"], studio.ana.env);
  chrome = await launch();
});

afterAll(async () => {
  await chrome?.close();
  await shell?.stop();
  await studio?.remove();
});

async function open(colorScheme: "dark" | "light" = "dark"): Promise<{ page: Page; errors: string[] }> {
  const context = await chrome.newContext({ viewport: size, colorScheme });
  const page = await context.newPage();
  const errors = complaints(page);
  await page.goto(shell.url);
  await page.getByTestId("welcome").waitFor();
  await page.getByRole("heading", { name: "Projects on this computer" }).waitFor();
  return { page, errors };
}

/** A page on Welcome; the project that is open is closed. */
async function leave(): Promise<{ page: Page; errors: string[] }> {
  const page = await (await chrome.newContext({ viewport: size })).newPage();
  const errors = complaints(page);
  await page.goto(shell.url);
  await page.getByTestId("row").or(page.getByText("This project is empty")).first().waitFor();
  await page.keyboard.press("Control+p");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("close the project");
  await page.keyboard.press("Enter");
  await page.getByTestId("welcome").waitFor();
  return { page, errors };
}

test.each(["dark", "light"] as const)("no serious accessibility findings, %s", async (scheme) => {
  const { page, errors } = await open(scheme);
  await page.getByText("No project yet").waitFor();
  expect(await serious(page)).toEqual([]);
  await page.getByRole("button", { name: /^Join a studio/ }).click();
  await page.getByRole("dialog", { name: "Join a studio" }).waitFor();
  expect(await serious(page)).toEqual([]);
  await page.screenshot({ path: join(shots, `join-${scheme}.png`) });
  expect(errors).toEqual([]);
  await page.context().close();
});

test("by keys alone: a studio is joined, what is wrong is said there, and its project comes here", async () => {
  const { page, errors } = await open();
  await page.getByRole("button", { name: /^Join a studio/ }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Invitation link or address").waitFor();
  await page.keyboard.type(studio.url);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("not the password");
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");

  const film = dialog.getByRole("button", { name: "Northbound" });
  await film.focus();
  await page.keyboard.press("Enter");
  expect(await dialog.getByLabel("Folder").inputValue()).toBe(join(studio.films, "Northbound"));
  await page.keyboard.press("Control+Enter");
  await page.locator("[data-testid=row]").filter({ hasText: "shot_020" }).waitFor();
  expect(existsSync(join(studio.films, "Northbound", ".framehold"))).toBe(true);
  await page.getByText("Synced", { exact: true }).waitFor();
  studio.pia.cli(["new", join(studio.film, "shot_030.blend"), "--project", studio.film]);
  studio.pia.cli(["sync", "--project", studio.film]);
  await page.locator("[data-testid=row]").filter({ hasText: "shot_030" }).waitFor();
  expect(errors).toEqual([]);
  await page.context().close();
});

test("by mouse: a project is made of a folder, and Welcome lists what was open", async () => {
  mkdirSync(join(studio.films, "own"));
  const { page, errors } = await leave();
  const welcome = page.getByTestId("welcome");
  await welcome
    .getByRole("button", { name: /Northbound/ })
    .first()
    .waitFor();
  await welcome.getByText("1 task of yours").waitFor();
  await welcome.getByRole("button", { name: /^New project/ }).click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByLabel("Folder").fill(join(studio.films, "Northbound", "inside"));
  await dialog.getByRole("button", { name: "Make project" }).click();
  await dialog
    .getByRole("alert")
    .getByText(/Northbound/)
    .first()
    .waitFor();
  await dialog.getByLabel("Folder").fill(join(studio.films, "own"));
  await dialog.getByRole("button", { name: "Make project" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("own", { exact: true }).first().waitFor();
  await page.getByText("This project is empty").waitFor();
  expect(errors).toEqual([]);
  await page.context().close();
});

test("the sample project is built and opened", async () => {
  const { page } = await leave(); // ana is the name of one of the film's people too
  await page.getByRole("button", { name: /^Open sample project/ }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Open sample project/ }).click();
  await page.locator("[data-testid=row]").filter({ hasText: "shots" }).first().waitFor();
  expect(existsSync(join(studio.films, "Framehold sample"))).toBe(true);
  await page.context().close();
});
