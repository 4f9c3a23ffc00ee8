// Every command once: id, title, keys, icon, menu, when. Buttons, menus, keys and the palette look it up here; views
// say what running one means. What the keyboard cannot do is not done.
import { anywhere } from "./commands/anywhere";
import { making } from "./commands/making";
import { onChain } from "./commands/parked";
import { project } from "./commands/project";
import { selection } from "./commands/selection";
import type { Command, CommandContext, Menu } from "./commands/when";

export type { Command, CommandContext, CommandRow, Menu, When } from "./commands/when";

export const commands = [
  ...anywhere,
  ...making,
  ...selection,
  ...onChain,
  ...project,
] as const satisfies readonly Command[];

export type CommandID = (typeof commands)[number]["id"];

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
