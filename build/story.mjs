// The story of build/soak story: two people and a producer, with real processes on loopback. Who was offline loses nothing.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { binary, scratch } from "./program.mjs";

const password = "a long password";
const expect = (holds, what) => {
  if (!holds) throw new Error(`story: ${what}`);
};

/** A studio server of its own, and people who have a home each. */
export async function house(people) {
  const dir = scratch().dir;
  const data = join(dir, "studio");
  const run = (env, cwd, args, input) => spawnSync(binary, args, { cwd, env: { ...process.env, ...env }, encoding: "utf8", input, maxBuffer: 1 << 30 });
  const fine = (r, what) => {
    if (r.status !== 0) throw new Error(`${what}: exit ${r.status}\n${r.stdout}${r.stderr}`);
    return r.stdout;
  };
  fine(run({}, dir, ["studio", "init", "--data", data, "--admin", people[0], "--password-stdin"], `${password}\n`), "studio init");
  for (const p of people.slice(1)) fine(run({}, dir, ["studio", "user", "add", p, "--data", data, "--password-stdin"], `${password}\n`), "user add");
  const server = { dir, data, log: "" };
  server.start = async () => {
    const child = spawn(binary, ["studio", "serve", "--data", data, "--listen", server.listen ?? "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.on("data", (b) => (server.log += b));
    for await (const line of createInterface({ input: child.stdout })) {
      const at = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (at) {
        server.url = at[0];
        server.listen = at[0].slice("http://".length);
        break;
      }
    }
    server.child = child;
  };
  server.stop = (signal = "SIGTERM") =>
    new Promise((done) => {
      server.child.on("close", done);
      server.child.kill(signal);
    });
  await server.start();
  const person = (name) => {
    const at = { name, root: join(dir, "films", name), env: { FRAMEHOLD_HOME: join(dir, "homes", name) } };
    mkdirSync(join(dir, "films"), { recursive: true });
    at.raw = (args, input, cwd = at.root) => run(at.env, cwd, args, input);
    at.ok = (...args) => fine(at.raw(args), `${name}: framehold ${args.join(" ")}`);
    at.json = (...args) => JSON.parse(at.ok(...args, "--json"));
    at.write = (path, text) => writeFileSync(join(at.root, path), text);
    at.read = (path) => readFileSync(join(at.root, path), "utf8");
    at.login = () => fine(at.raw(["login", server.url, "--username", name, "--password-stdin"], `${password}\n`, dir), `${name}: login`);
    at.clone = () => {
      at.login();
      fine(at.raw(["clone", `${server.url}/Film`, at.root], undefined, dir), `${name}: clone`);
    };
    fine(at.raw(["profile", "--username", name], undefined, dir), "profile");
    return at;
  };
  return { server, dir, people: Object.fromEntries(people.map((p) => [p, person(p)])), fine };
}

/** A film of pia's, published, with a task of ana's; everyone has a copy. */
export async function film() {
  const h = await house(["pia", "ana", "ben"]);
  const { pia, ana, ben } = h.people;
  h.fine(pia.raw(["init", pia.root, "--name", "Film"], undefined, h.dir), "init");
  for (const p of ["ana", "ben"]) pia.ok("member", "add", p);
  pia.write("shot_020.blend", "one");
  pia.ok("add", "shot_020.blend", "--task", "--assign", "ana", "-m", "first");
  pia.login();
  pia.ok("publish", h.server.url, "--yes");
  ana.clone();
  ben.clone();
  return h;
}

export async function story() {
  const h = await film();
  const { pia, ana, ben } = h.people;
  try {
    ana.ok("fetch", "shot_020.blend");
    expect(ana.read("shot_020.blend") === "one", "ana has the file");
    await h.server.stop(); // ana is offline
    ana.write("shot_020.blend", "two of ana");
    const two = ana.json("checkpoint", "shot_020.blend", "-m", "two").checkpoints[0];
    ana.write("shot_020.blend", "three of ana");
    const three = ana.json("checkpoint", "shot_020.blend", "-m", "three", "--status", "wfa").checkpoints[0];
    expect(two.label === "v2*" && three.label === "v3*" && three.state === "local", `labels ${two.label} ${three.label} ${three.state}`);
    const offline = ana.raw(["sync"]);
    expect(offline.status === 6, `offline sync exits ${offline.status}`);

    await h.server.start();
    pia.ok("assign", "shot_020.blend", "--to", "ben", "--reason", "ana is away");
    pia.ok("sync");
    ben.ok("sync");
    ben.ok("fetch", "shot_020.blend");
    ben.write("shot_020.blend", "two of ben");
    ben.ok("checkpoint", "shot_020.blend", "-m", "ben goes on");
    ben.ok("sync");

    const back = ana.raw(["sync", "--json"]);
    expect(back.status === 4, `ana's sync exits ${back.status}: ${back.stdout}${back.stderr}`);
    const told = JSON.parse(back.stdout);
    expect(told.parked.length > 0 && told.unsent === 0, "ana's work is parked, nothing waits");
    expect(ana.read("shot_020.blend") === "three of ana", "ana's file is untouched");
    expect(ana.json("tasks").tasks[0].head === 2, "ben's version is the head");
    const refused = ana.raw(["checkpoint", "shot_020.blend", "-m", "again", "--json"]);
    expect(refused.status === 3 && JSON.parse(refused.stdout).error.code === "not_assignee", "ana may not go on");

    pia.ok("sync");
    ben.raw(["sync"]);
    for (const who of [pia, ana, ben]) {
      const parked = who.json("parked", "list").parked;
      expect(parked.length === 1 && parked[0].checkpoints === 2 && parked[0].author === "ana", `${who.name} sees one chain of two`);
    }
    ben.ok("parked", "adopt", "shot_020.blend");
    ben.ok("sync");
    for (const who of [pia, ana, ben]) {
      who.raw(["sync"]);
      expect(who.json("tasks").tasks[0].head === 3, `${who.name} is at v3`);
      expect(who.json("verify").ok, `${who.name} verifies`);
    }
    const out = join(h.dir, "out");
    pia.ok("restore", "shot_020.blend", "--checkpoint", "v3", "--out", out);
    expect(readFileSync(out, "utf8") === "three of ana", "v3 is ana's, byte for byte");
    console.log("story: two checkpoints made offline parked as one chain, adopted as v3, byte for byte; nothing needed a decision to go on");
  } finally {
    await h.server.stop();
  }
}
