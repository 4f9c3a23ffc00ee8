// Offline and back, in Chromium beside a real server: the indicator, the inbox, signing in again.
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, launch, serious, size } from "./chromium";
import { type House, house, password } from "./house";
import { type Program, shots, start } from "./programs";

let studio: House;
let shell: Program;
let chrome: Browser;
let film: string;

beforeAll(async () => {
  studio = await house();
  for (const name of ["shot_040.blend", "shot_050.blend"])
    studio.pia.cli(["new", join(studio.film, name), "--task", "--project", studio.film]);
  studio.pia.cli(["sync", "--project", studio.film]);
  film = join(studio.films, "ana");
  studio.ana.cli(["login", studio.url, "--username", "ana", "--password-stdin"], password);
  studio.ana.cli(["clone", `${studio.url}/Northbound`, film]);
  shell = await start("framehold-server", ["serve", "--project", film], studio.ana.env);
  chrome = await launch();
});

afterAll(async () => {
  await chrome?.close();
  await shell?.stop();
  await studio?.remove();
});

async function open(): Promise<{ page: Page; errors: string[] }> {
  const page = await (await chrome.newContext({ viewport: size })).newPage();
  const errors = complaints(page);
  await page.goto(shell.url);
  await page.getByTestId("row").first().waitFor();
  return { page, errors };
}

test("what is made offline is kept, said to be unsent, and sent when the studio is back", async () => {
  const { page, errors } = await open();
  await page.getByText("Synced", { exact: true }).waitFor();
  await studio.down();
  await page.getByTestId("row").filter({ hasText: "shot_040" }).first().click();
  await page.keyboard.press("a");
  await page.getByText("Assign to me").first().click();
  await page.getByRole("button", { name: /1 to send$/ }).waitFor();
  await studio.up();
  await page.getByText("Synced", { exact: true }).waitFor();
  studio.pia.cli(["sync", "--project", studio.film]);
  expect(studio.pia.cli(["tasks", "--assignee", "ana", "--project", studio.film])).toContain("shot_040");
  expect(errors).toEqual([]);
  await page.context().close();
});

test("what came too late is said once, and stays until it was seen", async () => {
  await shell.stop(); // ana works without a connection
  studio.ana.cli(["claim", "shot_050.blend", "--project", film]);
  studio.pia.cli(["assign", "shot_050.blend", "--to", "pia", "--project", studio.film]);
  studio.pia.cli(["sync", "--project", studio.film]);
  shell = await start("framehold-server", ["serve", "--project", film], studio.ana.env);
  const { page, errors } = await open();
  const entry = page.getByTestId("inbox-entry");
  await entry.click();
  const card = page.getByTestId("inbox-card");
  await card.getByText("shot_050").first().waitFor();
  expect(await serious(page)).toEqual([]);
  await page.screenshot({ path: join(shots, "inbox.png") });
  await card.getByRole("button", { name: "Seen" }).click();
  await page.getByText("Nothing is waiting for you").waitFor();
  await page.getByRole("button", { name: "Show my tasks" }).click();
  await entry.waitFor({ state: "detached" });
  expect(errors).toEqual([]);
  await page.context().close();
});

test("a session that has ended asks to sign in, and what was made meanwhile is sent then", async () => {
  const { page } = await open();
  await page.getByText("Synced", { exact: true }).waitFor();
  studio.ana.cli(["logout", studio.url]); // at another window: the server ends the session
  studio.ana.cli(["note", "shot_020.blend", "look at the knee", "--project", film]);
  const indicator = page.getByRole("button", { name: /^Sign in to send/ });
  await indicator.click();
  const dialog = page.getByRole("dialog", { name: "Sign in to the studio" });
  await dialog.getByLabel("Password").fill("wrong as well");
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Synced", { exact: true }).waitFor();
  studio.pia.cli(["sync", "--project", studio.film]);
  expect(studio.pia.cli(["log", "shot_020.blend", "--project", studio.film])).toContain("look at the knee");
  await page.context().close();
});
