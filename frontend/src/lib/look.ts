// What components need to know to draw a status, a person, a type. The structs of Go have these fields and more.

export type StatusLook = {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly label: string;
  readonly category: string;
  readonly colour: string;
  readonly shape: string;
};

export type PersonLook = {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly hue: number;
  readonly avatar: string;
  readonly me: boolean;
};

export type TypeLook = { readonly name: string; readonly icon: string; readonly colour: string };

/** The name shown for a person: a person without a name is their username. */
export const personName = (person: PersonLook): string => person.name || person.username;

/** "Ben Sørensen" -> "Ben S.": short enough for a column, still somebody. */
export function shortName(person: PersonLook): string {
  if (person.me) return "You";
  const words = personName(person).split(/\s+/).filter(Boolean);
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return last ? `${words[0]} ${[...last][0]}.` : (words[0] ?? "");
}

/** "Mei-Lin Zhou" -> "MZ". */
export function initials(person: PersonLook): string {
  const words = personName(person)
    .split(/[\s._]+/)
    .filter(Boolean);
  const first = words[0] ? [...words[0]][0] : "?";
  const last = words.length > 1 ? [...(words[words.length - 1] ?? "")][0] : "";
  return `${first}${last}`.toUpperCase();
}

const builtIn = new Set(["todo", "wip", "wfa", "retake", "done"]);

/** The value of data-st: a built-in status without a colour of its own has its colours in tokens.css. */
export const statusMark = (status: StatusLook): string =>
  status.colour === "" && builtIn.has(status.key) ? status.key : status.colour === "" ? "todo" : "custom";
