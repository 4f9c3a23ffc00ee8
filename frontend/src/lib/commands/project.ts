// Commands of the project and its people.
import { always, type Command, open } from "./when";

export const project = [
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
