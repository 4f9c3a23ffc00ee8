// The keys of the whole window: each press is named, looked up in the command table, and run.
import { commandFor, whyNot } from "../../lib/commands";
import { keyOf, typesText } from "../../lib/keymap";
import { toastsStore } from "../../stores/toasts";
import { commandContext } from "./context";
import { run } from "./run";

/** Listens for command keys until the returned function is called. Dialogs and popovers keep theirs to themselves. */
export function listenKeys(target: Window): () => void {
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.defaultPrevented || e.isComposing) return;
    const id = commandFor(keyOf(e), commandContext(), typesText(e.target));
    if (id === undefined) {
      const why = whyNot(keyOf(e), commandContext(), typesText(e.target));
      if (why !== "") toastsStore.show({ text: why, icon: "info" });
      return;
    }
    const button = e.target instanceof HTMLElement && e.target.closest("button, a, [role=tab], [role=radio]");
    if (button && (e.key === "Enter" || e.key === " ")) return; // that is a press of the button
    e.preventDefault();
    run(id);
  };
  target.addEventListener("keydown", onKeyDown);
  return () => target.removeEventListener("keydown", onKeyDown);
}
