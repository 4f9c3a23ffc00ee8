// The trial of build/soak restored: a server is set back to yesterday under five computers that have today's work.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { cpSync, readFileSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { binary } from "./program.mjs";
import { house } from "./story.mjs";

const artists = ["ana", "ben", "cleo", "dan"];
const check = (holds, what) => {
  if (!holds) throw new Error(`restored: ${what}`);
};
const sha = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Syncs until nothing waits; what was parked or refused is told by exit 4, and counts. */
function sync(who) {
  for (let i = 0; i < 6; i++) {
    const r = who.raw(["sync", "--json"]);
    check(r.status === 0 || r.status === 4, `${who.name}: sync exits ${r.status}\n${r.stdout}${r.stderr}`);
    const said = JSON.parse(r.stdout);
    if (said.unsent === 0) return said;
  }
  throw new Error(`restored: ${who.name} still has something to send`);
}

/** Kills a sync at a random moment, and now and then the server under it. Returns how many were killed. */
async function harass(h, who, times) {
  let killed = 0;
  for (let i = 0; i < times; i++) {
    const child = spawn(binary, ["sync", "--quiet"], { cwd: who.root, env: { ...process.env, ...who.env }, stdio: "ignore" });
    const end = new Promise((done) => child.on("close", (_, signal) => done(signal)));
    await new Promise((done) => setTimeout(done, 15 + Math.random() * 150));
    if (i % 4 === 3) {
      await h.server.stop("SIGKILL");
      await h.server.start();
    }
    child.kill("SIGKILL");
    if ((await end) === "SIGKILL") killed += 1;
  }
  return killed;
}

/** What the log says was done, without what the server numbered: one text for each act. */
function acts(who) {
  return who.json("log").events.map((e) => [e.kind, e.actor, e.at, e.from, e.to, e.text].join(" · "));
}

/** A film of pia's with two tasks for each artist; everyone has it, with a first version. */
async function film() {
  const h = await house(["pia", ...artists]);
  const { pia } = h.people;
  h.fine(pia.raw(["init", pia.root, "--name", "Film"], undefined, h.dir), "init");
  for (const p of artists) pia.ok("member", "add", p, "--role", p === "dan" ? "Supervisor" : "Artist");
  for (const p of artists) {
    for (const n of [1, 2]) {
      pia.write(`${p}_${n}.blend`, `${p} ${n} at first`);
      pia.ok("add", `${p}_${n}.blend`, "--task", "--assign", p, "-m", "first");
    }
  }
  pia.write("plan.txt", "the plan");
  pia.ok("add", "plan.txt", "-m", "first");
  pia.login();
  pia.ok("publish", h.server.url, "--yes");
  for (const p of artists) h.people[p].clone();
  for (const p of artists) h.people[p].ok("fetch", `${p}_1.blend`, `${p}_2.blend`);
  return h;
}

/** A day: everyone saves versions of their tasks, moves them, writes notes and tags; pia gives tasks out. Returns the bytes saved, by checkpoint. */
function day(h, name, rounds, send) {
  const saved = new Map();
  const save = (who, path, status) => {
    const bytes = randomBytes(50_000 + Math.floor(Math.random() * 250_000));
    who.write(path, bytes);
    const made = who.json("checkpoint", path, "-m", `${name}, ${path}`, ...(status ? ["--status", status] : [])).checkpoints[0];
    check(made.state === "local" || made.state === "accepted", `${path}: ${made.state}`);
    saved.set(made.id, { by: who.name, path, hash: sha(bytes), bytes: bytes.length });
  };
  const { pia } = h.people;
  for (let i = 0; i < rounds; i++) {
    pia.ok("new", `${name}_${i}.blend`, "--assign", artists[i % artists.length]);
    save(pia, "plan.txt");
    if (send) sync(pia);
    for (const p of artists) {
      const who = h.people[p];
      if (send) sync(who);
      save(who, `${p}_1.blend`, i % 2 ? "wfa" : "wip");
      save(who, `${p}_2.blend`);
      who.ok("note", `${p}_1.blend`, `${name}: ${p} ${i}`);
      who.ok("set", `${p}_2.blend`, "--tag", `+${name}-${i}`);
      if (send) sync(who);
    }
  }
  return saved;
}

/** Puts the server back to yesterday: by the restore command, or by copying the old folder over it, silently. */
async function setBack(h, how, kept) {
  const { server } = h;
  await server.stop();
  if (how === "silent") {
    rmSync(server.data, { recursive: true });
    cpSync(kept, server.data, { recursive: true });
  } else {
    renameSync(server.data, `${server.data}-of-today`);
    h.fine(h.people.pia.raw(["studio", "restore", kept, "--data", server.data], undefined, h.dir), "studio restore");
  }
  server.log = "";
  await server.start();
}

