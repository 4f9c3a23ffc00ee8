// A task on the road, in words. Pure.
import { count, day, isoDay, size } from "./format";

/** A file that a task on the road needs: app.RoadItem of Go. */
export type RoadFile = {
  readonly path: string;
  readonly via: string;
  readonly bytes: number;
  readonly here: boolean;
  readonly new: boolean;
  readonly problem: string;
};

/** What tasks need: app.RoadView of Go. */
export type RoadPlan = {
  readonly items: readonly RoadFile[];
  readonly files: number;
  readonly bytes: number;
  readonly missing: number;
  readonly toFetch: number;
  readonly free: number;
};

/** "12 files, 3.4 GB. 2 to fetch, 410 MB; 88 GB free on this disk." */
export function planText(plan: RoadPlan): string {
  const whole = `${count(plan.files, "file")}, ${size(plan.bytes)}.`;
  const free = `${size(plan.free)} free on this disk.`;
  if (plan.missing === 0) return `${whole} All of it is here; ${free}`;
  return `${whole} ${plan.missing} to fetch, ${size(plan.toFetch)}; ${free}`;
}

/** Whether the disk has no room for what is to be fetched. */
export const tooLarge = (plan: RoadPlan): boolean => plan.toFetch > plan.free;

/** "Everything is here", or how much is. */
export function hereText(plan: RoadPlan): string {
  if (plan.missing === 0) return "Everything is here";
  return `${plan.files - plan.missing} of ${count(plan.files, "file")} ${plan.files === 1 ? "is" : "are"} here`;
}

/** Why a file is on the list. */
export function reasonOf(file: RoadFile): string {
  if (file.problem !== "") return file.problem;
  const why = file.via === "" ? "" : `needed by ${file.via}`;
  return file.new && !file.here ? [why, "new since you left"].filter(Boolean).join(", ") : why;
}

/** The badge's words: "until Fri 6 Mar", or that the date is over. */
export function roadText(until: number, over: boolean, now: number): string {
  const on = day(isoDay(new Date(until)), now);
  return over ? `due back ${on}` : `until ${on}`;
}

/** The badge's title. */
export const roadTitle = (who: string, until: number, over: boolean, now: number): string =>
  over
    ? `${who} had it on the road until ${day(isoDay(new Date(until)), now)}`
    : `${who} ${who === "You" ? "have" : "has"} it on the road until ${day(isoDay(new Date(until)), now)}`;
