// The figures of a studio: how soon a change is on another's screen, and what a sync costs.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { binary, median } from "./program.mjs";
import { film } from "./story.mjs";

const percentile = (xs, p) => [...xs].sort((a, b) => a - b)[Math.min(xs.length - 1, Math.ceil(xs.length * p) - 1)];

/** The browser shell of a person of a studio, and its bound methods. */
async function shellOf(person) {
  const child = spawn(binary, ["serve", "--project", person.root], { env: { ...process.env, ...person.env }, stdio: ["ignore", "pipe", "inherit"] });
  let url;
  for await (const line of createInterface({ input: child.stdout })) {
    url = /http:\S+/.exec(line)?.[0];
    if (url) break;
  }
  const cookie = (await fetch(url, { redirect: "manual" })).headers.get("set-cookie").split(";")[0];
  const origin = new URL(url).origin;
  const call = async (method, ...args) => {
    const r = await fetch(new URL("/rpc/call", url), { method: "POST", headers: { "Content-Type": "application/json", cookie, origin }, body: JSON.stringify({ method, args }) });
    const answer = await r.json();
    if (answer.error) throw new Error(JSON.stringify(answer.error));
    return answer.result;
  };
  return { url, call, stop: () => child.kill("SIGTERM") };
}

const synced = async (shell) => {
  for (let i = 0; i < 200; i++) {
    const s = await shell.call("app.Sync.State");
    if (s.state === "synced" && s.unsent === 0) return;
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error("it does not settle");
};

/** A status set at ana's, until it is on pia's board. ms of each round. */
export async function seen(page, rounds) {
  const h = await film();
  const { pia, ana } = h.people;
  ana.ok("fetch", "shot_020.blend");
  const [hers, mine] = [await shellOf(pia), await shellOf(ana)];
  const { browser, shown } = await page(hers.url);
  try {
    await shown.goto(new URL("/?view=kanban", hers.url).href);
    await shown.locator("[data-testid=card]").waitFor();
    await Promise.all([synced(hers), synced(mine)]);
    const { statuses } = await mine.call("app.Projects.Current");
    const id = ana.json("tasks").tasks[0].id;
    const taken = [];
    for (let i = 0; i < rounds; i++) {
      const to = statuses[i % 2 === 0 ? 1 : 0];
      const there = shown.evaluate(async (key) => {
        while (!document.querySelector(`[data-testid=column-${key}] [data-testid=card]`)) await new Promise(requestAnimationFrame);
        return Date.now();
      }, to.key);
      const began = Date.now();
      await mine.call("app.Browser.SetStatus", { ids: [id], status: to.id, notes: [], reason: "" });
      taken.push((await there) - began);
      // A person's pace; not a whole number of frames, or each round would begin at the same moment of one.
      await new Promise((r) => setTimeout(r, 700 + (i * 7.3) % 50));
    }
    return { p50: median(taken), p99: percentile(taken, 0.99) };
  } finally {
    await browser.close();
    hers.stop();
    mine.stop();
    await h.server.stop();
  }
}
