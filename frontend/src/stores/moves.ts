// Why moves are closed: the lines of a list do not say it, so a status picker asks when it opens.
import { createStore } from "../lib/store";
import { Rows } from "../wailsjs/go/app/Browser";
import type { AssetRow } from "./list";

const rowsMax = 200; // what closes a move to more of them is said by the act itself
const store = createStore<{ rows: readonly AssetRow[] }>({ rows: [] });
let asked = 0;

export const movesStore = {
  ...store,

  /** Fetches the rows with their reasons. A failure leaves the picker with what the list knows. */
  async ask(ids: readonly string[]): Promise<void> {
    const mine = ++asked;
    store.set({ rows: [] });
    try {
      const rows = await Rows(ids.slice(0, rowsMax));
      if (mine === asked) store.set({ rows });
    } catch {
      if (mine === asked) store.set({ rows: [] });
    }
  },
};
