import type { CommandContext } from "../../lib/commands";
import { inFlight } from "../../lib/flight";
import { personName } from "../../lib/look";
import { parkedStore } from "../../stores/parked";
import { projectStore } from "../../stores/project";
import { type SelectionState, selectionStore } from "../../stores/selection";
import { viewStore } from "../../stores/view";
import { useStore } from "../useStore";

function contextOf(
  { project, members, boardWindow: boardOnly }: ReturnType<typeof projectStore.get>,
  selection: SelectionState,
  view: ReturnType<typeof viewStore.get>,
  parked: ReturnType<typeof parkedStore.get>,
): CommandContext {
  return {
    open: project !== undefined,
    readOnly: project?.readOnly ?? "",
    can: project?.can ?? [],
    me: project?.me.id ?? "",
    nameOf: (id) => {
      const person = members.get(id);
      return person ? personName(person) : "";
    },
    rows: [...selection.rows.values()],
    selected: selection.keys.size,
    undo: project?.undo || (inFlight() ? "Undo" : ""), // of the act that is on its way
    redo: project?.redo ?? "",
    back: view.past.length > 0,
    forward: view.future.length > 0,
    boardOnly,
    onList: view.screen === "browser" || boardOnly,
    onParked: view.screen === "parked" && !boardOnly,
    chain: parked.items.find((item) => item.id === parked.focus),
  };
}

/** What the commands are asked with, as everything stands now. */
export const commandContext = (): CommandContext =>
  contextOf(projectStore.get(), selectionStore.get(), viewStore.get(), parkedStore.get());

/** The same while rendering: it follows what changes. */
export function useCommandContext(): CommandContext {
  const [project, selection, view] = [useStore(projectStore), useStore(selectionStore), useStore(viewStore)];
  return contextOf(project, selection, view, useStore(parkedStore));
}
