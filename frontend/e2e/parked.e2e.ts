// Parked checkpoints in Chromium: parked by the command line with --anyway, then decided in the window, by mouse and by
// keys alone. And what Welcome says of a project whose rules keep this person out.
import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, launch, serious, size } from "./chromium";
import { type Program, run, sampleProject, scratchHome, shots, start } from "./programs";

const project = sampleProject();
const second = join(project.env.FRAMEHOLD_HOME, "second");
const names = ["sh015_anim", "sh025_fx", "sh035_anim"];
const pathOf = (name: string): string =>
  name === "sh015_anim" ? "shots/sq010/sh015_anim.csv" : `shots/sq020/${name}.csv`;
let shell: Program;
let chrome: Browser;

function cli(dir: string, exit: number, ...args: string[]): string {
  const { status, stdout, stderr } = run("framehold-server", [...args, "--project", dir], project.env);
  if (status !== exit) throw new Error(`${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(async () => {
  for (const name of names.slice(1)) cli(project.dir, 0, "assign", pathOf(name), "--to", "noor");
  cpSync(project.dir, second, { recursive: true });
  cli(second, 0, "relocate", "--copy");
  for (const name of names) {
    appendFileSync(join(project.dir, pathOf(name)), "1600,1,2,3\n");
    cli(project.dir, 0, "checkpoint", pathOf(name), "-m", "Blocking at the desk");
    appendFileSync(join(second, pathOf(name)), "1700,3,2,1\n");
    cli(second, 4, "checkpoint", pathOf(name), "-m", "Softer brow, on the train", "--anyway");
  }
  shell = await start("framehold-server", ["serve", "--project", project.dir], project.env);
  chrome = await launch();
});

afterAll(async () => {
  await chrome?.close();
  await shell?.stop();
  project.remove();
});

const chain = (page: Page, name: string) =>
  page.locator("[data-testid=parked]").filter({ has: page.getByRole("heading", { name: new RegExp(name) }) });

async function open(context: BrowserContext): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  const errors = complaints(page);
  await page.goto(shell.url);
  await page.locator("[data-testid=row]").first().waitFor();
  return { page, errors };
}

const held = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.querySelector("h2")?.textContent ?? "");

test.each(["dark", "light"] as const)("no serious accessibility findings, %s", async (colorScheme) => {
  const context = await chrome.newContext({ viewport: size, colorScheme });
  const { page, errors } = await open(context);
  await page.getByRole("button", { name: "Parked, 3 to decide" }).click();
  await chain(page, "sh015_anim").waitFor();
  expect(await page.locator("[data-testid=parked]").count()).toBe(3);
  expect(await serious(page)).toEqual([]);
  await page.screenshot({ path: join(shots, `parked-${colorScheme}.png`) });
  expect(errors).toEqual([]);
  await context.close();
});

test("by keys alone: the list, keep and take it back, adopt; the keys stay in place", async () => {
  const context = await chrome.newContext({ viewport: size });
  const { page, errors } = await open(context);
  await page.keyboard.press("Control+Shift+P");
  await page.getByRole("heading", { name: "3 things need a decision" }).waitFor();
  await page.keyboard.press("k");
  await expect.poll(() => held(page)).toContain("sh015_anim");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  await expect.poll(() => held(page)).toContain("sh035_anim");
  await page.keyboard.press("k");
  await expect.poll(() => held(page)).toContain("sh025_fx");

  await page.keyboard.press("p");
  await chain(page, "sh025_fx").getByText("Kept", { exact: true }).waitFor();
  await expect.poll(() => held(page)).toContain("sh025_fx");
  await page.getByTestId("toast").getByRole("button", { name: "Undo" }).click();
  await chain(page, "sh025_fx").getByText("Kept", { exact: true }).waitFor({ state: "detached" });

  await page.keyboard.press("k");
  await page.keyboard.press("k");
  await expect.poll(() => held(page)).toContain("sh015_anim");
  await page.keyboard.press("Enter");
  await chain(page, "sh015_anim").waitFor({ state: "detached" });
  await expect.poll(() => held(page)).toContain("sh025_fx");
  await page.getByRole("heading", { name: "2 things need a decision" }).waitFor();
  await page.getByRole("button", { name: "Parked, 2 to decide" }).waitFor();
  expect(await page.getByTestId("toast").getByRole("button", { name: /^Undo/ }).count()).toBe(0); // history stays
  expect(errors).toEqual([]);
  await context.close();
});

test("by mouse: from the row's details to the chain; copy, trash and restore, adopt, nothing left", async () => {
  const context = await chrome.newContext({ viewport: size });
  const { page, errors } = await open(context);
  const name = "sh025_fx";
  await page.getByLabel("Search").fill(name);
  const row = page.locator("[data-testid=row]").filter({ hasText: name }).first();
  await row.getByText("1 parked").waitFor();
  await row.click();
  await page.getByRole("list", { name: "History" }).getByText("Parked", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Show what is parked", exact: true }).click();
  await expect.poll(() => held(page)).toContain(name);

  await chain(page, name).getByRole("button", { name: "Save as a copy" }).click();
  await page.getByText(`Saved as shots/sq020/${name} (noor).csv`).waitFor();
  await chain(page, name).waitFor({ state: "detached" });
  const copy = readFileSync(join(project.dir, `shots/sq020/${name} (noor).csv`), "utf8");
  expect(copy).toContain("1700,3,2,1");

  const last = chain(page, "sh035_anim");
  await last.getByRole("button", { name: "Trash" }).click();
  await page.getByRole("heading", { name: "Nothing is parked", level: 1 }).waitFor();
  await page.getByRole("radio", { name: "All" }).click();
  await last.getByText("In the trash").waitFor();
  await last.getByRole("button", { name: "Restore" }).click();
  await last.getByRole("button", { name: "Adopt" }).click();
  await last.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Show the Browser" }).waitFor({ state: "detached" });
  await chain(page, name).getByText("Copied").waitFor();
  await page.getByRole("radio", { name: "Waiting" }).click();
  await page.getByRole("button", { name: "Show the Browser" }).click();
  await page.getByTestId("parked-entry").waitFor({ state: "detached" });
  expect(errors).toEqual([]);
  const log = cli(project.dir, 0, "log", pathOf("sh035_anim"));
  for (const line of ["Parked checkpoint moved to the trash", "Adopted"]) expect(log).toContain(line);
  cli(project.dir, 0, "verify");
  await context.close();
});

test("a project whose rules keep this person out is said on Welcome, with the way on", async () => {
  const home = scratchHome();
  const other = await start("framehold-server", ["serve", "--project", project.dir], {
    ...home.env,
  });
  run("framehold-server", ["profile", "--username", "noor"], home.env);
  const taken = await start("framehold-server", ["serve", "--project", project.dir], home.env);
  const context = await chrome.newContext({ viewport: size });
  const page = await context.newPage();
  await page.goto(other.url);
  await page.getByRole("alert").getByText("You are not in").waitFor();
  await page.goto(taken.url);
  await page
    .getByRole("alert")
    .getByText("Noor Haddad is someone else")
    .or(page.getByText("noor is someone else"))
    .first()
    .waitFor();
  await page.getByRole("alert").getByText("Choose another name").waitFor();
  expect(await page.getByText("Something went wrong").count()).toBe(0);
  await context.close();
  await other.stop();
  await taken.stop();
  home.remove();
});
