import { useState } from "react";
import { Button } from "../../components/Button";
import { Check, TextArea } from "../../components/Field";
import { moment } from "../../lib/format";
import { personName } from "../../lib/look";
import { acts } from "../../stores/acts";
import { projectStore } from "../../stores/project";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./Details.module.css";
import type { DetailsData } from "./DetailsPane";

/** The notes on a task: a retake's are its checklist. */
export function Review({ details }: { details: DetailsData }) {
  const { members } = useStore(projectStore);
  const now = useNow();
  const [text, setText] = useState("");
  const id = details.row.id;
  const add = () => {
    if (text.trim() === "") return;
    void acts.addNote(id, text.trim()).then((act) => {
      if (act && act.done > 0) setText("");
    });
  };
  return (
    <section aria-label="Notes">
      {details.notes.length === 0 && (
        <p className="t3">No notes yet. A retake’s notes become its checklist.</p>
      )}
      <ul>
        {details.notes.map((note) => (
          <li key={note.id} className={styles.note}>
            <Check
              label={`Done: ${note.text}`}
              checked={note.doneBy !== ""}
              disabled={!note.canTick}
              onChange={(done) => void acts.tickNote(note.id, done)}
            >
              <span className="grow">
                <span className={`${note.doneBy === "" ? "" : styles.done} selectable`}>{note.text}</span>
                <span className={`${styles.signature} t3 xs`}>
                  {[personName(members.get(note.author) ?? nobody), moment(note.at, now), note.checkpoint]
                    .filter(Boolean)
                    .join(", ")}
                </span>
              </span>
            </Check>
          </li>
        ))}
      </ul>
      {details.row.can.includes("note") && (
        <div className={styles.block}>
          <TextArea
            bare
            label="Write a note"
            placeholder="Write a note…"
            rows={2}
            value={text}
            onText={setText}
            onKeyDown={(e) => {
              if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
                e.preventDefault();
                add();
              }
            }}
          />
          <Button size="sm" keys="Ctrl+Enter" disabled={text.trim() === ""} onClick={add}>
            Add note
          </Button>
        </div>
      )}
    </section>
  );
}

const nobody = { id: "", name: "", username: "", hue: 0, avatar: "", me: false };
