import { expect, test } from "vitest";
import {
  type CommandContext,
  type CommandRow,
  command,
  commandFor,
  commands,
  findCommands,
  offers,
  whyNot,
} from "./commands";

const task: CommandRow = {
  kind: "task",
  state: "normal",
  notYours: false,
  assignee: "ben",
  roadUntil: 0,
  can: ["checkpoint", "rename", "move", "trash", "tag", "set", "convert"],
  moves: ["wfa"],
};
const resource: CommandRow = { ...task, kind: "resource", assignee: "" };
const context = (rows: readonly CommandRow[], more: Partial<CommandContext> = {}): CommandContext => ({
  open: true,
  readOnly: "",
  can: ["create", "members", "plan"],
  me: "ana",
  nameOf: (id) => (id === "ben" ? "Ben Sørensen" : ""),
  rows,
  selected: rows.length,
  undo: "",
  redo: "",
  back: false,
  forward: false,
  boardOnly: false,
  onList: true,
  onParked: false,
  chain: undefined,
  ...more,
});

test("no two commands have one id, and a key that two share is never meant by both", () => {
  const ids = commands.map((c) => c.id);
  expect(new Set(ids).size).toBe(ids.length);
  const states = ["normal", "modified", "outdated", "diverged", "missing", "planned", "untracked"];
  for (const kind of ["task", "resource", "collection", "untracked"]) {
    for (const state of states) {
      const c = context([{ ...task, kind, state }]);
      for (const keys of new Set(commands.flatMap((row) => row.keys as readonly string[]))) {
        const meant = commands.filter(
          (row) => (row.keys as readonly string[]).includes(keys) && row.when(c) === true,
        );
        expect(meant.length, `${keys}: ${meant.map((row) => row.id)}`).toBeLessThanOrEqual(1);
      }
    }
  }
});

test("single letters work only with a selection", () => {
  for (const key of ["A", "S", "T", "M", "D"]) {
    expect(commandFor(key, context([]), false)).toBeUndefined();
    expect(commandFor(key, context([task]), false)).toBeDefined();
  }
});

test("a key that cannot do its work now says why, and not while a text is typed", () => {
  const held = { ...task, can: [] };
  expect(whyNot("Ctrl+Shift+C", context([held]), false)).toBe("Ben Sørensen holds it");
  expect(whyNot("Ctrl+Z", context([]), false)).toBe("There is nothing to undo");
  expect(whyNot("Ctrl+Z", context([]), true)).toBe("");
  expect(whyNot("A", context([]), false)).toBe("");
});

test("a window that is the board alone offers neither list nor details", () => {
  const ids = offers("view", context([], { boardOnly: true })).map((o) => o.command.id);
  expect(ids).not.toContain("layout.list");
  expect(ids).not.toContain("details");
  expect(ids).toContain("theme");
});

test("a task that somebody holds says what to do before it becomes a resource", () => {
  const held = offers("asset", context([{ ...task, can: [] }]));
  expect(held.find((o) => o.command.id === "toResource")?.why).toBe("Somebody holds it: unassign it first");
});

test("while a text is typed only the commands for everywhere have their keys", () => {
  expect(commandFor("A", context([task]), true)).toBeUndefined();
  expect(commandFor("F3", context([task]), true)).toBe("search");
  expect(commandFor("Ctrl+A", context([task]), true)).toBeUndefined();
});

test("a verb that is not for all that is selected is shown with the reason", () => {
  expect(command("status").when(context([task, resource]))).toBe(
    "1 resource selected: only tasks have a status",
  );
  expect(command("status").when(context([resource]))).toBe(false);
  expect(command("tag").when(context([task, { ...task, kind: "collection" }]))).toBe(
    "1 collection selected: it is not for that",
  );
});

test("what a person may not do is shown with the reason", () => {
  expect(command("trash").when(context([{ ...task, can: [] }]))).toBe("You may not do this here");
  expect(command("trash").when(context([task, { ...task, can: [] }]))).toBe(
    "You may not do this to 1 of them",
  );
  expect(command("newTask").when(context([], { can: [] }))).toBe("Your role may not create");
});

test("checkpoint says who stands in the way", () => {
  const mine = { ...task, state: "modified" };
  expect(command("checkpoint").when(context([mine]))).toBe(true);
  expect(command("checkpoint").when(context([{ ...mine, can: [] }]))).toBe("Ben Sørensen holds it");
  expect(command("checkpoint").when(context([{ ...mine, can: [], assignee: "" }]))).toBe(
    "Nobody holds it: assign it first",
  );
  expect(command("checkpoint").when(context([{ ...mine, state: "planned" }]))).toBe(false);
});

test("a store that cannot be written offers nothing that writes, and says why", () => {
  const c = context([task], { readOnly: "The store is newer than this program." });
  for (const id of ["assign", "status", "trash", "newTask", "checkpoint"] as const) {
    expect(command(id).when(c)).toBe("The store is newer than this program.");
  }
  expect(command("openInApp").when(c)).toBe(true);
});

test("a changed file can be discarded or saved as a copy, another cannot", () => {
  const ids = (state: string) => offers("file", context([{ ...task, state }])).map((o) => o.command.id);
  expect(ids("modified")).toContain("discard");
  expect(ids("normal")).not.toContain("discard");
  expect(ids("outdated")).toContain("fetch");
  expect(ids("missing")).not.toContain("openInApp");
});

test("the palette finds by words, beginnings first", () => {
  expect(findCommands("show as l", context([])).map((c) => c.id)).toEqual(["layout.list"]);
  expect(findCommands("re", context([], { redo: "x" })).map((c) => c.id)).toEqual(["reload", "redo"]);
  expect(findCommands("d", context([])).map((c) => c.id)[0]).toBe("theme");
  expect(findCommands("task new", context([])).map((c) => c.id)).toEqual(["newTask"]);
  expect(findCommands("", context([])).map((c) => c.id)).not.toContain("palette");
});

test("on the Parked screen keys act on the chain, and a refused verb says why", () => {
  const refusal = { message: "Your role does not allow this.", hint: "Ana can do it." };
  const verbs = [
    { verb: "adopt", consequence: "", refusal },
    { verb: "copy", consequence: "" },
  ];
  const c = context([], { onList: false, onParked: true, chain: { id: "a", verbs } });
  expect(commandFor("J", c, false)).toBe("parked.next");
  expect(commandFor("Enter", c, false)).toBe("parked.first");
  expect(commandFor("C", c, false)).toBe("parked.copy");
  expect(commandFor("A", c, false)).toBeUndefined();
  expect(whyNot("A", c, false)).toBe("Your role does not allow this. Ana can do it.");
  expect(commandFor("Ctrl+A", c, false)).toBeUndefined();
  expect(commandFor("J", context([task]), false)).toBeUndefined();
});

test("what I hold goes on the road, what another holds is asked for", () => {
  const mine = { ...task, assignee: "ana" };
  expect(commandFor("Shift+R", context([mine]), false)).toBe("road");
  expect(command("roadEnd").when(context([mine]))).toBe(false);
  expect(command("roadEnd").when(context([{ ...mine, roadUntil: 1 }]))).toBe(true);
  expect(command("road").when(context([mine, task]))).toBe(false);
  expect(commandFor("H", context([task]), false)).toBe("ask");
  expect(command("ask").when(context([mine]))).toBe(false);
  expect(command("ask").when(context([{ ...task, assignee: "" }]))).toBe(false);
  expect(command("ask").when(context([task], { readOnly: "No." }))).toBe("No.");
});
