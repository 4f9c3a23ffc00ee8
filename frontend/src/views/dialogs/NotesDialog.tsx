import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { TextArea } from "../../components/Field";
import { count } from "../../lib/format";
import { acts } from "../../stores/acts";
import { boardStore } from "../../stores/board";
import { projectStore } from "../../stores/project";
import { useStore } from "../useStore";

/** What is to be done: a line a note. They become the task's checklist, in one step with the move. */
export function NotesDialog(props: {
  ids: readonly string[];
  status: string;
  before: string;
  after: string;
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const status = useStore(projectStore, (p) => p.statuses.get(props.status));
  const notes = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const go = () => {
    if (notes.length === 0) return;
    props.onClose();
    if (props.before !== "" || props.after !== "")
      void boardStore.move(props.ids, props.status, props.before, props.after, notes);
    else void acts.setStatus(props.ids, props.status, { notes });
  };
  return (
    <Dialog
      title={`${status?.name ?? "Move"}: what is to be done?`}
      onClose={props.onClose}
      onSubmit={go}
      footer={
        <>
          <span className="grow t3 sm">{notes.length > 0 && count(notes.length, "note")}</span>
          <Button variant="ghost" onClick={props.onClose}>
            Cancel
          </Button>
          <Button variant="retake" keys="Ctrl+Enter" disabled={notes.length === 0} onClick={go}>
            {`Set ${status?.name ?? ""}`}
          </Button>
        </>
      }
    >
      <TextArea
        label="Notes, one a line"
        rows={5}
        value={text}
        onText={setText}
        data-autofocus=""
        hint={
          props.ids.length > 1
            ? `They go on each of the ${props.ids.length} tasks.`
            : "They become the checklist of this retake."
        }
      />
    </Dialog>
  );
}
