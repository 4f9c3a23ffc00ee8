// The figures of a project of 100,000 tasks: the first sync of somebody who joins, and two weeks of work that meet.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { join } from "node:path";
import { binary } from "./program.mjs";
import { house } from "./story.mjs";

const tasks = 100_000;
const inOne = 2_000; // of a folder, made by one command
const number = (n, width) => String(n).padStart(width, "0");
const folder = (f) => `seq${number(f, 3)}`;
const shots = (f, from = 0, to = inOne) => Array.from({ length: to - from }, (_, i) => `${folder(f)}/sh${number(from + i, 4)}_anim.blend`);

/** A film of pia's with all those tasks, a tenth of them ana's, published; ben is in it and has no copy. */
export async function bigFilm() {
  const h = await house(["pia", "ana", "ben"]);
  const { pia } = h.people;
  h.fine(pia.raw(["init", pia.root, "--name", "Film"], undefined, h.dir), "init");
  for (const p of ["ana", "ben"]) pia.ok("member", "add", p, "--role", "Supervisor");
  for (let f = 0; f < tasks / inOne; f++) {
    pia.ok("mkdir", folder(f), "--quiet");
    pia.ok("new", ...shots(f), "--task", "--type", "animation", "--quiet");
    pia.ok("assign", ...shots(f, 0, inOne / 10), "--to", "ana", "--quiet");
  }
  pia.login();
  pia.ok("publish", h.server.url, "--yes");
  return h;
}

/** A door to the studio that counts what goes through it. */
async function counted(url) {
  const { hostname, port } = new URL(url);
  const through = { up: 0, down: 0 };
  const door = createServer((here) => {
    const there = connect(Number(port), hostname);
    const end = () => (here.destroy(), there.destroy());
    here.on("data", (b) => (through.up += b.length)).on("error", end).on("close", end);
    there.on("data", (b) => (through.down += b.length)).on("error", end).on("close", end);
    here.pipe(there);
    there.pipe(here);
  });
  await new Promise((done) => door.listen(0, "127.0.0.1", done));
  return { through, url: `http://127.0.0.1:${door.address().port}`, close: () => door.close() };
}

/** Joining: until the project can be worked in, until its history is here; ms, bytes, KiB. */
export async function firstSync(h, name, round) {
  const door = await counted(h.server.url);
  const person = h.people[name];
  const ended = (child) => new Promise((done) => child.on("close", done));
  const start = (...args) => spawn(binary, args, { cwd: h.dir, env: { ...process.env, ...person.env }, stdio: ["pipe", "ignore", "inherit"] });
  const login = start("login", door.url, "--username", name, "--password-stdin"); // this process is the door meanwhile
  login.stdin.end("a long password\n");
  if ((await ended(login)) !== 0) throw new Error("login failed");
  const before = door.through.down;
  const root = `${person.root}-${round}`;
  const began = performance.now();
  const child = start("clone", `${door.url}/Film`, root);
  const seen = {};
  const look = setInterval(() => {
    if (seen.usable !== undefined || !existsSync(join(root, ".framehold"))) return;
    seen.usable = performance.now() - began;
    seen.down = door.through.down - before;
    seen.most = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]);
  }, 5);
  const code = await ended(child);
  clearInterval(look);
  door.close();
  if (code !== 0) throw new Error(`clone ended with ${code}`);
  return { ...seen, whole: performance.now() - began };
}

/** ana's 10,000 changes made offline meet 50,000 of ben's: ms of her sync. */
export async function reunion(h) {
  const { ana, ben } = h.people;
  ana.clone();
  ben.clone();
  await h.server.stop();
  for (let f = 0; f < tasks / inOne; f++) ana.ok("set-status", ...shots(f, 0, inOne / 10), "wip", "--quiet");
  await h.server.start();
  for (let f = 0; f < tasks / inOne; f++) ben.ok("set", ...shots(f, inOne / 2), "--priority", "urgent", "--quiet");
  ben.ok("sync", "--quiet");
  const began = performance.now();
  const told = ana.json("sync");
  const took = performance.now() - began;
  if (told.unsent !== 0 || told.pushed !== 10_000) throw new Error(`ana sent ${told.pushed}, ${told.unsent} wait`);
  return { took, pulled: told.pulled };
}
