// Commands that make something new.
import { type Command, mayCreate } from "./when";

export const making = [
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
] as const satisfies readonly Command[];
