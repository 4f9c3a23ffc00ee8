import { type ReactNode, useEffect, useState } from "react";
import { Avatar } from "../../components/Avatar";
import { Combobox, Marked } from "../../components/Combobox";
import { Icon } from "../../components/Icon";
import { KeyHint } from "../../components/KeyHint";
import { Popover } from "../../components/Popover";
import { count } from "../../lib/format";
import { personName } from "../../lib/look";
import type { Anchor } from "../../lib/place";
import { boardStore } from "../../stores/board";
import { projectStore } from "../../stores/project";
import { handover } from "../../stores/road";
import { selectionStore } from "../../stores/selection";
import { suggestStore } from "../../stores/suggest";
import { useStore } from "../useStore";
import styles from "./Pickers.module.css";

export type PickerProps = { ids: readonly string[]; anchor: Anchor; onClose: () => void };
type Choice = { readonly kind: "person" | "me" | "none"; readonly id: string; readonly index: number };

/** The rows behind ids, wherever they are shown. */
export function rowsOf(ids: readonly string[]) {
  const selected = [...selectionStore.get().rows.values()].filter((row) => ids.includes(row.id));
  if (selected.length >= ids.length) return selected;
  const cards = boardStore.get().columns.flatMap((c) => c.cards);
  return cards.filter((row) => ids.includes(row.id));
}

function Note({ children }: { children: ReactNode }) {
  return (
    <p className={styles.foot} role="note">
      <Icon name="info" size={13} />
      <span>{children}</span>
    </p>
  );
}

/** Who gets these tasks: type a part of a name, Enter. Me and nobody are always there. */
export function AssigneePicker({ ids, anchor, onClose }: PickerProps) {
  const [text, setText] = useState("");
  const { items, error, answered } = useStore(suggestStore);
  const me = useStore(projectStore, (p) => p.project?.me);
  const rows = rowsOf(ids);
  const resources = rows.filter((row) => row.kind === "resource").length;
  const unsaved = rows.filter(
    (row) => row.assignee === me?.id && (row.state === "modified" || row.state === "diverged"),
  ).length;
  useEffect(() => void suggestStore.ask(text, ids), [text, ids]);
  useEffect(() => suggestStore.reset, []);
  const choices: readonly Choice[] = [
    ...items.map((s, index) => ({ kind: "person" as const, id: s.member.id, index })),
    ...(me ? [{ kind: "me" as const, id: me.id, index: -1 }] : []),
    { kind: "none" as const, id: "", index: -1 },
  ];
  const give = (to: string) => {
    onClose();
    void handover.give(ids, to, resources > 0);
  };
  const what = ids.length === 1 ? "Assign" : `Assign ${count(ids.length, "task")}`;
  return (
    <Popover anchor={anchor} label={what} width={320} onClose={onClose} className={styles.picker}>
      <Combobox<Choice>
        label={what}
        text={text}
        onText={setText}
        items={choices}
        keyOf={(c) => `${c.kind}-${c.id}`}
        icon="search"
        placeholder="Name, username or e-mail"
        trailing={<span className="t3 xs nowrap">{what}</span>}
        ruleBefore={(c) => c.kind === "me"}
        isAside={(c) => c.kind !== "person"}
        onPick={(c) => give(c.id)}
        onKey={(e) => {
          if (e.key === "Enter" && answered !== text) {
            e.preventDefault(); // the people shown answer an earlier text
            void suggestStore.best().then((s) => s && give(s.member.id));
          } else if (e.key === "Backspace" && text === "") {
            e.preventDefault();
            give("");
          }
        }}
        render={(c) => {
          if (c.kind === "me")
            return (
              <span className={styles.line}>
                <Icon name="user-round-check" size={16} />
                <span className="grow">Assign to me</span>
                <KeyHint keys="Shift+A" />
              </span>
            );
          if (c.kind === "none")
            return (
              <span className={styles.line}>
                <Icon name="user-round-x" size={16} />
                <span className="grow">Unassign</span>
                <KeyHint keys="Backspace" />
              </span>
            );
          const s = items[c.index];
          if (!s) return null;
          return (
            <span className={styles.line} data-testid="suggestion">
              <Avatar person={s.member} size={24} />
              <span className="grow">
                <span className="ell">
                  <Marked text={personName(s.member)} ranges={s.match} />
                </span>
                <span className="t3 xs ell">{[s.member.username, s.reason].filter(Boolean).join(", ")}</span>
              </span>
              <span className="t3 xs nowrap">
                {s.holds ? "has it" : `${s.open} open`}
                {s.retakes > 0 && <span className={styles.retakes}> {count(s.retakes, "retake")}</span>}
              </span>
            </span>
          );
        }}
        footer={
          <>
            {items.length === 0 && answered === text && (
              <Note>{error ? `${error.message} ${error.hint}` : `Nobody here fits “${text}”.`}</Note>
            )}
            {resources > 0 && (
              <Note>
                {count(resources, "resource")} will become {resources === 1 ? "a task" : "tasks"} first.
              </Note>
            )}
            {unsaved > 0 && (
              <Note>
                You have changes that are not checkpointed. Checkpoint first: afterwards you can only save
                them as a copy.
              </Note>
            )}
          </>
        }
      />
    </Popover>
  );
}
