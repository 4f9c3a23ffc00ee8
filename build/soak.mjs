// The long trials of build/soak.
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync, closeSync, copyFileSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync,
  readdirSync, rmSync, statSync, unlinkSync, writeFileSync, writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { binary, json, ok, project, random, run, scratch } from "./program.mjs";
import { restored } from "./restored.mjs";
import { story } from "./story.mjs";

const seed = Number(process.env.SEED ?? 1);
const check = (holds, what) => {
  if (!holds) throw new Error(`soak: ${what}`);
};
const storeBytes = (at) => {
  const stores = join(at.dir, "home/stores");
  let bytes = 0;
  for (const entry of readdirSync(stores, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(".pack")) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
};

/** Replays one corpus: import its first commit, checkpoint the others, restore every version of every file. */
function replay(corpus, name) {
  const at = scratch();
  project(at);
  const rows = readFileSync(join(corpus, name, "manifest.tsv"), "utf8")
    .split("\n")
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split("\t"));
  const versions = new Map(); // path -> blobs, v1 first
  let raw = 0;
  for (const commit of [...new Set(rows.map((r) => r[0]))]) {
    const added = [];
    const changed = [];
    for (const [, path, blob, size] of rows.filter((r) => r[0] === commit)) {
      mkdirSync(dirname(join(at.film, path)), { recursive: true });
      copyFileSync(join(corpus, name, "blobs", blob), join(at.film, path));
      raw += Number(size);
      (versions.has(path) ? changed : added).push([path, blob]);
    }
    for (const [path, blob] of added) versions.set(path, [blob]);
    if (added.length > 0) ok(at, "add", "-m", `commit ${commit}`, "--", ...added.map((a) => a[0]));
    if (changed.length === 0) continue;
    const made = json(at, "checkpoint", "-m", `commit ${commit}`, "--", ...changed.map((c) => c[0])).checkpoints;
    for (const k of made) {
      const blob = changed.find((c) => c[0] === k.path)?.[1];
      check(k.state === "accepted" || k.state === "unchanged", `${k.path}: ${k.state}`);
      if (k.state === "accepted") versions.get(k.path).push(blob);
    }
  }
  let restored = 0;
  const out = join(at.dir, "out");
  for (const [path, blobs] of versions) {
    for (const [i, blob] of blobs.entries()) {
      ok(at, "restore", "--checkpoint", `v${i + 1}`, "--out", out, "--", path);
      check(readFileSync(out).equals(readFileSync(join(corpus, name, "blobs", blob))), `${path} v${i + 1} differs`);
      unlinkSync(out);
      restored += 1;
    }
  }
  check(json(at, "verify").ok, "verify");
  const stored = storeBytes(at);
  console.log(`${name}: ${restored} versions byte-equal, ${stored} of ${raw} bytes stored, ${(stored / raw).toFixed(4)}x`);
}

function corpora(dir) {
  check(dir && existsSync(dir), "corpora needs the folder that shared/corpora/make wrote");
  for (const name of ["small", "scene"]) if (existsSync(join(dir, name))) replay(dir, name);
}

