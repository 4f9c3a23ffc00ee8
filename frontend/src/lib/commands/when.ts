// What commands are asked with, and when the kinds of them can run. Pure.
import { count } from "../format";
import { type Chain, primaryVerb, type VerbName, verbOf } from "../parked";

/** A selected row, as far as commands care. */
export type CommandRow = {
  readonly kind: string;
  readonly state: string;
  readonly notYours: boolean;
  readonly assignee: string;
  /** ms until which its holder has it on the road; 0 = they have not. */
  readonly roadUntil: number;
  readonly can: readonly string[];
  readonly moves: readonly string[];
};

export type CommandContext = {
  readonly open: boolean;
  /** A sentence when nothing can be written. */
  readonly readOnly: string;
  /** Permissions of my role. */
  readonly can: readonly string[];
  readonly me: string;
  /** The name of a person. */
  readonly nameOf: (id: string) => string;
  readonly rows: readonly CommandRow[];
  /** More may be selected than rows are known. */
  readonly selected: number;
  readonly undo: string;
  readonly redo: string;
  readonly back: boolean;
  readonly forward: boolean;
  /** This window is the board alone: it has neither list nor details. */
  readonly boardOnly: boolean;
  /** The Browser is shown, not a screen without list and details. */
  readonly onList: boolean;
  readonly onParked: boolean;
  /** The chain of parked checkpoints that has the keys. */
  readonly chain: Chain | undefined;
};

/** true: can run. A sentence: shown, disabled, and why. false: not shown here. */
export type When = true | false | string;

export type Menu = "asset" | "file" | "new" | "view" | "project";

export type Command = {
  readonly id: string;
  readonly title: string;
  /** The first is shown; the others are for browsers, which keep some keys for themselves. */
  readonly keys: readonly string[];
  readonly icon: string;
  readonly menu?: Menu;
  readonly when: (c: CommandContext) => When;
  /** A key of it works while a text is typed. */
  readonly everywhere?: boolean;
};

export const always = (): When => true;
export const open = (c: CommandContext): When => c.open;
export const inBrowser = (c: CommandContext): When => c.open && !c.boardOnly;
export const listed = (c: CommandContext): When => c.open && c.onList;
export const docked = (c: CommandContext): When => inBrowser(c) === true && c.onList;
export const onParked = (c: CommandContext): When => c.open && c.onParked && c.chain !== undefined;
export const parked =
  (verb?: VerbName) =>
  (c: CommandContext): When => {
    if (!c.open || !c.onParked || !c.chain) return false;
    if (verb !== undefined) return verbOf(c.chain, verb);
    return primaryVerb(c.chain) !== undefined || "You may not decide about this one";
  };
export const writes = (c: CommandContext): When => c.open && (c.readOnly === "" || c.readOnly);
export const tracked = (row: CommandRow): boolean => row.kind !== "untracked" && row.kind !== "unshared";
export const isFile = (row: CommandRow): boolean => row.kind === "task" || row.kind === "resource";

/** All selected rows are assets that this may be done to, or why not. */
export function each(
  c: CommandContext,
  act: string,
  one: string,
  applies: (row: CommandRow) => boolean,
): When {
  if (!c.open || c.selected === 0) return false;
  if (c.readOnly !== "") return c.readOnly;
  const fits = c.rows.filter(applies);
  if (fits.length === 0) return false;
  const other = c.rows.length - fits.length;
  if (other > 0) return `${count(other, one)} selected: it is not for ${other === 1 ? "that" : "those"}`;
  const not = fits.filter((row) => !row.can.includes(act)).length;
  if (not === 0) return true;
  return fits.length === 1 ? "You may not do this here" : `You may not do this to ${not} of them`;
}

export const single = (c: CommandContext, test: (row: CommandRow) => boolean): When => {
  const row = c.rows[0];
  return c.open && c.selected === 1 && row !== undefined && test(row);
};

export const all = (c: CommandContext, test: (row: CommandRow) => boolean): When =>
  c.open && c.rows.length > 0 && c.rows.every(test);

export const mayPlan = (c: CommandContext): When => {
  if (!all(c, (row) => row.kind === "task")) return false;
  if (c.readOnly !== "") return c.readOnly;
  return (
    c.rows.every((row) => row.can.includes("plan") || row.can.includes("set")) || "You may not plan tasks"
  );
};

/** Whether the picker opens at all: it says itself what is not possible. */
export const mayAssign = (c: CommandContext): When => {
  if (!c.open || c.rows.length === 0) return false;
  if (!c.rows.every(isFile)) return c.rows.some(isFile) && "Only tasks can be assigned";
  return c.readOnly === "" || c.readOnly;
};

export const mayMove = (c: CommandContext): When => {
  const tasks = c.rows.filter((row) => row.kind === "task");
  if (!c.open || tasks.length === 0) return false;
  if (c.readOnly !== "") return c.readOnly;
  const other = c.rows.length - tasks.length;
  return other === 0 || `${count(other, "resource")} selected: only tasks have a status`;
};

export const hasFile = (row: CommandRow): boolean => !["missing", "planned"].includes(row.state);
export const changed = (row: CommandRow): boolean => row.state === "modified" || row.state === "diverged";
export const fetchable = (row: CommandRow): boolean =>
  ["outdated", "missing", "diverged"].includes(row.state);

export function mayCreate(c: CommandContext): When {
  if (!c.open) return false;
  if (c.readOnly !== "") return c.readOnly;
  return c.can.includes("create") || "Your role may not create";
}

/** Modified files that I may save; the dialog tells what is left out, and why. */
export function mayCheckpoint(c: CommandContext): When {
  const files = c.rows.filter((row) => isFile(row) && row.state !== "planned" && row.state !== "missing");
  if (!c.open || files.length === 0) return false;
  if (c.readOnly !== "") return c.readOnly;
  if (files.some((row) => row.can.includes("checkpoint"))) return true;
  const task = files.find((row) => row.kind === "task");
  if (!task) return "Your role may not checkpoint resources";
  if (task.assignee === "") return "Nobody holds it: assign it first";
  return `${c.nameOf(task.assignee) || "Someone else"} holds it`;
}

/** Tasks that I hold can go on the road with me. */
export function mayRoad(c: CommandContext): When {
  if (!c.onList || !all(c, (row) => row.kind === "task" && row.assignee === c.me)) return false;
  return c.readOnly === "" || c.readOnly;
}

/** Tasks that others hold can be asked for. */
export function mayAsk(c: CommandContext): When {
  const held = (row: CommandRow): boolean =>
    row.kind === "task" && row.assignee !== "" && row.assignee !== c.me;
  if (!c.onList || !all(c, held)) return false;
  return c.readOnly === "" || c.readOnly;
}
