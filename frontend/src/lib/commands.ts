// Every command once: id, title, keys, icon, menu, when. Buttons, menus, keys and the palette look it up here; views
// say what running one means. What the keyboard cannot do is not done.
import { count } from "./format";
import { type Chain, primaryVerb, type VerbName, verbOf } from "./parked";

/** A selected row, as far as commands care. */
export type CommandRow = {
  readonly kind: string;
  readonly state: string;
  readonly notYours: boolean;
  readonly assignee: string;
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

const always = (): When => true;
const open = (c: CommandContext): When => c.open;
const inBrowser = (c: CommandContext): When => c.open && !c.boardOnly;
const listed = (c: CommandContext): When => c.open && c.onList;
const docked = (c: CommandContext): When => inBrowser(c) === true && c.onList;
const onParked = (c: CommandContext): When => c.open && c.onParked && c.chain !== undefined;
const parked =
  (verb?: VerbName) =>
  (c: CommandContext): When => {
    if (!c.open || !c.onParked || !c.chain) return false;
    if (verb !== undefined) return verbOf(c.chain, verb);
    return primaryVerb(c.chain) !== undefined || "You may not decide about this one";
  };
const writes = (c: CommandContext): When => c.open && (c.readOnly === "" || c.readOnly);
const tracked = (row: CommandRow): boolean => row.kind !== "untracked";
const isFile = (row: CommandRow): boolean => row.kind === "task" || row.kind === "resource";

/** All selected rows are assets that this may be done to, or why not. */
function each(c: CommandContext, act: string, one: string, applies: (row: CommandRow) => boolean): When {
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

const single = (c: CommandContext, test: (row: CommandRow) => boolean): When => {
  const row = c.rows[0];
  return c.open && c.selected === 1 && row !== undefined && test(row);
};

const all = (c: CommandContext, test: (row: CommandRow) => boolean): When =>
  c.open && c.rows.length > 0 && c.rows.every(test);

const mayPlan = (c: CommandContext): When => {
  if (!all(c, (row) => row.kind === "task")) return false;
  if (c.readOnly !== "") return c.readOnly;
  return (
    c.rows.every((row) => row.can.includes("plan") || row.can.includes("set")) || "You may not plan tasks"
  );
};

/** Whether the picker opens at all: it says itself what is not possible. */
const mayAssign = (c: CommandContext): When => {
  if (!c.open || c.rows.length === 0) return false;
  if (!c.rows.every(isFile)) return c.rows.some(isFile) && "Only tasks can be assigned";
  return c.readOnly === "" || c.readOnly;
};

const mayMove = (c: CommandContext): When => {
  const tasks = c.rows.filter((row) => row.kind === "task");
  if (!c.open || tasks.length === 0) return false;
  if (c.readOnly !== "") return c.readOnly;
  const other = c.rows.length - tasks.length;
  return other === 0 || `${count(other, "resource")} selected: only tasks have a status`;
};

const hasFile = (row: CommandRow): boolean => !["missing", "planned"].includes(row.state);
const changed = (row: CommandRow): boolean => row.state === "modified" || row.state === "diverged";
const fetchable = (row: CommandRow): boolean => ["outdated", "missing", "diverged"].includes(row.state);

export const commands = [
  // Anywhere
  { id: "palette", title: "Commands", keys: ["Ctrl+P"], icon: "terminal", when: open, everywhere: true },
  { id: "search", title: "Search", keys: ["F3", "Ctrl+F"], icon: "search", when: open, everywhere: true },
  {
    id: "reload",
    title: "Read the working folder again",
    keys: ["F5"],
    icon: "refresh-cw",
    when: open,
    menu: "view",
    everywhere: true,
  },
  {
    id: "undo",
    title: "Undo",
    keys: ["Ctrl+Z"],
    icon: "undo-2",
    when: (c) => c.open && (c.undo !== "" || "There is nothing to undo"),
    menu: "project",
  },
  {
    id: "redo",
    title: "Redo",
    keys: ["Ctrl+Shift+Z", "Ctrl+Y"],
    icon: "redo-2",
    when: (c) => c.open && (c.redo !== "" || "There is nothing to redo"),
    menu: "project",
  },
  {
    id: "back",
    title: "Back",
    keys: ["Alt+Left"],
    icon: "arrow-left",
    when: (c) => c.open && (c.back || "This is where you began"),
  },
  {
    id: "forward",
    title: "Forward",
    keys: ["Alt+Right"],
    icon: "arrow-right",
    when: (c) => c.open && (c.forward || "You did not go back"),
  },
  {
    id: "tab.default",
    title: "Show the default view",
    keys: ["Ctrl+1", "Alt+1"],
    icon: "list-tree",
    when: open,
  },
  { id: "tab.my", title: "Show my tasks", keys: ["Ctrl+2", "Alt+2"], icon: "user-round", when: open },
  { id: "tab.assigned", title: "Show assigned tasks", keys: ["Ctrl+3", "Alt+3"], icon: "users", when: open },
  {
    id: "tab.unassigned",
    title: "Show unassigned tasks",
    keys: ["Ctrl+4", "Alt+4"],
    icon: "user-round-plus",
    when: open,
  },
  {
    id: "parked",
    title: "Show what is parked",
    keys: ["Ctrl+Shift+P", "Alt+P"],
    icon: "circle-parking",
    when: inBrowser,
    menu: "view",
  },
  {
    id: "inbox",
    title: "Show what came back from the studio",
    keys: ["Ctrl+Shift+U", "Alt+I"],
    icon: "inbox",
    when: inBrowser,
    menu: "view",
  },
  {
    id: "layout.list",
    title: "Show as list",
    keys: ["Ctrl+Shift+1", "Alt+L"],
    icon: "list-tree",
    when: inBrowser,
    menu: "view",
  },
  {
    id: "layout.board",
    title: "Show as board",
    keys: ["Ctrl+Shift+3", "Alt+B"],
    icon: "square-kanban",
    when: inBrowser,
    menu: "view",
  },
  {
    id: "kanban",
    title: "Open the Kanban window",
    keys: ["Ctrl+Shift+K"],
    icon: "square-kanban",
    when: inBrowser,
    menu: "view",
  },
  {
    id: "details",
    title: "Show or hide details",
    keys: ["Ctrl+I"],
    icon: "panel-right",
    when: docked,
    menu: "view",
  },
  {
    id: "panel",
    title: "Go to the next panel",
    keys: ["F6"],
    icon: "panel-left",
    when: open,
    everywhere: true,
  },
  {
    id: "theme",
    title: "Dark or light",
    keys: ["Ctrl+Shift+L"],
    icon: "sun-moon",
    when: always,
    menu: "view",
  },
  {
    id: "keys",
    title: "Keyboard shortcuts",
    keys: ["F1"],
    icon: "keyboard",
    when: always,
    menu: "view",
    everywhere: true,
  },
  { id: "clearFilters", title: "Clear filters", keys: [], icon: "x", when: open },
  {
    id: "collapse",
    title: "Collapse all collections",
    keys: ["Ctrl+Shift+E"],
    icon: "folder-tree",
    when: docked,
    menu: "view",
  },
  // New
  {
    id: "newTask",
    title: "New task",
    keys: ["Ctrl+T", "Alt+T"],
    icon: "clapperboard",
    when: (c) => mayCreate(c),
    menu: "new",
    everywhere: true,
  },
  {
    id: "newCollection",
    title: "New collection",
    keys: ["Ctrl+K", "Alt+N"],
    icon: "folder-plus",
    when: (c) => mayCreate(c),
    menu: "new",
    everywhere: true,
  },
  {
    id: "addUntracked",
    title: "Add untracked files",
    keys: ["Ctrl+Shift+A"],
    icon: "file-plus",
    when: (c) => !c.boardOnly && mayCreate(c),
    menu: "new",
  },
  // Selection
  { id: "all", title: "Select all", keys: ["Ctrl+A"], icon: "list-checks", when: listed },
  {
    id: "clear",
    title: "Clear the selection",
    keys: ["Esc"],
    icon: "x",
    when: (c) => c.open && c.selected > 0,
  },
  {
    id: "enter",
    title: "Show this collection",
    keys: ["Enter"],
    icon: "folder-open",
    when: (c) => single(c, (r) => r.kind === "collection"),
    menu: "file",
  },
  {
    id: "up",
    title: "Show the collection above",
    keys: ["Alt+Up", "Backspace"],
    icon: "folder-up",
    when: listed,
  },
  {
    id: "openInApp",
    title: "Open",
    keys: ["Enter"],
    icon: "external-link",
    when: (c) => single(c, (r) => isFile(r) && hasFile(r)),
    menu: "file",
  },
  {
    id: "reveal",
    title: "Show in folder",
    keys: ["Ctrl+Enter"],
    icon: "folder-search",
    when: (c) => single(c, (r) => tracked(r) && hasFile(r)),
    menu: "file",
  },
  {
    id: "preview",
    title: "Preview",
    keys: ["Space"],
    icon: "eye",
    when: (c) => c.open && c.selected > 0 && c.rows.some(isFile),
    menu: "file",
  },
  {
    id: "checkpoint",
    title: "Create checkpoint",
    keys: ["Ctrl+Shift+C"],
    icon: "layers",
    when: (c) => mayCheckpoint(c),
    menu: "asset",
  },
  { id: "assign", title: "Assign", keys: ["A"], icon: "user-round-plus", when: mayAssign, menu: "asset" },
  {
    id: "assignMe",
    title: "Assign to me",
    keys: ["Shift+A"],
    icon: "user-round-check",
    when: mayAssign,
    menu: "asset",
  },
  {
    id: "unassign",
    title: "Unassign",
    keys: [],
    icon: "user-round-x",
    when: (c) => all(c, (r) => r.kind === "task" && r.assignee !== "") && mayAssign(c),
    menu: "asset",
  },
  { id: "status", title: "Status", keys: ["S"], icon: "circle-dot", when: mayMove, menu: "asset" },
  {
    id: "tag",
    title: "Tag",
    keys: ["T"],
    icon: "tag",
    when: (c) => each(c, "tag", "collection", isFile),
    menu: "asset",
  },
  {
    id: "type",
    title: "Type",
    keys: ["Y"],
    icon: "shapes",
    when: (c) => each(c, "set", "collection", isFile),
    menu: "asset",
  },
  { id: "due", title: "Due date", keys: ["D"], icon: "calendar", when: mayPlan, menu: "asset" },
  { id: "priority", title: "Priority", keys: ["P"], icon: "signal-high", when: mayPlan, menu: "asset" },
  {
    id: "move",
    title: "Move to",
    keys: ["M"],
    icon: "folder-up",
    when: (c) => each(c, "move", "untracked file", tracked),
    menu: "asset",
  },
  {
    id: "rename",
    title: "Rename",
    keys: ["F2"],
    icon: "pencil",
    when: (c) => c.selected === 1 && each(c, "rename", "untracked file", tracked),
    menu: "asset",
  },
  {
    id: "depend",
    title: "Needs",
    keys: ["N"],
    icon: "link-2",
    when: (c) => single(c, isFile) && writes(c),
    menu: "asset",
  },
  {
    id: "toTask",
    title: "Turn into a task",
    keys: [],
    icon: "clapperboard",
    when: (c) => each(c, "convert", "task", (r) => r.kind === "resource"),
    menu: "asset",
  },
  {
    id: "toResource",
    title: "Turn into a resource",
    keys: [],
    icon: "box",
    when: (c) => {
      const when = each(c, "convert", "resource", (r) => r.kind === "task");
      const held = when !== true && c.rows.some((r) => r.kind === "task" && r.assignee !== "");
      return held && c.readOnly === "" ? "Somebody holds it: unassign it first" : when;
    },
    menu: "asset",
  },
  {
    id: "add",
    title: "Add to the project",
    keys: ["Ctrl+Enter"],
    icon: "file-plus",
    when: (c) => all(c, (r) => r.kind === "untracked") && mayCreate(c),
    menu: "asset",
  },
  {
    id: "fetch",
    title: "Fetch newest",
    keys: ["Ctrl+D"],
    icon: "download",
    when: (c) => c.open && c.rows.some((r) => isFile(r) && fetchable(r)),
    menu: "file",
  },
  {
    id: "saveAsCopy",
    title: "Save as a copy",
    keys: [],
    icon: "copy-plus",
    when: (c) => single(c, (r) => isFile(r) && changed(r)) && writes(c),
    menu: "file",
  },
  {
    id: "discard",
    title: "Discard to a safety checkpoint",
    keys: [],
    icon: "rotate-ccw",
    when: (c) => single(c, (r) => isFile(r) && changed(r)) && writes(c),
    menu: "file",
  },
  {
    id: "freeUp",
    title: "Free up space",
    keys: ["Del"],
    icon: "hard-drive",
    when: (c) => c.open && c.rows.some((r) => isFile(r) && hasFile(r)),
    menu: "file",
  },
  {
    id: "trash",
    title: "Move to trash",
    keys: ["Shift+Del"],
    icon: "trash-2",
    when: (c) => each(c, "trash", "untracked file", tracked),
    menu: "file",
  },
  // Parked
  { id: "parked.next", title: "Next parked work", keys: ["J", "Down"], icon: "arrow-down", when: onParked },
  {
    id: "parked.previous",
    title: "Previous parked work",
    keys: ["K", "Up"],
    icon: "arrow-up",
    when: onParked,
  },
  {
    id: "parked.first",
    title: "Do what comes first",
    keys: ["Enter"],
    icon: "check",
    when: parked(),
  },
  { id: "parked.adopt", title: "Adopt parked work", keys: ["A"], icon: "git-merge", when: parked("adopt") },
  {
    id: "parked.copy",
    title: "Save parked work as a copy",
    keys: ["C"],
    icon: "copy-plus",
    when: parked("copy"),
  },
  { id: "parked.keep", title: "Keep it parked", keys: ["P"], icon: "circle-parking", when: parked("keep") },
  {
    id: "parked.trash",
    title: "Trash parked work",
    keys: ["Shift+Del"],
    icon: "trash-2",
    when: parked("trash"),
  },
  {
    id: "parked.restore",
    title: "Restore parked work",
    keys: ["R"],
    icon: "rotate-ccw",
    when: parked("restore"),
  },
  // Project
  {
    id: "member",
    title: "Add a member",
    keys: [],
    icon: "user-round-plus",
    when: (c) => c.open && (c.can.includes("members") || "Your role may not add members"),
    menu: "project",
  },
  { id: "profile", title: "Your name", keys: [], icon: "user-round", when: always, menu: "project" },
  {
    id: "close",
    title: "Close the project",
    keys: ["Ctrl+Shift+W"],
    icon: "log-out",
    when: open,
    menu: "project",
  },
] as const satisfies readonly Command[];

export type CommandID = (typeof commands)[number]["id"];

function mayCreate(c: CommandContext): When {
  if (!c.open) return false;
  if (c.readOnly !== "") return c.readOnly;
  return c.can.includes("create") || "Your role may not create";
}

/** Modified files that I may save; the dialog tells what is left out, and why. */
function mayCheckpoint(c: CommandContext): When {
  const files = c.rows.filter((row) => isFile(row) && row.state !== "planned" && row.state !== "missing");
  if (!c.open || files.length === 0) return false;
  if (c.readOnly !== "") return c.readOnly;
  if (files.some((row) => row.can.includes("checkpoint"))) return true;
  const task = files.find((row) => row.kind === "task");
  if (!task) return "Your role may not checkpoint resources";
  if (task.assignee === "") return "Nobody holds it: assign it first";
  return `${c.nameOf(task.assignee) || "Someone else"} holds it`;
}

const table: ReadonlyMap<string, Command> = new Map((commands as readonly Command[]).map((c) => [c.id, c]));

/** The command of that id. */
export function command(id: CommandID): Command {
  const found = table.get(id);
  if (!found) throw new Error(`no command ${id}`);
  return found;
}

/** The keys that a button shows; undefined when there are none. */
export const keysOf = (id: CommandID): string | undefined => command(id).keys[0];

/** The commands of a key, in the order of the table: the first that can run now is meant. */
export function commandFor(keys: string, c: CommandContext, typing: boolean): CommandID | undefined {
  const found = (commands as readonly Command[]).find(
    (row) => row.keys.includes(keys) && (!typing || row.everywhere === true) && row.when(c) === true,
  );
  return found?.id as CommandID | undefined;
}

/** Why a key does nothing now, in a sentence; "" when there is nothing to say. */
export function whyNot(keys: string, c: CommandContext, typing: boolean): string {
  if (typing) return "";
  const said = (commands as readonly Command[])
    .filter((row) => row.keys.includes(keys))
    .map((row) => row.when(c));
  return said.find((when) => typeof when === "string") ?? "";
}

export type Offer = { readonly command: Command; readonly why: string };

/** The commands of a menu that are shown now, each with why it cannot run ("" = it can). */
export function offers(menu: Menu, c: CommandContext): readonly Offer[] {
  return (commands as readonly Command[])
    .filter((row) => row.menu === menu)
    .map((row) => ({ command: row, when: row.when(c) }))
    .filter((row) => row.when !== false)
    .map((row) => ({ command: row.command, why: row.when === true ? "" : String(row.when) }));
}

/** The commands that can run now and whose title has words that begin with those of the text, best first. */
export function findCommands(text: string, c: CommandContext): readonly Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (title: string): number => (words[0] !== undefined && title.startsWith(words[0]) ? 0 : 1);
  return (commands as readonly Command[])
    .filter((row) => row.id !== "palette" && row.when(c) === true)
    .filter((row) => {
      const title = row.title.toLowerCase().split(" ");
      return words.every((word) => title.some((part) => part.startsWith(word)));
    })
    .map((row, i) => ({ row, i, rank: rank(row.title.toLowerCase()) }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ row }) => row);
}
