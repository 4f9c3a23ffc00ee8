// People for the assignee picker, as Go orders them: those worked with lately first.
import { type Problem, toProblem } from "../lib/errors";
import { createStore } from "../lib/store";
import { Suggest } from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";

type State = {
  readonly items: readonly app.Suggestion[];
  readonly error: Problem | undefined;
  /** The text that the items answer; undefined before the first answer. */
  readonly answered: string | undefined;
};

const store = createStore<State>({ items: [], error: undefined, answered: undefined });
let asked = 0;
let asking: Promise<void> = Promise.resolve();

async function ask(text: string, ids: readonly string[]): Promise<void> {
  const mine = ++asked;
  try {
    const items = await Suggest(text, [...ids]);
    if (mine === asked) store.set({ items, error: undefined, answered: text });
  } catch (error) {
    if (mine === asked) store.set({ items: [], error: toProblem(error), answered: text });
  }
}

export const suggestStore = {
  ...store,
  /** Asks who could take these assets; a later question overtakes an earlier one. */
  ask(text: string, ids: readonly string[]): Promise<void> {
    asking = ask(text, ids);
    return asking;
  },
  /** The best answer to what was asked last, for who typed faster than it came; undefined when that was overtaken. */
  async best(): Promise<app.Suggestion | undefined> {
    const mine = asked;
    await asking;
    return mine === asked ? store.get().items[0] : undefined;
  },
  reset(): void {
    asked += 1;
    store.set({ items: [], error: undefined, answered: undefined });
  },
};
