import { useState } from "react";
import { Combobox } from "../../components/Combobox";
import { Glyph } from "../../components/Glyph";
import { Popover } from "../../components/Popover";
import { statusAttributes } from "../../components/statusAttributes";
import type { StatusLook } from "../../lib/look";
import { common, shared } from "../../lib/mixed";
import { acts } from "../../stores/acts";
import { projectStore } from "../../stores/project";
import { uiStore } from "../../stores/ui";
import { useStore } from "../useStore";
import { type PickerProps, rowsOf } from "./AssigneePicker";
import styles from "./Pickers.module.css";

/** Where the tasks go: the moves that Go allows. A retake asks for its notes next. */
export function StatusPicker({ ids, anchor, onClose }: PickerProps) {
  const [text, setText] = useState("");
  const statuses = useStore(projectStore, (p) => p.statuses);
  const rows = rowsOf(ids).filter((row) => row.kind === "task");
  const now = shared(rows, (row) => row.status);
  const open =
    rows.length === 1 ? (rows[0]?.moves ?? []) : common(rows.map((row) => [...row.moves, row.status]));
  const choices = [...statuses.values()]
    .filter((s) => open.includes(s.id) && s.id !== now)
    .filter((s) => `${s.name} ${s.label}`.toLowerCase().includes(text.toLowerCase()));
  const set = (status: StatusLook & { asksNote: boolean }) => {
    onClose();
    const tasks = rows.map((row) => row.id);
    if (status.category === "retake" || status.asksNote) {
      uiStore.dialog({ kind: "notes", ids: tasks, status: status.id, before: "", after: "" });
    } else void acts.setStatus(tasks, status.id);
  };
  return (
    <Popover anchor={anchor} label="Status" width={240} onClose={onClose} className={styles.picker}>
      <Combobox
        label="Status"
        text={text}
        onText={setText}
        items={choices}
        keyOf={(s) => s.id}
        compact
        placeholder="Status…"
        onPick={set}
        empty={rows.length > 1 ? "No move is open to all of them" : "No move is open to you here"}
        render={(s) => (
          <span className={styles.line} data-testid="status-choice">
            <span {...statusAttributes(s)}>
              <Glyph status={s} size={14} />
            </span>
            <span className="grow">{s.name}</span>
            {s.label !== s.name && <span className="t3 xs">{s.label}</span>}
          </span>
        )}
      />
    </Popover>
  );
}
