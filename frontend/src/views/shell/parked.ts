// What the Parked screen's verbs do, and where the keys are afterwards.
import type { VerbName } from "../../lib/parked";
import { parkedStore } from "../../stores/parked";
import { uiStore } from "../../stores/ui";
import { focusList } from "./places";

/** Gives the keys to the chain that has them. */
export function focusParked(): void {
  requestAnimationFrame(() => {
    const { focus } = parkedStore.get();
    const card = focus === "" ? null : document.getElementById(`parked-${focus}`);
    if (card) card.focus();
    else focusList();
  });
}

/** Does one thing with a chain; the keys stay in its place. */
export async function runVerb(verb: VerbName, id: string): Promise<void> {
  parkedStore.focus(id);
  if (verb === "purge") {
    uiStore.dialog({ kind: "purge", id });
    return;
  }
  await parkedStore.act(verb, id);
  focusParked();
}

export function stepParked(by: -1 | 1): void {
  parkedStore.step(by);
  focusParked();
}
