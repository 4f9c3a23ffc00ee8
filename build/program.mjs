// Runs the built program for build/soak and build/bench: scratch homes, runs to the end, servers, medians.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export const root = resolve(import.meta.dirname, "..");
export const binary = join(root, "build/bin/framehold-server");

/** A folder of its own with a home in it, removed at the end of the process. */
export function scratch(base = process.env.SOAK_TMP ?? tmpdir()) {
  const dir = mkdtempSync(join(base, "framehold-soak-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  return { dir, film: join(dir, "film"), env: { ...process.env, FRAMEHOLD_HOME: join(dir, "home") } };
}

/** Runs the program to its end. */
export function run(at, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(binary, args, {
    cwd: options.cwd ?? at.film,
    env: options.env ?? at.env,
    encoding: "utf8",
    maxBuffer: 1 << 30,
    input: options.input,
  });
  return { status, stdout, stderr };
}

/** Runs the program and fails loudly when it does. */
export function ok(at, ...args) {
  const r = run(at, args);
  if (r.status !== 0) throw new Error(`framehold ${args.slice(0, 4).join(" ")}: exit ${r.status}\n${r.stdout}${r.stderr}`);
  return r.stdout;
}

export const json = (at, ...args) => JSON.parse(ok(at, "--json", ...args)); // before a -- that ends the flags

/** A new project; the folder is made. */
export function project(at) {
  const r = spawnSync(binary, ["init", at.film], { env: at.env, encoding: "utf8" });
  if (r.status !== 0) throw new Error(r.stderr);
}

/** Starts the browser shell, on the project or, with none, on Welcome; its address, and how to end it. */
export async function serve(at, options = ["--project", at.film]) {
  const child = spawn(binary, ["serve", ...options], { cwd: at.dir, env: at.env, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("http://")) return { url: line, stop: () => child.kill("SIGTERM"), pid: child.pid };
  }
  throw new Error("serve ended");
}

export const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];

/** Numbers that a seed repeats (mulberry32). */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