async function trial(how) {
  const h = await film();
  const { server, people } = h;
  const everyone = Object.values(people);
  try {
    day(h, "yesterday", 1, true);
    let kept = join(h.dir, "studio.backup");
    if (how === "silent") {
      await server.stop();
      kept = join(h.dir, "yesterday");
      cpSync(server.data, kept, { recursive: true });
      await server.start();
    } else h.fine(people.pia.raw(["studio", "backup", kept, "--data", server.data], undefined, h.dir), "studio backup");

    const today = day(h, "today", 3, true);
    for (const who of everyone) sync(who);
    const done = acts(people.pia);
    const unsent = day(h, "tonight", 1, false);
    const saved = new Map([...today, ...unsent]);

    await setBack(h, how, kept);
    if (how === "backup") for (const who of everyone) who.login(); // sessions end with a restore
    const began = performance.now();
    let killed = await harass(h, people.pia, 4);
    sync(people.pia);
    await new Promise((done) => setTimeout(done, 500)); // what the server has written is read between commands
    if (how === "silent") check(server.log.includes("was set back"), `not detected at first contact:\n${server.log}`);
    for (const who of everyone.slice(1)) killed += await harass(h, who, 4);
    const early = new Set(acts(people.pia));
    const ofOthers = done.filter((a) => !a.includes(" · pia · ") && / · (ana|ben|cleo|dan) · /.test(a) && a.startsWith("note"));
    const witnessed = ofOthers.filter((a) => early.has(a)).length;
    check(witnessed === ofOthers.length, `${witnessed} of ${ofOthers.length} notes of others came back before they did`);
    for (let round = 0; round < 2; round++) for (const who of everyone) sync(who);
    const allMs = performance.now() - began;

    for (const who of everyone) {
      const now = new Set(acts(who));
      for (const act of done) check(now.has(act), `${who.name} lost: ${act}`);
      check(who.json("verify").ok, `${who.name}: verify`);
      check(JSON.stringify(who.json("tasks")) === JSON.stringify(people.pia.json("tasks")), `${who.name} sees other tasks than pia`);
    }
    const out = join(h.dir, "out");
    let bytes = 0;
    for (const [id, k] of saved) {
      for (const who of [people[k.by], k.by === "pia" ? people.dan : people.pia]) {
        who.ok("restore", k.path, "--checkpoint", id, "--out", out);
        check(sha(readFileSync(out)) === k.hash, `${k.path} ${id} of ${k.by} differs for ${who.name}`);
        unlinkSync(out);
      }
      bytes += k.bytes;
    }
    h.fine(people.pia.raw(["studio", "check", "--data", server.data], undefined, h.dir), "studio check");
    const parked = people.pia.json("parked", "list").parked.length;
    console.log(
      `restored (${how}): ${everyone.length} computers, ${done.length} acts of before and ${saved.size} checkpoints of today (${(bytes / 2 ** 20).toFixed(1)} MiB) ` +
        `are there with their ids, byte for byte; ${ofOthers.length} notes of others came back by the first computer; ${parked} parked; ` +
        `${killed} syncs and ${everyone.length} servers were killed meanwhile; ` +
        `all healed ${(allMs / 1000).toFixed(1)} s; everything verifies`,
    );
  } finally {
    await server.stop();
  }
}

/** Someone loses their place, or their account, with work that was not sent: it is handed in, and parked for the supervisors. */
async function leaving(how) {
  const h = await film();
  const { server, people } = h;
  const { pia, ana } = people;
  try {
    for (const who of [pia, ana]) sync(who);
    const bodies = [randomBytes(300_000), randomBytes(40_000)];
    const ids = bodies.map((body, i) => {
      ana.write("ana_1.blend", body);
      return ana.json("checkpoint", "ana_1.blend", "-m", `unsent ${i}`).checkpoints[0].id;
    });
    ana.ok("note", "ana_1.blend", "not sent either");
    if (how === "account") {
      h.fine(pia.raw(["studio", "user", "disable", "ana", "--data", server.data], undefined, h.dir), "user disable");
      const r = ana.raw(["login", server.url, "--username", "ana", "--password-stdin"], "a long password\n");
      check(r.status !== 0 && r.stderr.includes("disabled"), `a closed account signs in: ${r.status} ${r.stderr}`);
    } else {
      pia.ok("member", "remove", "ana");
      sync(pia);
    }
    for (let i = 0; i < 2; i++) {
      const r = ana.raw(["sync", "--json"]);
      check(r.status === 3 && JSON.parse(r.stdout).error.code === "not_member", `ana: sync exits ${r.status} ${r.stdout}${r.stderr}`);
    }
    sync(pia);
    const chains = pia.json("parked", "list").parked;
    check(chains.length === 1 && chains[0].checkpoints === 2 && chains[0].author === "ana" && chains[0].reason === "not_member", JSON.stringify(chains));
    const out = join(h.dir, "out");
    for (const [i, id] of ids.entries()) {
      pia.ok("restore", "ana_1.blend", "--checkpoint", id, "--out", out);
      check(readFileSync(out).equals(bodies[i]), `${id} differs`);
      unlinkSync(out);
    }
    check(readFileSync(join(ana.root, "ana_1.blend")).equals(bodies[1]), "her file was touched");
    check(ana.json("inbox").inbox.some((c) => c.code === "not_member"), "she reads where her work is");
    for (const who of [pia, ana]) check(who.json("verify").ok, `${who.name}: verify`);
    console.log(`restored (${how} lost): 2 checkpoints that were not sent are parked for the supervisors, byte for byte; her files and her store are whole`);
  } finally {
    await server.stop();
  }
}

export async function restored() {
  await leaving("place");
  await leaving("account");
  await trial("backup");
  await trial("silent");
}
