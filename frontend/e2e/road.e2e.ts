// Tasks on the road, asking for them and answering, in Chromium beside a real server: by mouse and by keys.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, launch, serious, size } from "./chromium";
import { type House, house, password } from "./house";
import { type Program, shots, start } from "./programs";

let studio: House;
let shell: Program;
let chrome: Browser;

/** What pia reads once she has heard of the others' work. */
const heard = (...args: string[]): string => {
  studio.pia.cli(["sync", "--project", studio.film]);
  return studio.pia.cli([...args, "--project", studio.film]);
};
const pia = (...args: string[]): string => {
  const done = studio.pia.cli([...args, "--project", studio.film]);
  studio.pia.cli(["sync", "--project", studio.film]);
  return done;
};

beforeAll(async () => {
  studio = await house();
  writeFileSync(join(studio.film, "rig.blend"), "bones of the dragon");
  pia("add", join(studio.film, "rig.blend"));
  pia("depend", "shot_020.blend", "--on", "rig.blend");
  const film = join(studio.films, "ana");
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

async function open(colorScheme: "dark" | "light" = "dark"): Promise<{ page: Page; errors: string[] }> {
  const page = await (await chrome.newContext({ viewport: size, colorScheme })).newPage();
  const errors = complaints(page);
  await page.goto(shell.url);
  await page.getByTestId("row").first().waitFor();
  await page.getByText(/^Synced/).waitFor();
  return { page, errors };
}

const shot = (page: Page) => page.getByTestId("row").filter({ hasText: "shot_020" });

test.each(["dark", "light"] as const)(
  "what goes along is shown before anything is fetched, %s",
  async (theme) => {
    const { page, errors } = await open(theme);
    await shot(page).click();
    await page.keyboard.press("Shift+R");
    const dialog = page.getByRole("dialog", { name: "Take shot_020.blend on the road" });
    await dialog.getByTestId("road-file").filter({ hasText: "rig.blend" }).waitFor();
    await dialog.getByText("needed by shot_020.blend").waitFor();
    await dialog.getByText("2 to fetch").waitFor();
    expect(await serious(page)).toEqual([]);
    await page.screenshot({ path: join(shots, `road-plan-${theme}.png`) });
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(errors).toEqual([]);
    await page.context().close();
  },
);

test("a task goes on the road with all it needs, and its team sees it", async () => {
  const { page, errors } = await open();
  await shot(page).click();
  await page.keyboard.press("Shift+R");
  await page.getByRole("button", { name: "Take on the road" }).click();
  await page.getByTestId("road-here").getByText("Everything is here").waitFor();
  expect(await serious(page)).toEqual([]);
  await page.screenshot({ path: join(shots, "road-here.png") });
  await page.getByRole("button", { name: "Done" }).click();
  await shot(page).getByTestId("road").waitFor();
  await expect.poll(() => heard("log", "shot_020.blend")).toContain("On the road");
  expect(() => pia("assign", "shot_020.blend", "--to", "pia")).toThrow(/on the road until/);
  await page.getByTestId("row").filter({ hasText: "rig" }).click();
  await page.keyboard.press("Delete");
  await page.getByText("on the road with you", { exact: false }).first().waitFor();
  await page.screenshot({ path: join(shots, "road-row.png") });

  await shot(page).click();
  await page.keyboard.press("Control+Shift+R");
  await shot(page).getByTestId("road").waitFor({ state: "detached" });
  expect(errors).toEqual([]);
  await page.context().close();
});

test("who holds a task reads the ask and answers it, by keys and by mouse", async () => {
  pia("ask", "shot_020.blend");
  const { page, errors } = await open("light");
  await page.getByTestId("inbox-entry").waitFor();
  await page.keyboard.press("Control+Shift+U");
  const card = page.locator("[data-testid=inbox-card][data-kind=ask]");
  await card.getByText("asks you to hand in shot_020.blend").waitFor();
  expect(await serious(page)).toEqual([]);
  await page.screenshot({ path: join(shots, "road-ask.png") });
  await card.getByRole("button", { name: "Not yet" }).focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Why not yet").waitFor();
  await page.keyboard.type("the tail is not done");
  await page.keyboard.press("Enter");
  await card.waitFor({ state: "detached" });
  await expect.poll(() => heard("inbox")).toContain("the tail is not done");

  pia("ask", "shot_020.blend");
  await card.getByRole("button", { name: "Hand in" }).click();
  await card.waitFor({ state: "detached" });
  await expect.poll(() => heard("tasks", "--assignee", "pia")).toContain("shot_020");
  expect(errors).toEqual([]);
  await page.context().close();
});

test("a task that another holds is asked for with one key", async () => {
  const { page, errors } = await open();
  await shot(page).click();
  await page.getByRole("button", { name: /^Ask Pia L. for it/ }).waitFor();
  await page.keyboard.press("h");
  await page.getByText("Pia Lindqvist was asked to hand in shot_020.blend").waitFor();
  await expect.poll(() => heard("inbox")).toContain("asks you to hand in shot_020.blend");
  expect(errors).toEqual([]);
  await page.context().close();
});

test("who takes a task that is on the road reads it first and says why; its holder reads that at their return", async () => {
  const film = join(studio.films, "ana");
  pia("assign", "shot_020.blend", "--to", "ana");
  studio.ana.cli(["sync", "--project", film]);
  const until = new Date(Date.now() + 3 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  studio.ana.cli(["road", "shot_020.blend", "--until", until, "--project", film]);
  studio.ana.cli(["sync", "--project", film]);
  await shell.stop(); // ana is on the train
  pia("sync");

  const desk = await start("framehold-server", ["serve", "--project", studio.film], studio.pia.env);
  try {
    const page = await (await chrome.newContext({ viewport: size, colorScheme: "light" })).newPage();
    const errors = complaints(page);
    await page.goto(desk.url);
    await shot(page).getByTestId("road").waitFor();
    await shot(page).click();
    await page.keyboard.press("a");
    await page.getByText("Assign to me").first().click();
    const dialog = page.getByRole("alertdialog", { name: "Somebody is at work on it" });
    await dialog.getByText(/was last here on .* on the road until/).waitFor();
    expect(await dialog.getByRole("button", { name: "Take now" }).isDisabled()).toBe(true);
    expect(await serious(page)).toEqual([]);
    await page.screenshot({ path: join(shots, "road-risk.png") });
    await page.keyboard.type("the client comes on Friday");
    await page.keyboard.press("Enter");
    await shot(page).getByTestId("road").waitFor({ state: "detached" });
    await page.getByText(/^Synced/).waitFor();
    await page.setViewportSize({ width: 1024, height: 768 });
    await page.screenshot({ path: join(shots, "road-1024.png") });
    expect(errors).toEqual([]);
    await page.context().close();
  } finally {
    await desk.stop();
  }
  pia("sync");

  shell = await start("framehold-server", ["serve", "--project", film], studio.ana.env);
  const { page, errors } = await open();
  const banner = page.getByTestId("away");
  await banner.getByText(/While you were away: Pia Lindqvist gave shot_020.blend/).waitFor();
  expect(await serious(page)).toEqual([]);
  await page.screenshot({ path: join(shots, "road-away.png") });
  await banner.getByRole("button", { name: "Show" }).click();
  const card = page.locator("[data-testid=inbox-card][data-code=taken]");
  await card.getByText("the client comes on Friday").waitFor();
  await page.screenshot({ path: join(shots, "road-inbox.png") });
  await card.getByRole("button", { name: "Seen" }).click();
  await card.waitFor({ state: "detached" });
  expect(errors).toEqual([]);
  await page.context().close();
});