/** Kills the program at random moments of a checkpoint. */
async function crash(cycles) {
  const at = scratch();
  project(at);
  const next = random(seed);
  const file = join(at.film, "shot.blend");
  writeFileSync(file, "first");
  ok(at, "add", "shot.blend", "--task", "--assign", json(at, "profile").username);
  const acknowledged = new Map([[1, createHash("sha256").update("first").digest("hex")]]);
  let killed = 0;
  let i = 0;
  let takes = 100; // ms, of a checkpoint that is let be: so that some of the kills come late in it, and some too late
  for (; killed < cycles || acknowledged.size < cycles / 10; i++) {
    const lived = i % 10 === 0; // one in ten is let be, and tells how long it takes now
    const body = Buffer.from(Array.from({ length: 60_000 + Math.floor(next() * 400_000) }, () => Math.floor(next() * 256)));
    writeFileSync(file, body);
    const child = spawn(binary, ["checkpoint", "shot.blend", "-m", `cycle ${i}`, "--status", i % 2 ? "wip" : "wfa", "--json"], {
      cwd: at.film, env: at.env, stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    child.stdout.on("data", (b) => (said += b));
    const began = performance.now();
    const timer = lived ? undefined : setTimeout(() => child.kill("SIGKILL"), next() * 1.2 * takes);
    const signal = await new Promise((done) => child.on("close", (_, s) => done(s)));
    clearTimeout(timer);
    if (signal === null) takes = (takes + performance.now() - began) / 2;
    if (signal === "SIGKILL") killed += 1;
    const made = said.trim() === "" ? undefined : JSON.parse(said).checkpoints[0];
    if (made?.state === "accepted") acknowledged.set(made.version, createHash("sha256").update(body).digest("hex"));
    check(readFileSync(file).equals(body), "the working file was touched");
    if (i % 25 === 24) check(json(at, "verify").ok, `verify after cycle ${i}`);
  }
  const out = join(at.dir, "out");
  for (const [version, hash] of acknowledged) {
    ok(at, "restore", "shot.blend", "--checkpoint", `v${version}`, "--out", out);
    check(createHash("sha256").update(readFileSync(out)).digest("hex") === hash, `v${version} differs`);
    unlinkSync(out);
  }
  check(json(at, "verify").ok, "verify");
  console.log(`crash: ${killed} of ${i} checkpoints killed, ${acknowledged.size} acknowledged and byte-equal, seed ${seed}`);
}

const faultSyscalls = ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"];

/** What strace saw of the calls on the database's files: each with its number among them, and whether it was the one made to fail. */
function traced(file) {
  const numbers = new Map();
  const calls = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const call = /^\d+ +(\w+)\((?:\d+<([^>]*)>|"([^"]*)")/.exec(line);
    if (call === null) continue;
    const what = `${call[1]} ${(call[2] ?? call[3]).split("/").at(-1).replace(/ \(deleted\)$/, "")}`;
    numbers.set(what, (numbers.get(what) ?? 0) + 1);
    calls.push({ what, n: numbers.get(what), failed: line.includes("INJECTED") });
  }
  return { calls, numbers };
}

/** Makes each of SQLite's own calls fail in turn during a checkpoint with a status, with strace. */
function faults() {
  const at = scratch();
  project(at);
  const file = join(at.film, "shot.blend");
  writeFileSync(file, "first");
  ok(at, "add", "shot.blend", "--task", "--assign", json(at, "profile").username);
  const stores = join(at.dir, "home/stores");
  const database = join(stores, readdirSync(stores)[0], "project.db");
  const files = ["", "-wal", "-shm"].map((end) => database + end);
  const trace = join(at.dir, "trace");
  const standing = () => {
    const task = json(at, "tasks").tasks[0];
    return { version: task.head, status: task.status };
  };
  const attempt = (to, of, inject) => spawnSync("strace", ["-f", "-y", "-o", trace, ...of.flatMap((f) => ["-P", f]), "-e", `trace=${faultSyscalls}`, ...inject, binary,
    "checkpoint", "shot.blend", "-m", "faulty", "--status", to, "--json"], { cwd: at.film, env: { ...at.env, GOMAXPROCS: "1" }, encoding: "utf8" });
  const sum = { fired: 0, both: 0, neither: 0, acknowledged: 0 };
  const distinct = new Set();
  let body = 0;
  const trial = (of, syscall, fault, n) => {
    const before = standing();
    const to = before.status === "wfa" ? "wip" : "wfa";
    const content = `body ${++body} `.repeat(20_000);
    writeFileSync(file, content);
    const r = attempt(to, of, syscall === undefined ? [] : ["-e", `inject=${syscall}:${fault}:when=${n}`]);
    const seen = traced(trace);
    const killed = r.signal === "SIGKILL" || r.status === 137;
    const failed = seen.calls.find((c) => c.failed) ?? (killed ? seen.calls.at(-1) : undefined);
    const after = standing();
    const made = after.version === before.version + 1 && after.status === to;
    const what = failed ? `${fault} at ${failed.what} ${failed.n}` : "no fault";
    check(made || (after.version === before.version && after.status === before.status),
      `${what}: v${before.version} ${before.status} became v${after.version} ${after.status}`);
    check(made || r.status !== 0, `${what}: exit 0 and nothing made`);
    check(readFileSync(file, "utf8") === content, `${what}: the working file was touched`);
    if (failed !== undefined) {
      check(json(at, "verify").ok, `${what}: verify`);
      sum.fired += 1;
      sum[made ? "both" : "neither"] += 1;
      if (r.status === 0) sum.acknowledged += 1;
      distinct.add(what);
    }
    return { fired: failed !== undefined, seen };
  };
  for (const of of files) {
    for (const syscall of faultSyscalls) {
      for (const fault of ["error=EIO", "error=ENOSPC", "signal=SIGKILL"]) {
        // The numbers are strace's, one series for each thread: it ends when no thread comes that far.
        for (let n = 1; trial([of], syscall, fault, n).fired; n++);
      }
    }
  }
  const clean = trial(files).seen;
  const calls = [...clean.numbers].map(([what, n]) => `${n} ${what}`).join(", ");
  check(sum.both > 0 && sum.neither > 0, "faults before and after the point of no return");
  console.log(`faults: ${sum.fired} checkpoints with a fault, at ${distinct.size} different calls: ${sum.neither} left neither, ` +
    `${sum.both} both (${sum.acknowledged} acknowledged); all verify. Without a fault: ${calls}`);
}

/** Two processes write to one store. */
async function writers(n) {
  const at = scratch();
  project(at);
  ok(at, "new", "a.blend", "b.blend");
  const loop = async (asset) => {
    for (let i = 0; i < n; i++) {
      const child = spawn(binary, ["note", asset, `note ${i}`, "--quiet"], { cwd: at.film, env: at.env, stdio: ["ignore", "ignore", "inherit"] });
      const code = await new Promise((done) => child.on("close", done));
      check(code === 0, `${asset} note ${i}: exit ${code}`);
    }
  };
  await Promise.all([loop("a.blend"), loop("b.blend")]);
  for (const asset of ["a.blend", "b.blend"]) check(json(at, "note", asset).notes.length === n, `${asset} lost notes`);
  check(json(at, "verify").ok, "verify");
  console.log(`writers: 2 processes, ${n} writes each, no error, nothing lost`);
}

/** What is odd: sparse, empty, growing; a full disk; a store that cannot be written. */
async function odd() {
  const at = scratch();
  project(at);
  const sparse = join(at.film, "cache.vdb");
  const fd = openSync(sparse, "w");
  ftruncateSync(fd, 5 * 2 ** 30);
  closeSync(fd);
  writeFileSync(join(at.film, "empty.txt"), "");
  ok(at, "add", "cache.vdb", "empty.txt");
  ok(at, "restore", "cache.vdb", "--out", join(at.dir, "out.vdb"));
  const back = statSync(join(at.dir, "out.vdb"));
  check(back.size === 5 * 2 ** 30 && back.blocks * 512 < 2 ** 20, "the sparse file is whole and sparse");
  ok(at, "restore", "empty.txt", "--out", join(at.dir, "out.txt"));
  check(statSync(join(at.dir, "out.txt")).size === 0, "the empty file is empty");

  const log = join(at.film, "grows.log");
  writeFileSync(log, Buffer.alloc(64 << 20, 1));
  const writer = setInterval(() => appendFileSync(log, "more"), 2);
  const grown = await new Promise((done) => {
    let said = "";
    const child = spawn(binary, ["add", "grows.log", "--json"], { cwd: at.film, env: at.env, stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.on("data", (b) => (said += b));
    child.on("close", (code) => done({ code, error: JSON.parse(said).error }));
  });
  clearInterval(writer);
  check(grown.code === 1 && grown.error.code === "file_busy", `a growing file: exit ${grown.code} ${grown.error?.code}`);

  check(json(at, "verify").ok, "verify");
  console.log(`odd: 5 GiB sparse, empty, growing (file_busy)${await smallDisk()}: as they should`);
}

/** fill leaves no byte free beside a file. */
function fill(path) {
  const fd = openSync(path, "w");
  try {
    for (const size of [1 << 20, 4096]) {
      for (;;) {
        try {
          if (writeSync(fd, Buffer.alloc(size)) < size) break;
        } catch (e) {
          check(e.code === "ENOSPC", e.code);
          break;
        }
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** withJournal writes a note while another process has the store open, which then dies: its journal is left. */
async function withJournal(at) {
  const child = spawn(binary, ["serve"], { cwd: at.film, env: at.env, stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise((done) => child.on("close", done));
  await new Promise((done) => {
    child.stdout.once("data", done);
    child.stderr.once("data", done);
  });
  ok(at, "note", "a.blend", "hold the pose");
  child.kill("SIGKILL");
  await gone;
  const stores = join(at.env.FRAMEHOLD_HOME, "stores");
  const db = join(stores, readdirSync(stores)[0], "project.db");
  check(statSync(`${db}-wal`).size > 0, "a journal is left");
  rmSync(`${db}-shm`);
}

/** A small disk of its own that fills up, and then turns read-only: needs the right to mount. */
async function smallDisk() {
  const at = scratch();
  const disk = join(at.dir, "disk");
  mkdirSync(disk);
  const mount = (...args) => spawnSync("mount", [...args, disk]).status === 0;
  if (process.getuid() !== 0 || !mount("-t", "tmpfs", "-o", "size=24m", "tmpfs")) return " (full and read-only disk left out: they take the right to mount)";
  try {
    const small = { ...at, film: join(at.dir, "film"), env: { ...at.env, FRAMEHOLD_HOME: join(disk, "home") } };
    const refused = (code, ...args) => {
      const r = run(small, [...args, "--json"]);
      const error = r.stdout === "" ? undefined : JSON.parse(r.stdout).error;
      check(r.status === 1 && error?.code === code, `${args[0]} with ${code}: exit ${r.status} ${error?.code} ${r.stderr}`);
    };
    project(small);
    const body = randomBytes(1 << 20);
    writeFileSync(join(small.film, "a.blend"), body);
    ok(small, "add", "a.blend", "--task", "--assign", json(small, "profile").username);
    writeFileSync(join(small.film, "b.blend"), randomBytes(40 << 20));
    refused("disk_full", "add", "b.blend");
    check(json(small, "verify").ok, "verify on a full disk");
    check(storeBytes({ dir: disk }) < 2 << 20, "what was given up gave its room back");

    await withJournal(small);
    for (const journal of [true, false]) {
      fill(join(disk, "fill"));
      for (const list of [["tasks"], ["files"], ["log"], ["parked"]]) ok(small, ...list);
      check(json(small, "verify").ok && json(small, "note", "a.blend").notes.length === 1, `a full disk is read, journal: ${journal}`);
      const out = join(at.dir, `out-${journal}`);
      ok(small, "restore", "a.blend", "--out", out);
      check(readFileSync(out).equals(body), "a version comes out of a store on a full disk");
      refused("disk_full", "note", "a.blend", "x");
      rmSync(join(disk, "fill"));
      ok(small, "set", "a.blend", "--priority", "1"); // the journal is put in its place by this
    }

    check(mount("-o", "remount,ro"), "remount");
    writeFileSync(join(small.film, "a.blend"), "changed");
    refused("read_only", "checkpoint", "a.blend", "-m", "x");
    refused("read_only", "note", "a.blend", "x");
    ok(small, "restore", "a.blend", "--checkpoint", "v1", "--out", join(at.dir, "out"));
    check(readFileSync(join(at.dir, "out")).equals(body), "a version comes out of a read-only store");
    check(json(small, "tasks").tasks.length === 1 && json(small, "verify").ok, "a read-only store is read");
    check(mount("-o", "remount,rw"), "remount");
    ok(small, "checkpoint", "a.blend", "-m", "x");
    return ", full disk (disk_full, read with and without a journal), read-only disk (read_only)";
  } finally {
    spawnSync("umount", [disk]);
  }
}

const [what, arg] = process.argv.slice(2);
switch (what) {
  case "corpora":
    corpora(arg);
    break;
  case "crash":
    await crash(Number(arg ?? 300));
    break;
  case "faults":
    faults();
    break;
  case "writers":
    await writers(Number(arg ?? 1000));
    break;
  case "odd":
    await odd();
    break;
  case "story":
    await story();
    break;
  case "restored":
    await restored();
    break;
  default:
    console.error("build/soak corpora DIR | crash [N] | faults | writers [N] | odd | server-faults [N] | partition [N] | story | restored");
    process.exit(2);
}
