// What running a command means.
import { type CommandID, command } from "../../lib/commands";
import { primaryVerb, type VerbName } from "../../lib/parked";
import type { Anchor } from "../../lib/place";
import { acts } from "../../stores/acts";
import { openCheckpoint } from "../../stores/checkpoint";
import { collectionsStore } from "../../stores/collections";
import { files } from "../../stores/files";
import { listStore } from "../../stores/list";
import { projectStore } from "../../stores/project";
import { handover, roadStore } from "../../stores/road";
import { selectedIDs, selectedPaths, selectionStore } from "../../stores/selection";
import { lookStore } from "../../stores/theme";
import { toastsStore } from "../../stores/toasts";
import { type PickerKind, uiStore } from "../../stores/ui";
import { viewStore } from "../../stores/view";
import { commandContext } from "./context";
import { toggleDetails } from "./panes";
import { runVerb, stepParked } from "./parked";
import { anchorOf, focusList, focusSearch, nextPanel } from "./places";

const rows = () => [...selectionStore.get().rows.values()];
const fileIDs = (): string[] => {
  const known = rows().filter((row) => row.kind === "task" || row.kind === "resource");
  return known.length === selectionStore.get().keys.size ? known.map((row) => row.id) : selectedIDs();
};

/** The collection that a new thing goes into: the one selected, that of what is selected, or the one shown. */
function parentHere(): string {
  const row = rows()[0];
  if (row?.kind === "collection") return row.id;
  return row?.parent || viewStore.get().collection;
}

async function addUntracked(): Promise<void> {
  const paths = selectedPaths();
  if (paths.length > 0) uiStore.dialog({ kind: "add", paths });
  else {
    viewStore.view("default");
    viewStore.filter("states", ["untracked"]);
    focusList();
    toastsStore.show({ text: "Select the files to add, then press Ctrl+Enter", icon: "file-plus" });
  }
}

/** Everything in the trash can be undone; what has a history or things inside is asked for once. */
function trash(): void {
  const ids = selectedIDs();
  const asks = rows().some((row) => row.checkpoints > 0 || row.count > 0);
  if (asks) uiStore.dialog({ kind: "trash", ids });
  else void acts.trash(ids);
}

function enter(): void {
  const row = rows()[0];
  if (row?.kind === "collection") viewStore.collection(row.id);
}

async function up(): Promise<void> {
  const { collection } = viewStore.get();
  if (collection !== "") viewStore.collection(collectionsStore.parentOf(collection));
}

async function reload(): Promise<void> {
  if (await acts.rescan()) await listStore.refresh();
}

const onRoad = () => rows().length > 0 && rows().every((row) => row.roadUntil > 0 && !row.roadOver);
const unassigned = () => handover.give(fileIDs(), "", false);
const assignMe = () => {
  const me = projectStore.get().project?.me.id;
  const resources = rows().some((row) => row.kind === "resource");
  if (me === undefined) return;
  if (resources)
    picker("assign"); // asks whether to convert
  else void acts.assign(fileIDs(), me);
};

/** Does one thing with the chain that has the keys; without a verb, what comes first. */
function onChain(verb: VerbName | undefined): void {
  const { chain } = commandContext();
  const what = verb ?? primaryVerb(chain);
  if (chain && what) void runVerb(what, chain.id);
}

let hung: Anchor | undefined;

function picker(kind: PickerKind): void {
  const ids = kind === "move" ? selectedIDs() : fileIDs();
  uiStore.open({ kind, ids, anchor: hung ?? anchorOf(kind) });
}

function leave(): void {
  if (uiStore.get().overlay) uiStore.overlay(false);
  else selectionStore.clear();
}

const runners: Readonly<Record<CommandID, () => unknown>> = {
  palette: () => uiStore.dialog({ kind: "palette" }),
  search: focusSearch,
  reload,
  undo: projectStore.undo,
  redo: projectStore.redo,
  back: () => viewStore.step(-1),
  forward: () => viewStore.step(1),
  "tab.default": () => viewStore.view("default"),
  "tab.my": () => viewStore.view("my"),
  "tab.assigned": () => viewStore.view("assigned"),
  "tab.unassigned": () => viewStore.view("unassigned"),
  parked: () => viewStore.screen("parked"),
  inbox: () => viewStore.screen("inbox"),
  "parked.next": () => stepParked(1),
  "parked.previous": () => stepParked(-1),
  "parked.first": () => onChain(undefined),
  "parked.adopt": () => onChain("adopt"),
  "parked.copy": () => onChain("copy"),
  "parked.keep": () => onChain("keep"),
  "parked.trash": () => onChain("trash"),
  "parked.restore": () => onChain("restore"),
  "parked.ask": () => onChain("ask"),
  "parked.purge": () => onChain("purge"),
  "layout.list": () => viewStore.layout("list"),
  "layout.board": () => viewStore.layout("board"),
  kanban: projectStore.openKanban,
  details: toggleDetails,
  panel: nextPanel,
  theme: lookStore.toggleTheme,
  keys: () => uiStore.dialog({ kind: "keys" }),
  clearFilters: viewStore.clear,
  collapse: () => viewStore.expand(viewStore.get().expanded, false),
  newTask: () => uiStore.dialog({ kind: "new", collection: false, parent: parentHere() }),
  newCollection: () => uiStore.dialog({ kind: "new", collection: true, parent: parentHere() }),
  addUntracked,
  all: selectionStore.all,
  clear: leave,
  openInApp: () => acts.open(fileIDs()[0] ?? ""),
  enter,
  up,
  reveal: () => acts.reveal(selectedIDs()[0] ?? ""),
  preview: () => uiStore.dialog({ kind: "preview" }),
  checkpoint: () => openCheckpoint(fileIDs()),
  assign: () => picker("assign"),
  assignMe,
  road: () => roadStore.open(fileIDs(), onRoad()),
  roadEnd: () => roadStore.end(fileIDs()),
  ask: () => handover.ask(fileIDs()),
  unassign: unassigned,
  status: () => picker("status"),
  tag: () => picker("tag"),
  type: () => picker("type"),
  due: () => picker("due"),
  priority: () => picker("priority"),
  move: () => picker("move"),
  rename: () => uiStore.rename(rows()[0]?.key ?? ""),
  depend: () => uiStore.dialog({ kind: "depend", id: fileIDs()[0] ?? "" }),
  toTask: () => acts.convert(fileIDs(), "task"),
  toResource: () => acts.convert(fileIDs(), "resource"),
  add: () => uiStore.dialog({ kind: "add", paths: selectedPaths() }),
  fetch: () => files.fetch(fileIDs()),
  fetchNeeds: () => roadStore.needs(fileIDs()),
  saveAsCopy: () => files.saveAsCopy(fileIDs()[0] ?? ""),
  discard: () => files.discard(fileIDs()[0] ?? ""),
  freeUp: () => files.freeUp(fileIDs()),
  trash,
  member: () => uiStore.dialog({ kind: "member" }),
  profile: () => uiStore.dialog({ kind: "profile" }),
  close: projectStore.close,
};

/** Runs a command if it can run now; a popover that it opens hangs on `anchor`, or beside the selection. */
export function run(id: CommandID, anchor?: Anchor): void {
  const when = command(id).when(commandContext());
  if (when !== true) {
    if (typeof when === "string") toastsStore.show({ text: when, icon: "info" });
    return;
  }
  hung = anchor;
  try {
    void runners[id]();
  } finally {
    hung = undefined;
  }
}

/** After a dialog or popover: the keys go to the list again. */
export const backToList = focusList;
