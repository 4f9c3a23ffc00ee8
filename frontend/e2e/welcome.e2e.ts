// Welcome in Chromium, in a home where nothing is yet: the sample project, a project of one's own, and one of a studio,
// whose real server runs beside it. By mouse and by keys.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, launch, serious, size } from "./chromium";
import { bin, type Program, scratchHome, shots, start } from "./programs";

const home = scratchHome();
const films = join(home.env.FRAMEHOLD_HOME, "films");
const env = { ...home.env, HOME: films };
const pia = { FRAMEHOLD_HOME: join(home.env.FRAMEHOLD_HOME, "pia") };
const pias = join(films, "pia");
const password = "a long password";
let shell: Program;
let studio: Program;
let chrome: Browser;

function cli(at: NodeJS.ProcessEnv, input: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(join(bin, "framehold-server"), args, {
    cwd: films,
    env: { ...process.env, ...at },
    input,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** A studio with a film of pia's, in which ana holds a shot. */
async function house(): Promise<Program> {
  const data = join(home.env.FRAMEHOLD_HOME, "studio");
  cli(pia, `${password}\n`, "studio", "init", "--data", data, "--admin", "pia", "--password-stdin");
  cli(pia, `${password}\n`, "studio", "user", "add", "ana", "--data", data, "--password-stdin");
  const server = await start("framehold-server", [
    "studio",
    "serve",
    "--data",
    data,
    "--listen",
    "127.0.0.1:0",
  ]);
  const url = new URL(server.url).origin;
  cli(pia, "", "profile", "--username", "pia");
  cli(pia, "", "init", pias, "--name", "Northbound");
  writeFileSync(join(pias, "shot_020.blend"), "one");
  cli(pia, "", "member", "add", "ana", "--project", pias);
  cli(
    pia,
    "",
    "add",
    join(pias, "shot_020.blend"),
    "--task",
    "--assign",
    "ana",
    "-m",
    "first",
    "--project",
    pias,
  );
  cli(pia, `${password}\n`, "login", url, "--username", "pia", "--password-stdin");
  cli(pia, "", "publish", url, "--yes", "--project", pias);
  return { ...server, url };
}

beforeAll(async () => {
  mkdirSync(films, { recursive: true });
  cli(env, "", "profile", "--username", "ana", "--name", "Ana Reyes");
  studio = await house();
  shell = await start("framehold-server", ["serve"], env);
  chrome = await launch();
});

afterAll(async () => {
  await chrome?.close();
  await shell?.stop();
  await studio?.stop();
  home.remove();
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
  expect(await dialog.getByLabel("Folder").inputValue()).toBe(join(films, "Northbound"));
  await page.keyboard.press("Control+Enter");
  await page.locator("[data-testid=row]").filter({ hasText: "shot_020" }).waitFor();
  expect(existsSync(join(films, "Northbound", ".framehold"))).toBe(true);
  await page.getByText("Synced", { exact: true }).waitFor();
  cli(pia, "", "new", join(pias, "shot_030.blend"), "--project", pias);
  cli(pia, "", "sync", "--project", pias);
  await page.locator("[data-testid=row]").filter({ hasText: "shot_030" }).waitFor();
  expect(errors).toEqual([]);
  await page.context().close();
});

test("by mouse: a project is made of a folder, and Welcome lists what was open", async () => {
  mkdirSync(join(films, "own"));
  const { page, errors } = await leave();
  const welcome = page.getByTestId("welcome");
  await welcome
    .getByRole("button", { name: /Northbound/ })
    .first()
    .waitFor();
  await welcome.getByText("1 task of yours").waitFor();
  await welcome.getByRole("button", { name: /^New project/ }).click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByLabel("Folder").fill(join(films, "Northbound", "inside"));
  await dialog.getByRole("button", { name: "Make project" }).click();
  await dialog
    .getByRole("alert")
    .getByText(/Northbound/)
    .first()
    .waitFor();
  await dialog.getByLabel("Folder").fill(join(films, "own"));
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
  expect(existsSync(join(films, "Framehold sample"))).toBe(true);
  await page.context().close();
});
