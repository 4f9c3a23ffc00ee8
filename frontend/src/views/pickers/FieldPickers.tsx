import { useEffect, useState } from "react";
import { Button } from "../../components/Button";
import { Combobox } from "../../components/Combobox";
import { TextField } from "../../components/Field";
import { Icon } from "../../components/Icon";
import { Menu } from "../../components/Menu";
import { Popover } from "../../components/Popover";
import { isoDay } from "../../lib/format";
import { common, shared } from "../../lib/mixed";
import { acts } from "../../stores/acts";
import { collectionsStore } from "../../stores/collections";
import type { AssetRow } from "../../stores/list";
import { projectStore } from "../../stores/project";
import { toastsStore } from "../../stores/toasts";
import { useStore } from "../useStore";
import { type PickerProps, rowsOf } from "./AssigneePicker";
import styles from "./Pickers.module.css";

/** Tags: those in use, or a new one. Enter puts a tag on, or takes it off where all have it. */
export function TagPicker({ ids, anchor, onClose }: PickerProps) {
  const [text, setText] = useState("");
  const tags = useStore(projectStore, (p) => p.project?.tags ?? []);
  const [on, setOn] = useState(() => new Set(common(rowsOf(ids).map((row) => row.tags))));
  const typed = text.trim();
  const known = tags.map((t) => t.tag).filter((tag) => tag.toLowerCase().includes(typed.toLowerCase()));
  const items = typed !== "" && !known.includes(typed) ? [...known, typed] : known;
  const toggle = (tag: string) => {
    const next = new Set(on);
    if (next.delete(tag)) void acts.tag(ids, [], [tag]);
    else {
      next.add(tag);
      void acts.tag(ids, [tag], []);
    }
    setOn(next);
    setText("");
  };
  return (
    <Popover anchor={anchor} label="Tags" width={240} onClose={onClose} className={styles.picker}>
      <Combobox
        label="Tags"
        text={text}
        onText={setText}
        items={items}
        keyOf={(tag) => tag}
        compact
        placeholder="Tag…"
        isSelected={(tag) => on.has(tag)}
        onPick={toggle}
        empty="Type a tag"
        render={(tag) => (
          <span className={styles.line}>
            <Icon name={on.has(tag) ? "check" : "tag"} size={13} />
            <span className="grow">{tag}</span>
            {!known.includes(tag) && <span className="t3 xs">new</span>}
          </span>
        )}
      />
    </Popover>
  );
}

/** The type of work. */
export function TypePicker({ ids, anchor, onClose }: PickerProps) {
  const types = useStore(projectStore, (p) => p.project?.types ?? []);
  const now = shared(rowsOf(ids), (row) => row.type);
  const none = { id: "", name: "None" };
  return (
    <Menu
      anchor={anchor}
      label="Type"
      onClose={onClose}
      items={[...types, none].map((t) => ({
        id: `type-${t.id}`,
        title: t.name,
        checked: t.id === now,
        onSelect: () => void acts.setType(ids, t.id),
      }))}
    />
  );
}

const priorities = ["None", "Low", "Normal", "Urgent"];

/** How urgent it is. */
export function PriorityPicker({ ids, anchor, onClose }: PickerProps) {
  const now = shared(rowsOf(ids), (row) => row.priority);
  return (
    <Menu
      anchor={anchor}
      label="Priority"
      onClose={onClose}
      items={priorities.map((title, n) => ({
        id: title,
        title,
        checked: n === now,
        onSelect: () => void acts.setPriority(ids, n),
      }))}
    />
  );
}

const dayMs = 24 * 60 * 60 * 1000;

/** The day it is due. */
export function DuePicker({ ids, anchor, onClose }: PickerProps) {
  const [value, setValue] = useState(shared(rowsOf(ids), (row) => row.due) ?? "");
  const set = (due: string) => {
    onClose();
    void acts.setDue(ids, due);
  };
  const ahead = (days: number) => isoDay(new Date(Date.now() + days * dayMs));
  return (
    <Popover anchor={anchor} label="Due" width={240} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(e) => {
          e.preventDefault();
          set(value);
        }}
      >
        <TextField label="Due" type="date" value={value} onText={setValue} data-autofocus="" />
        <div className="hstack">
          <Button size="sm" onClick={() => set(ahead(0))}>
            Today
          </Button>
          <Button size="sm" onClick={() => set(ahead(1))}>
            Tomorrow
          </Button>
          <Button size="sm" onClick={() => set(ahead(7))}>
            In a week
          </Button>
        </div>
        <div className="hstack">
          <Button size="sm" variant="ghost" onClick={() => set("")}>
            No day
          </Button>
          <span className="grow" />
          <Button size="sm" variant="primary" type="submit">
            Set
          </Button>
        </div>
      </form>
    </Popover>
  );
}

/** The collection to move to. */
export function MovePicker({ ids, anchor, onClose }: PickerProps) {
  const [text, setText] = useState("");
  const [inside, setInside] = useState("");
  const [found, setFound] = useState<readonly AssetRow[]>([]);
  useEffect(() => {
    let here = true;
    collectionsStore.children(inside).then(
      (rows) => here && setFound(rows),
      (error) => toastsStore.error(error),
    );
    return () => {
      here = false;
    };
  }, [inside]);
  const seen = useStore(collectionsStore, (c) => c.seen);
  const name = inside === "" ? "the top" : (seen.get(inside)?.name ?? "…");
  const items = [
    { id: inside, title: `Move to ${name}`, here: true },
    ...(inside === "" ? [] : [{ id: collectionsStore.parentOf(inside), title: "..", here: false }]),
    ...found
      .filter((row) => !ids.includes(row.id) && row.name.toLowerCase().includes(text.toLowerCase()))
      .map((row) => ({ id: row.id, title: row.name, here: false })),
  ];
  return (
    <Popover anchor={anchor} label="Move to" width={280} onClose={onClose} className={styles.picker}>
      <Combobox
        label="Move to"
        text={text}
        onText={setText}
        items={items}
        keyOf={(item) => `${item.title}-${item.id}`}
        compact
        placeholder="Collection…"
        onPick={(item) => {
          if (item.here) {
            onClose();
            void acts.moveTo(ids, inside);
          } else {
            setInside(item.id);
            setText("");
          }
        }}
        render={(item) => (
          <span className={styles.line}>
            <Icon name={item.here ? "folder-up" : "folder"} size={14} />
            <span className="grow">{item.title}</span>
          </span>
        )}
      />
    </Popover>
  );
}
