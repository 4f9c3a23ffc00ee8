// The long trials of build/soak.
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync, chmodSync, closeSync, copyFileSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, readdirSync, statSync,
  unlinkSync, writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { binary, json, ok, project, random, run, scratch } from "./program.mjs";

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
  for (; killed < cycles; i++) {
    const body = Buffer.from(Array.from({ length: 60_000 + Math.floor(next() * 400_000) }, () => Math.floor(next() * 256)));
    writeFileSync(file, body);
    const child = spawn(binary, ["checkpoint", "shot.blend", "-m", `cycle ${i}`, "--status", i % 2 ? "wip" : "wfa", "--json"], {
      cwd: at.film, env: at.env, stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    child.stdout.on("data", (b) => (said += b));
    const timer = setTimeout(() => child.kill("SIGKILL"), next() * 45);
    const signal = await new Promise((done) => child.on("close", (_, s) => done(s)));
    clearTimeout(timer);
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

  writeFileSync(join(at.film, "big.blend"), Buffer.alloc(1 << 20, 7));
  const stores = join(at.dir, "home/stores");
  if (process.getuid() !== 0) {
    chmodSync(join(stores, readdirSync(stores)[0]), 0o500);
    const refused = run(at, ["add", "big.blend", "--json"]);
    chmodSync(join(stores, readdirSync(stores)[0]), 0o700);
    check(refused.status === 1, `a read-only store: exit ${refused.status}`);
  }
  check(json(at, "verify").ok, "verify");
  const full = await fullDisk();
  console.log(`odd: 5 GiB sparse, empty, growing (file_busy)${full}: as they should`);
}

/** A small tmpfs that fills up: needs the right to mount. */
async function fullDisk() {
  if (process.getuid() !== 0) return "";
  const at = scratch();
  const disk = join(at.dir, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]).status !== 0) return "";
  try {
    const small = { ...at, film: join(at.dir, "film"), env: { ...at.env, FRAMEHOLD_HOME: join(disk, "home") } };
    project(small);
    const body = randomBytes(1 << 20);
    writeFileSync(join(small.film, "a.blend"), body);
    ok(small, "add", "a.blend");
    writeFileSync(join(small.film, "b.blend"), randomBytes(40 << 20));
    const refused = run(small, ["add", "b.blend", "--json"]);
    const error = JSON.parse(refused.stdout).error;
    check(refused.status === 1 && error.code === "disk_full", `a full disk: exit ${refused.status} ${error?.code}`);
    check(json(small, "verify").ok, "verify on a full disk");
    return ", full disk (disk_full)";
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
  case "writers":
    await writers(Number(arg ?? 1000));
    break;
  case "odd":
    await odd();
    break;
  default:
    console.error("build/soak corpora DIR | crash [N] | writers [N] | odd");
    process.exit(2);
}
