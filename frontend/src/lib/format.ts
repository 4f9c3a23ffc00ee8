// How numbers, sizes, times and names are written. Pure: the present comes in as a parameter.

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** "1 task", "3 tasks", "1,284 assets". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** 1284 -> "1,284". */
export const number = (n: number): string => n.toLocaleString("en-GB");

const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in the unit that needs the fewest digits: 184 MB, 4.2 MB, 812 B. Decimal, as file managers count. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** "18 of 31 MB": both in the unit of the whole. */
export function sizeOf(done: number, total: number): string {
  const whole = size(total);
  const part = size(done);
  const unit = whole.slice(whole.indexOf(" "));
  return part.endsWith(unit) ? `${part.slice(0, -unit.length)} of ${whole}` : `${part} of ${whole}`;
}

/** The age of a moment in a column: now, 22m, 3h, 12d, 7w, 2y. "" for none. */
export function age(ms: number, now: number): string {
  if (ms === 0) return "";
  const past = now - ms;
  if (past < minuteMs) return "now";
  if (past < hourMs) return `${Math.floor(past / minuteMs)}m`;
  if (past < dayMs) return `${Math.floor(past / hourMs)}h`;
  if (past < 60 * dayMs) return `${Math.floor(past / dayMs)}d`;
  if (past < 365 * dayMs) return `${Math.floor(past / (7 * dayMs))}w`;
  return `${Math.floor(past / (365 * dayMs))}y`;
}

/** The age in words: "just now", "8 min ago", "3 h ago", "12 days ago". */
export function ago(ms: number, now: number): string {
  const past = now - ms;
  if (past < minuteMs) return "just now";
  if (past < hourMs) return `${Math.floor(past / minuteMs)} min ago`;
  if (past < dayMs) return `${Math.floor(past / hourMs)} h ago`;
  return `${count(Math.floor(past / dayMs), "day")} ago`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const two = (n: number): string => String(n).padStart(2, "0");
const clock = (d: Date): string => `${two(d.getHours())}:${two(d.getMinutes())}`;
const sameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();

/** A moment in a history: "Today, 11:20", "Yesterday, 09:02", "8 Mar, 11:05", "8 Mar 2025". */
export function moment(ms: number, now: number): string {
  const [d, n] = [new Date(ms), new Date(now)];
  if (sameDay(d, n)) return `Today, ${clock(d)}`;
  if (sameDay(d, new Date(now - dayMs))) return `Yesterday, ${clock(d)}`;
  const day = `${d.getDate()} ${months[d.getMonth()]}`;
  return d.getFullYear() === n.getFullYear() ? `${day}, ${clock(d)}` : `${day} ${d.getFullYear()}`;
}

/** The exact moment, for a tooltip: "Fri 13 Mar 2026, 15:30". */
export function exact(ms: number): string {
  const d = new Date(ms);
  return `${weekdays[d.getDay()]} ${d.getDate()} ${months[d.getMonth()]} ${d.getFullYear()}, ${clock(d)}`;
}

/** A day as Go writes it: 2026-03-13, in the calendar of this computer. */
export const isoDay = (d: Date): string => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;

/** "2026-03-13" -> a local date; undefined when it is none. */
export function parseDay(day: string): Date | undefined {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!found) return undefined;
  const d = new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  return isoDay(d) === day ? d : undefined;
}

/** A due day: "Today", "Tomorrow", "Fri 13 Mar", "13 Mar 2027". */
export function day(value: string, now: number): string {
  const d = parseDay(value);
  if (!d) return value;
  const today = new Date(now);
  if (sameDay(d, today)) return "Today";
  if (sameDay(d, new Date(now + dayMs))) return "Tomorrow";
  if (sameDay(d, new Date(now - dayMs))) return "Yesterday";
  const date = `${d.getDate()} ${months[d.getMonth()]}`;
  return d.getFullYear() === today.getFullYear()
    ? `${weekdays[d.getDay()]} ${date}`
    : `${date} ${d.getFullYear()}`;
}

/** How a due day stands: late (before today), soon (today to the day after tomorrow), or "". */
export function dueStands(value: string, now: number): "" | "soon" | "late" {
  const d = parseDay(value);
  if (!d) return "";
  const today = parseDay(isoDay(new Date(now)))?.getTime() ?? now;
  const ahead = Math.round((d.getTime() - today) / dayMs);
  if (ahead < 0) return "late";
  return ahead <= 2 ? "soon" : "";
}

/** The time that is left: "a few seconds left", "40 s left", "3 min left", "1 h 20 min left". */
export function remaining(ms: number): string {
  const s = Math.ceil(ms / 1000);
  if (s <= 3) return "a few seconds left";
  if (s < 60) return `${s} s left`;
  return `${duration(Math.ceil(s / 60))} left`;
}

/** Minutes of work: "45 min", "1 h 30 min", "2 d". A day is 8 hours. "" for none. */
export function duration(min: number): string {
  if (min <= 0) return "";
  const [d, h, m] = [Math.floor(min / 480), Math.floor((min % 480) / 60), min % 60];
  const parts = [d > 0 ? `${d} d` : "", h > 0 ? `${h} h` : "", m > 0 ? `${m} min` : ""];
  return parts.filter(Boolean).join(" ");
}

/** Reads "90", "1h 30", "1.5 h", "2d", "45 min" as minutes; undefined when it says no duration. "" is 0. */
export function parseDuration(text: string): number | undefined {
  const rest = text.trim().toLowerCase();
  if (rest === "") return 0;
  const parts = [...rest.matchAll(/(\d+(?:[.,]\d+)?)\s*(days|day|hours|hour|min|d|h|m)?\s*/g)];
  if (parts.map((p) => p[0]).join("") !== rest) return undefined;
  let minutes = 0;
  for (const part of parts) {
    const n = Number(part[1]?.replace(",", "."));
    const unit = part[2]?.[0] ?? "m";
    minutes += unit === "d" ? n * 480 : unit === "h" ? n * 60 : n;
  }
  return Math.round(minutes);
}

/** "sh020_anim.blend" -> ["sh020_anim", ".blend"]. A name that begins with its only dot has no extension. */
export function splitName(name: string): readonly [string, string] {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
}

/** The folders above a file, as people read them: "Shots / Sequence 02 / Shot 020". */
export function folders(path: string): string {
  return path.split("/").slice(0, -1).join(" / ");
}
