import type { IconName } from "../../components/icons";
import { Menu } from "../../components/Menu";
import { offers } from "../../lib/commands";
import { uiStore } from "../../stores/ui";
import { useCommandContext } from "../shell/context";
import { backToList, run } from "../shell/run";
import { useStore } from "../useStore";
import { AssigneePicker } from "./AssigneePicker";
import { DuePicker, MovePicker, PriorityPicker, TagPicker, TypePicker } from "./FieldPickers";
import { StatusPicker } from "./StatusPicker";

/** The keys go back to what opened it: a button beside the list, else the list. */
const close = () => {
  const anchor = uiStore.get().popup?.anchor;
  uiStore.closePopup();
  if (anchor instanceof HTMLButtonElement && !anchor.closest("[data-list]")) anchor.focus();
  else backToList();
};

/** The one popover that is open. */
export function PopupHost() {
  const popup = useStore(uiStore, (ui) => ui.popup);
  if (!popup) return null;
  if (popup.kind === "menu") return <RowMenu anchor={popup.anchor} />;
  const props = { ids: popup.ids, anchor: popup.anchor, onClose: close };
  const pickers = {
    assign: AssigneePicker,
    status: StatusPicker,
    tag: TagPicker,
    type: TypePicker,
    due: DuePicker,
    priority: PriorityPicker,
    move: MovePicker,
  };
  const Picker = pickers[popup.kind];
  return <Picker {...props} />;
}

function RowMenu({ anchor }: { anchor: Parameters<typeof Menu>[0]["anchor"] }) {
  const context = useCommandContext();
  const of = (menu: "asset" | "file") =>
    offers(menu, context).map(({ command, why }) => ({
      id: command.id,
      title: command.title,
      icon: command.icon as IconName,
      keys: command.keys[0],
      disabled: why !== "",
      note: why === "" ? undefined : why,
      danger: command.id === "trash",
      onSelect: () => run(command.id as Parameters<typeof run>[0]),
    }));
  const [asset, file] = [of("asset"), of("file")];
  const line = asset.length > 0 && file.length > 0 ? [{ id: "line", separator: true } as const] : [];
  return <Menu anchor={anchor} label="Actions" items={[...file, ...line, ...asset]} onClose={close} />;
}
