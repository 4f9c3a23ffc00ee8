import type { MouseEvent } from "react";
import { FileName, FileState, TypeIcon } from "../../components/Asset";
import { AvatarStack } from "../../components/Avatar";
import { IconButton } from "../../components/Button";
import { Tag } from "../../components/Chip";
import { Icon } from "../../components/Icon";
import { Pill, PillButton } from "../../components/Pill";
import { Slot, SlotButton } from "../../components/Slot";
import { StatusBar } from "../../components/StatusBar";
import { cx } from "../../lib/cx";
import { age, count, day, dueStands, exact, number } from "../../lib/format";
import { type PersonLook, personName, type StatusLook, type TypeLook } from "../../lib/look";
import { roadText, roadTitle } from "../../lib/road";
import type { AssetRow } from "../../stores/list";
import styles from "./List.module.css";
import { RenameField } from "./RenameField";

export type RowData = AssetRow;

export type Looks = {
  readonly statuses: ReadonlyMap<string, StatusLook>;
  readonly members: ReadonlyMap<string, PersonLook>;
  readonly types: ReadonlyMap<string, TypeLook>;
};

export type RowActions = {
  readonly onTwisty: (row: RowData) => void;
  readonly onAssign: (row: RowData, e: MouseEvent) => void;
  readonly onStatus: (row: RowData, e: MouseEvent) => void;
  readonly onMenu: (row: RowData, at: { x: number; y: number } | Element) => void;
  readonly onOpen: (row: RowData) => void;
  readonly onFetch: (row: RowData) => void;
  readonly onAdd: (row: RowData) => void;
};

export type RowProps = {
  row: RowData;
  index: number;
  y: number;
  selected: boolean;
  above: boolean;
  below: boolean;
  focused: boolean;
  renaming: boolean;
  tree: boolean;
  now: number;
  looks: Looks;
  actions: RowActions;
};

/** A line of the list: guides, twisty, icon, name, state, status, assignee, type, tags, age. */
export function Row(props: RowProps) {
  const { row, index, y, selected, above, below, focused, tree, now, looks } = props;
  const depth = tree ? row.depth : 0;
  const collection = row.kind === "collection";
  return (
    <div
      id={`row-${row.key}`}
      role="row"
      aria-rowindex={index + 2}
      aria-level={tree ? depth + 1 : undefined}
      aria-expanded={tree && row.hasChildren ? row.expanded : undefined}
      aria-selected={selected}
      data-index={index}
      data-focused={focused}
      data-kind={row.kind}
      data-testid="row"
      className={cx(
        styles.row,
        collection && styles.collection,
        (row.state === "missing" || row.state === "planned") && styles.dim,
        (row.kind === "untracked" || row.kind === "unshared") && styles.ghost,
        selected && styles.selected,
        selected && !above && styles.first,
        selected && !below && styles.lastSelected,
        focused && styles.focused,
      )}
      style={{ transform: `translateY(${y}px)`, ["--depth" as string]: depth }}
    >
      {Array.from({ length: depth }, (_, i) => (
        <i key={i} className={styles.guide} style={{ left: `calc(${i} * var(--indent) + 14px)` }} />
      ))}
      <NameCell {...props} />
      <div role="gridcell">
        <FileState state={row.state} foreign={row.notYours} />
      </div>
      <div role="gridcell" data-cell="status">
        <StatusCell row={row} looks={looks} actions={props.actions} />
      </div>
      <div role="gridcell" data-cell="assignee">
        <AssigneeCell row={row} looks={looks} actions={props.actions} />
      </div>
      <div role="gridcell" data-cell="type" className={cx(styles.type, styles.wide)}>
        <span className="ell">
          {looks.types.get(row.type)?.name ?? (row.kind === "resource" ? "Resource" : "")}
        </span>
      </div>
      <div role="gridcell" data-cell="tags" className={cx(styles.tags, styles.wide)}>
        {row.tags.map((tag) => (
          <Tag key={tag}>{tag}</Tag>
        ))}
      </div>
      <div role="gridcell" className={styles.age} title={row.saved > 0 ? exact(row.saved) : undefined}>
        {age(row.saved, now)}
      </div>
      <HoverActions row={row} actions={props.actions} />
    </div>
  );
}

