import type { CommandContext } from "../../lib/commands";
import { boardStore } from "../../stores/board";
import { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { viewStore } from "../../stores/view";

/** What the commands are asked with, as everything stands now. */
export function commandContext(): CommandContext {
  const { project } = projectStore.get();
  const selection = selectionStore.get();
  const view = viewStore.get();
  return {
    open: project !== undefined,
    readOnly: project?.readOnly ?? "",
    can: project?.can ?? [],
    me: project?.me.id ?? "",
    rows: [...selection.rows.values()],
    selected: selection.keys.size,
    undo: project?.undo ?? "",
    redo: project?.redo ?? "",
    back: view.past.length > 0,
    forward: view.future.length > 0,
    boardOnly: boardStore.isAlone(),
  };
}
