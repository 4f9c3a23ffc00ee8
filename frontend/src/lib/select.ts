// Selection by the rules of a desktop: click, Ctrl+click, Shift+click, arrows, Shift+arrows, Ctrl+Space. Pure: rows
// are known by their keys; the caller looks up what lies between two of them.

export type Selection = {
  readonly keys: ReadonlySet<string>;
  /** Where the keyboard is; "" = nowhere. */
  readonly focus: string;
  /** Where a range begins; "" = nowhere. */
  readonly anchor: string;
};

export const noSelection: Selection = { keys: new Set(), focus: "", anchor: "" };

/** One row alone. */
export const selectOnly = (key: string): Selection => ({ keys: new Set([key]), focus: key, anchor: key });

/** Moves the focus and leaves what is selected. */
export const focusOnly = (s: Selection, key: string): Selection => ({ ...s, focus: key });

/** Adds the row, or takes it away; a range begins there next. */
export function toggle(s: Selection, key: string): Selection {
  const keys = new Set(s.keys);
  if (!keys.delete(key)) keys.add(key);
  return { keys, focus: key, anchor: key };
}

/** From the anchor to this row; with `add` what was selected stays. */
export function extend(s: Selection, key: string, between: readonly string[], add = false): Selection {
  const keys = new Set(add ? s.keys : []);
  for (const k of between) keys.add(k);
  return { keys, focus: key, anchor: s.anchor === "" ? key : s.anchor };
}

/** All of these; the focus stays where it is. */
export const selectAll = (s: Selection, keys: readonly string[]): Selection => ({
  ...s,
  keys: new Set(keys),
});

/** The focus stays: arrows go on from there. */
export const clear = (s: Selection): Selection => ({ keys: new Set(), focus: s.focus, anchor: s.focus });

/** What remains of it when rows have gone. */
export function without(s: Selection, gone: (key: string) => boolean): Selection {
  const keys = [...s.keys].filter((key) => !gone(key));
  return keys.length === s.keys.size ? s : { ...s, keys: new Set(keys) };
}
