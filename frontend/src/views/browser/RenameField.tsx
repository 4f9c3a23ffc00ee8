import { type KeyboardEvent, useRef, useState } from "react";
import { splitName } from "../../lib/format";
import { acts } from "../../stores/acts";
import { uiStore } from "../../stores/ui";
import { backToList } from "../shell/run";
import styles from "./List.module.css";

/** The name of a row while it is typed: Enter takes it, Esc leaves the old one. The extension is not selected. */
export function RenameField({ row }: { row: { id: string; name: string; kind: string } }) {
  const [name, setName] = useState(row.name);
  const ended = useRef(false);
  const end = (take: boolean) => {
    if (ended.current) return;
    ended.current = true;
    uiStore.rename("");
    const wanted = name.trim();
    if (take && wanted !== "" && wanted !== row.name) void acts.rename(row.id, wanted);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    e.stopPropagation();
    if (e.key !== "Enter" && e.key !== "Escape") return;
    e.preventDefault();
    end(e.key === "Enter");
    backToList();
  };
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: F2 asked for it
      autoFocus
      className={styles.rename}
      aria-label={`New name of ${row.name}`}
      value={name}
      spellCheck={false}
      autoComplete="off"
      onFocus={(e) => {
        const stem = row.kind === "collection" ? row.name : splitName(row.name)[0];
        e.currentTarget.setSelectionRange(0, stem.length);
      }}
      onChange={(e) => setName(e.target.value)}
      onKeyDown={onKeyDown}
      onBlur={() => end(true)}
      onPointerDown={(e) => e.stopPropagation()}
      onDoubleClick={(e) => e.stopPropagation()}
    />
  );
}
