// Pictures of every screen, in both themes and three widths, on the sample project: build/shots/NAME-WIDTH-THEME.png.
// A person looks at them beside the design. Started by "build/start shots [NAME...]".
import { appendFileSync, cpSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ok, project, root, run, scratch, serve } from "./program.mjs";

const { chromium } = createRequire(join(root, "frontend/package.json"))("playwright-core");
const folder = join(root, "build/shots");
mkdirSync(folder, { recursive: true });

const at = scratch();
ok({ ...at, film: at.dir }, "profile", "--username", "noor", "--name", "Noor Haddad");
ok({ ...at, film: at.dir }, "demo", at.film);
const long = scratch();
project(long);
appendFileSync(join(long.film, `${"a very long name ".repeat(11).trim()} 200.txt`), "x");
ok(long, "add", ".");

/** The details pane has come; a narrow window has it folded. */
const described = async (page) => {
  if (page.viewportSize().width > 1200) await page.getByTestId("story").or(page.getByRole("tab").first()).first().waitFor();
};
const row = (page, name) => page.getByTestId("row").filter({ hasText: name }).first();
const find = async (page, name) => {
  await page.getByLabel("Search").fill(name);
  await row(page, name).waitFor();
};
const select = async (page, name) => {
  await find(page, name);
  await row(page, name).click();
  await described(page);
};

// What is on each picture: the view asked for, and the steps from there.
const screens = {
  browser: ["", async (page) => {
    for (const name of ["shots", "sq020"]) {
      const closed = page.getByRole("button", { name: `Expand ${name}`, exact: true });
      if (await closed.count()) await closed.first().click();
      await page.getByRole("button", { name: `Collapse ${name}`, exact: true }).waitFor();
    }
    await row(page, "sh020_anim").click();
    await described(page);
  }],
  start: ["", async () => {}],
  board: ["", async (page) => {
    await page.getByRole("radio", { name: "Board" }).check({ force: true });
    await page.getByTestId("card").first().waitFor();
  }],
  kanban: ["kanban", async () => {}],
  checkpoint: ["", async (page) => {
    await select(page, "sh015_anim"); // noor's, and modified
    await page.keyboard.press("Control+Shift+C");
    await page.getByRole("dialog").waitFor();
  }],
  assignee: ["", async (page) => {
    await find(page, "sh025_fx");
    await row(page, "sh025_fx").getByRole("button", { name: /^Assignee/ }).click();
    await page.getByTestId("suggestion").first().waitFor();
  }],
  status: ["", async (page) => {
    await select(page, "sh020_anim");
    await page.keyboard.press("s");
    await page.getByRole("listbox").or(page.getByRole("menu")).first().waitFor();
  }],
  nothing: ["", async (page) => {
    await page.getByLabel("Search").fill("zzzz");
    await page.getByText("Nothing here fits the filters").waitFor();
  }],
};

/** The sample project with two chains parked from a second working folder. */
function parkedProject() {
  const away = scratch();
  ok({ ...away, film: away.dir }, "profile", "--username", "noor", "--name", "Noor Haddad");
  ok({ ...away, film: away.dir }, "demo", away.film);
  const second = { ...away, film: join(away.dir, "second") };
  const files = ["shots/sq010/sh015_anim.csv", "shots/sq020/sh025_fx.csv"];
  ok(away, "assign", files[1], "--to", "noor");
  cpSync(away.film, second.film, { recursive: true });
  ok(second, "relocate", "--copy");
  for (const file of files) {
    appendFileSync(join(away.film, file), "1600,1,2,3\n");
    ok(away, "checkpoint", file, "-m", "Blocking from the new board", "--image", "reference/embers.jpg");
    for (const comment of ["Softer brow, on the train", "Eye dart and blink on 1018"].slice(0, file === files[0] ? 2 : 1)) {
      appendFileSync(join(second.film, file), `${comment}\n`);
      const parked = run(second, ["checkpoint", file, "-m", comment, "--anyway", "--image", "reference/embers.jpg"]);
      if (parked.status !== 4) throw new Error(parked.stderr);
    }
  }
  return away;
}

/** In the page: every picture on the screen is there. */
const seen = () =>
  [...document.images]
    .filter((i) => {
      const r = i.getBoundingClientRect();
      return r.bottom > 0 && r.right > 0 && r.top < innerHeight && r.left < innerWidth;
    })
    .every((i) => i.complete);

/** In the page: the folder reads as anybody's, not as that of the computer that took the picture. */
const named = () => {
  const path = document.querySelector("footer .mono");
  if (path) path.textContent = "~/films/The Keeper's Light";
};

const chrome = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const wanted = process.argv.slice(2);
const failed = [];
async function picture(shell, name, view, steps) {
  for (const theme of ["dark", "light"]) {
    for (const [width, height] of [[1024, 720], [1440, 900], [1920, 1080]]) {
      const context = await chrome.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const url = new URL(shell.url);
      if (view) url.searchParams.set("view", view);
      try {
        await page.goto(url.href);
        await page.getByTestId("row").or(page.getByTestId("card")).or(page.getByTestId("welcome")).first().waitFor();
        await steps(page);
        await page.waitForFunction(seen);
        await page.evaluate(named);
      } catch (error) {
        failed.push(`${name} ${width} ${theme}: ${error.message.split("\n")[0]}`);
      }
      await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`) });
      await context.close();
    }
  }
}

const chosen = (name) => wanted.length === 0 || wanted.includes(name);
const film = await serve(at);
for (const [name, [view, steps]] of Object.entries(screens)) if (chosen(name)) await picture(film, name, view, steps);
film.stop();
if (chosen("parked")) {
  const beside = await serve(parkedProject());
  await picture(beside, "parked", "", async (page) => {
    await page.getByTestId("parked-entry").click();
    await page.getByTestId("parked").first().waitFor();
    await page.keyboard.press("j");
  });
  beside.stop();
}
if (chosen("welcome")) {
  const welcome = await serve(at, []);
  await picture(welcome, "welcome", "", async (page) => {
    await page.getByRole("button", { name: "Open a folder…" }).waitFor();
  });
  await picture(welcome, "join", "", async (page) => {
    await page.getByRole("button", { name: /^Join a studio/ }).click();
    await page.getByRole("dialog").waitFor();
  });
  welcome.stop();
}
const names = await serve(long);
if (chosen("long")) await picture(names, "long", "", async () => {});
names.stop();
await chrome.close();
for (const line of failed) console.error(line);
process.exit(failed.length ? 1 : 0);
