import { uiStore } from "../../stores/ui";
import { PurgeDialog } from "../parked/PurgeDialog";
import { GiveDialog, NotYetDialog } from "../road/GiveDialog";
import { NeedsDialog } from "../road/NeedsDialog";
import { RoadDialog } from "../road/RoadDialog";
import { backToList } from "../shell/run";
import { useStore } from "../useStore";
import { AddDialog, DependDialog, NewDialog, TrashDialog } from "./AssetDialogs";
import { NotesDialog } from "./NotesDialog";
import { KeysDialog, MemberDialog, PaletteDialog, PreviewDialog, ProfileDialog } from "./ProjectDialogs";
import { SignInDialog } from "./SignInDialog";

const close = () => {
  uiStore.closeDialog();
  backToList();
};

/** The one dialog that is open. */
export function DialogHost() {
  const dialog = useStore(uiStore, (ui) => ui.dialog);
  switch (dialog?.kind) {
    case "new":
      return <NewDialog {...dialog} onClose={close} />;
    case "add":
      return <AddDialog paths={dialog.paths} onClose={close} />;
    case "trash":
      return <TrashDialog ids={dialog.ids} onClose={close} />;
    case "depend":
      return <DependDialog id={dialog.id} onClose={close} />;
    case "notes":
      return <NotesDialog {...dialog} onClose={close} />;
    case "member":
      return <MemberDialog onClose={close} />;
    case "road":
      return <RoadDialog onClose={close} />;
    case "needs":
      return <NeedsDialog onClose={close} />;
    case "give":
      return <GiveDialog {...dialog} onClose={close} />;
    case "notYet":
      return <NotYetDialog id={dialog.id} onClose={close} />;
    case "purge":
      return <PurgeDialog id={dialog.id} onClose={close} />;
    case "signIn":
      return <SignInDialog onClose={close} />;
    case "profile":
      return <ProfileDialog onClose={close} />;
    case "palette":
      return <PaletteDialog onClose={close} />;
    case "keys":
      return <KeysDialog onClose={close} />;
    case "preview":
      return <PreviewDialog onClose={close} />;
    default:
      return null;
  }
}