function NameCell({ row, tree, renaming, now, looks, actions }: RowProps) {
  const due = dueStands(row.due, now);
  return (
    <div role="gridcell" data-cell="name" className={styles.name}>
      {tree &&
        (row.hasChildren ? (
          <button
            type="button"
            tabIndex={-1}
            className={cx(styles.twisty, row.expanded && styles.open)}
            aria-label={row.expanded ? `Collapse ${row.name}` : `Expand ${row.name}`}
            onClick={(e) => {
              e.stopPropagation();
              actions.onTwisty(row);
            }}
          >
            <Icon name="chevron-right" size={14} />
          </button>
        ) : (
          <span className={styles.twisty} />
        ))}
      {!tree && <span />}
      <TypeIcon kind={row.kind} type={looks.types.get(row.type)} name={row.name} expanded={row.expanded} />
      {renaming ? <RenameField row={row} /> : <FileName name={row.name} className={cx(styles.file)} />}
      {row.kind === "collection" && <span className={styles.count}>{number(row.count)}</span>}
      {row.shared && (
        <span className={styles.shared} title="Shared with everyone in the project">
          <Icon name="share-2" size={12} />
        </span>
      )}
      {!renaming && <Flags row={row} due={due} now={now} looks={looks} />}
    </div>
  );
}

function Flags({ row, due, now, looks }: { row: RowData; due: string; now: number; looks: Looks }) {
  const person = looks.members.get(row.assignee);
  const holder = person ? (person.me ? "You" : personName(person)) : "Somebody";
  return (
    <span className={styles.flags}>
      {row.priority === 3 && (
        <span title="Urgent">
          <Icon name="chevrons-up" size={12} />
        </span>
      )}
      {due !== "" && (
        <span className={due === "late" ? styles.late : styles.soon} title={`Due ${day(row.due, now)}`}>
          <Icon name="calendar" size={12} />
          {day(row.due, now)}
        </span>
      )}
      {row.notes > 0 && (
        <span title={count(row.notes, "open note")}>
          <Icon name="message-square" size={12} />
          {row.notes}
        </span>
      )}
      {row.roadUntil > 0 && (
        <span
          className={row.roadOver ? styles.late : undefined}
          title={roadTitle(holder, row.roadUntil, row.roadOver, now)}
          data-testid="road"
        >
          <Icon name="plane" size={12} />
          {roadText(row.roadUntil, row.roadOver, now)}
        </span>
      )}
      {row.parked > 0 && (
        <span title={`${count(row.parked, "parked checkpoint")}: see Parked`}>
          <Icon name="circle-parking" size={12} />
          {row.parked} parked
        </span>
      )}
    </span>
  );
}

function StatusCell({ row, looks, actions }: { row: RowData; looks: Looks; actions: RowActions }) {
  if (row.kind === "collection") {
    const shares = row.bar.flatMap(({ status, count: n }) => {
      const look = looks.statuses.get(status);
      return look ? [{ status: look, count: n }] : [];
    });
    return <StatusBar shares={shares} />;
  }
  const status = looks.statuses.get(row.status);
  if (!status) return null;
  if (row.moves.length === 0) return <Pill status={status} />;
  return (
    <PillButton status={status} chevron={false} tabIndex={-1} onClick={(e) => actions.onStatus(row, e)} />
  );
}

function AssigneeCell({ row, looks, actions }: { row: RowData; looks: Looks; actions: RowActions }) {
  if (row.kind === "collection") {
    const people = row.faces.flatMap((id) => looks.members.get(id) ?? []);
    return <AvatarStack people={people} />;
  }
  if (row.kind !== "task") return null;
  const person = looks.members.get(row.assignee);
  const may = ["assign", "claim", "giveBack"].some((act) => row.can.includes(act));
  const road = row.roadUntil > 0;
  if (!may) return <Slot person={person} road={road} />;
  return <SlotButton person={person} road={road} tabIndex={-1} onClick={(e) => actions.onAssign(row, e)} />;
}

function HoverActions({ row, actions }: { row: RowData; actions: RowActions }) {
  const fetchable = ["outdated", "missing", "diverged"].includes(row.state) && row.id !== "";
  const openable = row.kind !== "collection" && !["missing", "planned", "untracked"].includes(row.state);
  const act = (run: (row: RowData) => void) => (e: MouseEvent) => {
    e.stopPropagation();
    run(row);
  };
  return (
    <div className={styles.actions} role="gridcell">
      {row.kind === "untracked" && (
        <IconButton
          icon="file-plus"
          label="Add to the project"
          size="sm"
          tabIndex={-1}
          onClick={act(actions.onAdd)}
        />
      )}
      {fetchable && (
        <IconButton
          icon="download"
          label="Fetch newest"
          size="sm"
          tabIndex={-1}
          onClick={act(actions.onFetch)}
        />
      )}
      {openable && (
        <IconButton icon="external-link" label="Open" size="sm" tabIndex={-1} onClick={act(actions.onOpen)} />
      )}
      <IconButton
        icon="ellipsis"
        label="More"
        size="sm"
        tabIndex={-1}
        aria-haspopup="menu"
        onClick={(e) => {
          e.stopPropagation();
          actions.onMenu(row, e.currentTarget);
        }}
      />
    </div>
  );
}
