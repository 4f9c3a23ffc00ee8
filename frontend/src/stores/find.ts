// Assets by a few letters of their path, for pickers.
import { List } from "../wailsjs/go/app/Browser";
import type { app } from "../wailsjs/go/models";

const foundMax = 30; // a picker shows a screen

/** The assets whose path has these letters. */
export async function findAssets(text: string): Promise<readonly app.Row[]> {
  const list = await List({
    view: "default",
    query: text.trim() === "" ? "" : JSON.stringify(text.trim()),
    collection: "",
    expanded: [],
    assignees: [],
    types: [],
    tags: [],
    statuses: [],
    states: [],
    sort: "name",
    flat: true,
    offset: 0,
    limit: foundMax,
  });
  return list.rows.filter((row) => row.id !== "");
}
