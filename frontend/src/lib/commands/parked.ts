// Commands of the Parked screen, on the chain that has the keys.
import { type Command, onParked, parked } from "./when";

export const onChain = [
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
    id: "parked.ask",
    title: "Ask for parked work to be adopted",
    keys: ["H"],
    icon: "hand",
    when: parked("ask"),
  },
  {
    id: "parked.purge",
    title: "Remove parked work for good",
    keys: ["Ctrl+Del"],
    icon: "triangle-alert",
    when: parked("purge"),
  },
  {
    id: "parked.restore",
    title: "Restore parked work",
    keys: ["R"],
    icon: "rotate-ccw",
    when: parked("restore"),
  },
] as const satisfies readonly Command[];
