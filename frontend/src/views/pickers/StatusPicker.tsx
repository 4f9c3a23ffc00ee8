import { useEffect, useState } from "react";
import { Combobox } from "../../components/Combobox";
import { Glyph } from "../../components/Glyph";
import { Popover } from "../../components/Popover";
import { statusAttributes } from "../../components/statusAttributes";
import type { StatusLook } from "../../lib/look";
import { moveChoices } from "../../lib/moves";
import { acts } from "../../stores/acts";
import { movesStore } from "../../stores/moves";
import { projectStore } from "../../stores/project";
import { uiStore } from "../../stores/ui";
import { useStore } from "../useStore";
import { type PickerProps, rowsOf } from "./AssigneePicker";
import styles from "./Pickers.module.css";

/** Where the tasks go: the moves that Go allows; the others say why not. A retake asks for its notes next. */
export function StatusPicker({ ids, anchor, onClose }: PickerProps) {
  const [text, setText] = useState("");
  const statuses = useStore(projectStore, (p) => p.statuses);
  const told = useStore(movesStore, (m) => m.rows);
  const rows = rowsOf(ids)
    .filter((row) => row.kind === "task")
    .map((row) => told.find((t) => t.id === row.id) ?? row);
  useEffect(() => void movesStore.ask(ids), [ids]);
  const choices = moveChoices([...statuses.values()], rows).filter(({ status }) =>
    `${status.name} ${status.label}`.toLowerCase().includes(text.toLowerCase()),
  );
  const set = (status: StatusLook & { asksNote: boolean }) => {
    onClose();
    const tasks = rows.map((row) => row.id);
    if (status.category === "retake" || status.asksNote) {
      uiStore.dialog({ kind: "notes", ids: tasks, status: status.id, before: "", after: "" });
    } else void acts.setStatus(tasks, status.id);
  };
  return (
    <Popover anchor={anchor} label="Status" width={300} onClose={onClose} className={styles.picker}>
      <Combobox
        label="Status"
        text={text}
        onText={setText}
        items={choices}
        keyOf={(c) => c.status.id}
        compact
        placeholder="Status…"
        onPick={(c) => set(c.status)}
        isDisabled={(c) => c.why !== ""}
        empty="No status has such a name"
        render={({ status: s, why }) => (
          <span className={styles.line} data-testid={why === "" ? "status-choice" : "status-closed"}>
            <span {...statusAttributes(s)}>
              <Glyph status={s} size={14} />
            </span>
            <span className="grow">
              <span>{s.name}</span>
              {why !== "" && <span className="xs">{why}</span>}
            </span>
            {s.label !== s.name && <span className="t3 xs">{s.label}</span>}
          </span>
        )}
      />
    </Popover>
  );
}
