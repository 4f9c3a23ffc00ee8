// Keys as text: "Ctrl+Shift+C", "F2", "A", "Space", "Alt+Left". Ctrl means Cmd on a Mac.

const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

const names: Readonly<Record<string, string>> = {
  " ": "Space",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  ArrowUp: "Up",
  ArrowDown: "Down",
  Escape: "Esc",
  Delete: "Del",
};

const macLabels: Readonly<Record<string, string>> = { Ctrl: "Cmd", Alt: "Option", Del: "Delete" };

type KeyEvent = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/**
 * The name of the key that was pressed, in the spelling of the key table. Shift is left out where it only makes
 * another character ("?"), and kept beside letters and named keys.
 */
export function keyOf(e: KeyEvent, mac = isMac): string {
  const main = mac ? e.metaKey : e.ctrlKey;
  const key = names[e.key] ?? (e.key.length === 1 ? e.key.toUpperCase() : e.key);
  const symbol = e.key.length === 1 && e.key.toLowerCase() === e.key.toUpperCase() && e.key !== " ";
  const parts = [main && "Ctrl", e.altKey && "Alt", e.shiftKey && !symbol && "Shift", key];
  return parts.filter(Boolean).join("+");
}

/** The caps to draw for a key of the table. */
export const keyLabels = (keys: string, mac = isMac): readonly string[] =>
  keys.split("+").map((part) => (mac ? (macLabels[part] ?? part) : part));

/** Whether a key press belongs to a field where the person types, so that no command may take it. */
export function typesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return (
    target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type)
  );
}
