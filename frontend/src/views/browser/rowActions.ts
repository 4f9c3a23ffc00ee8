// What pressing things in a row, card or cell means. A press on a row that is not selected selects it first.
import type { Anchor } from "../../lib/place";
import { acts } from "../../stores/acts";
import { files } from "../../stores/files";
import { listStore } from "../../stores/list";
import { selectionStore } from "../../stores/selection";
import { type PickerKind, uiStore } from "../../stores/ui";
import { viewStore } from "../../stores/view";
import type { RowActions, RowData } from "./Row";

/** Makes sure that the row is part of the selection, and returns the ids that an act on it is meant for. */
function aim(row: RowData): string[] {
  const s = selectionStore.get();
  if (s.keys.has(row.key)) return [...s.rows.values()].filter((r) => r.id !== "").map((r) => r.id);
  void selectionStore.pick(listStore.indexOf(row.key));
  return [row.id];
}

function pick(kind: PickerKind, row: RowData, anchor: Anchor): void {
  uiStore.open({ kind, ids: aim(row), anchor });
}

export const rowActions: RowActions = {
  onTwisty: (row) => viewStore.expand([row.id], !row.expanded),
  onAssign: (row, e) => {
    e.stopPropagation();
    pick("assign", row, e.currentTarget);
  },
  onStatus: (row, e) => {
    e.stopPropagation();
    pick("status", row, e.currentTarget);
  },
  onMenu: (row, at) => {
    aim(row);
    uiStore.open({ kind: "menu", anchor: at });
  },
  onOpen: (row) => void acts.open(row.id),
  onFetch: (row) => void files.fetch(aim(row)),
  onAdd: (row) => uiStore.dialog({ kind: "add", paths: [row.path] }),
};
