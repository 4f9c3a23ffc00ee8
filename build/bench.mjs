// The figures of build/bench: medians of 5 beside a control, against the gates of this computer.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import { bigFilm, firstSync, reunion } from "./bigbench.mjs";
import { seen } from "./studiobench.mjs";
import { binary, json, median, ok, project, random, root, scratch, serve } from "./program.mjs";

const rounds = 5;
const failed = [];
const report = (what, value, unit, gate, control) => {
  const passed = value <= gate;
  if (!passed) failed.push(what);
  console.log(`${what}: ${value.toFixed(0)} ${unit} (gate ${gate}), control ${control}${passed ? "" : "  FAILED"}`);
};
const timed = (at, args) => {
  const began = process.hrtime.bigint();
  const r = spawnSync(binary, args, { cwd: at.film, env: at.env, maxBuffer: 1 << 30 });
  if (r.status !== 0) throw new Error(String(r.stderr));
  return Number(process.hrtime.bigint() - began) / 1e6;
};

/** A project of 20,000 tasks in 100 folders, a hundred of them mine. */
function many(at) {
  project(at);
  const me = json(at, "profile").username;
  for (let folder = 0; folder < 100; folder++) {
    const dir = `seq${String(folder).padStart(3, "0")}`;
    ok(at, "mkdir", dir, "--quiet");
    const names = Array.from({ length: 200 }, (_, i) => `${dir}/sh${String(i).padStart(3, "0")}_anim.blend`);
    ok(at, "new", ...names, "--type", "animation", "--tag", dir, "--quiet");
    ok(at, "assign", names[0], "--to", me, "--quiet");
  }
}

async function page(url) {
  const { chromium } = createRequire(join(root, "frontend/package.json"))("playwright-core");
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const shown = await context.newPage();
  await shown.goto(url);
  return { browser, context, shown };
}

/** When something is on the screen, ms after the page began. */
const rowsAfter = (shown, selector) =>
  shown.evaluate(async (selector) => {
    const ready = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
    while (!document.querySelector(selector)) await new Promise(requestAnimationFrame);
    return performance.now() - ready;
  }, selector);

async function tasks() {
  const at = scratch();
  many(at);
  timed(at, ["tasks", "--mine", "--json"]);
  const listed = Array.from({ length: rounds }, () => timed(at, ["tasks", "--mine", "--json"]));
  const control = Array.from({ length: rounds }, () => timed(at, ["version"]));
  report("framehold tasks --mine --json, 20,000 tasks", median(listed), "ms", 300, `version ${median(control).toFixed(0)} ms`);
  const shell = await serve(at);
  const { browser, context, shown } = await page(shell.url);
  const [list, board] = [[], []];
  for (let i = 0; i < rounds; i++) {
    await shown.goto(new URL("/", shell.url).href);
    list.push(await rowsAfter(shown, "[data-testid=row]"));
    const other = await context.newPage();
    await other.goto(new URL("/?view=kanban", shell.url).href);
    board.push(await rowsAfter(other, "[data-testid=card]"));
    const drawn = await other.locator("[data-testid=card]").count();
    if (drawn > 200) failed.push(`board draws ${drawn} cards`);
    await other.close();
  }
  report("list, first rows of 20,000", median(list), "ms", 300, `${list.length} loads`);
  report("board, first cards of 20,000", median(board), "ms", 300, `${board.length} loads`);
  await browser.close();
  shell.stop();
}

async function live() {
  const at = scratch();
  project(at);
  ok(at, "new", "shot.blend");
  const [one, two] = [await serve(at), await serve(at)];
  const { browser, shown } = await page(new URL(two.url).href);
  await shown.goto(new URL("/?view=kanban", two.url).href);
  await shown.locator("[data-testid=card]").waitFor();
  const taken = [];
  const open = await fetch(one.url, { redirect: "manual" });
  const cookie = open.headers.get("set-cookie").split(";")[0];
  const call = async (method, args) => {
    const r = await fetch(new URL("/rpc/call", one.url), {
      method: "POST",
      headers: { "Content-Type": "application/json", cookie, origin: new URL(one.url).origin },
      body: JSON.stringify({ method, args }),
    });
    const answer = await r.json();
    if (answer.error) throw new Error(JSON.stringify(answer.error));
    return answer.result;
  };
  const { statuses } = await call("app.Projects.Current", []);
  const id = json(at, "tasks").tasks[0].id;
  ok(at, "claim", "shot.blend");
  for (let i = 0; i < 2 * rounds; i++) {
    const to = statuses[i % 2 === 0 ? 1 : 0];
    const seen = shown.evaluate(async (key) => {
      while (!document.querySelector(`[data-testid=column-${key}] [data-testid=card]`)) await new Promise(requestAnimationFrame);
      return Date.now();
    }, to.key);
    await call("app.Browser.SetStatus", [{ ids: [id], status: to.id, notes: [], reason: "" }]);
    const answered = Date.now();
    taken.push((await seen) - answered);
  }
  report("a change of one process on the other's screen", median(taken), "ms", 300, `worst of ${taken.length}: ${Math.max(...taken)} ms`);
  await browser.close();
  one.stop();
  two.stop();
}

async function studio() {
  const { p50, p99 } = await seen(page, 60);
  report("a status on another's screen, through the studio", p50, "ms", 30, `p99 ${p99} ms`);
  report("the same, p99", p99, "ms", 150, "60 rounds");
}

async function sync() {
  const h = await bigFilm();
  try {
    const joined = [];
    for (let i = 0; i < rounds; i++) joined.push(await firstSync(h, "ben", i));
    const of = (key) => median(joined.map((j) => j[key]));
    report("joining a project of 100,000 tasks", of("usable"), "ms", 2500, `its whole history ${of("whole").toFixed(0)} ms`);
    report("its first download", of("down") / 1e6, "MB", 4, `${rounds} times`);
    report("most memory meanwhile", of("most") / 1024, "MiB", 150, "VmHWM");
    const { took, pulled } = await reunion(h);
    report("10,000 changes sent and 50,000 received", took, "ms", 5000, `${pulled} events`);
  } finally {
    await h.server.stop();
  }
}

async function memory() {
  const at = scratch();
  project(at);
  const next = random(7);
  const fd = openSync(join(at.film, "big.abc"), "w");
  for (let i = 0; i < 2048; i++) {
    const block = Buffer.alloc(1 << 20);
    for (let j = 0; j < block.length; j += 4) block.writeUInt32LE(Math.floor(next() * 4294967296), j);
    writeSync(fd, block);
  }
  closeSync(fd);
  const child = spawn(binary, ["add", "big.abc", "--quiet"], { cwd: at.film, env: at.env });
  let most = 0;
  const look = setInterval(() => {
    try {
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0));
    } catch {} // it has ended
  }, 20);
  const code = await new Promise((done) => child.on("close", done));
  clearInterval(look);
  if (code !== 0) throw new Error(`add ended with ${code}`);
  report("most memory while saving 2 GiB", most / 1024, "MiB", 200, "VmHWM");
}

console.log(`${cpus()[0].model}, ${cpus().length} cores`);
const all = { tasks, live, memory, studio, sync };
const asked = process.argv[2];
for (const [name, measure] of Object.entries(all)) if (!asked || asked === name) await measure();
if (failed.length > 0) {
  console.error(`failed: ${failed.join("; ")}`);
  process.exit(1);
}
