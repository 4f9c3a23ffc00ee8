import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import {
  type Carry,
  type CarryColumn,
  carry,
  gapOf,
  pickUp,
  saidBack,
  saidCarry,
  saidDrop,
  saidPickUp,
} from "../../lib/carry";
import type { Point } from "../../lib/drag";
import { type Drag, dragOn, type Place } from "../../lib/dragdom";
import { type DropPlan, planDrop, promiseOf } from "../../lib/drop";
import { boardStore, type Card } from "../../stores/board";
import { openCheckpoint } from "../../stores/checkpoint";
import { overlaid, overlayStore } from "../../stores/overlay";
import { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { toastsStore } from "../../stores/toasts";
import { uiStore } from "../../stores/ui";
import { viewStore } from "../../stores/view";
import { useStore } from "../useStore";
import styles from "./Board.module.css";
import { CardFace } from "./CardFace";
import { BoardColumnView } from "./Column";

type Dragging = { readonly ids: readonly string[]; readonly at: Point; readonly place: Place | undefined };

const cardOf = (id: string): Card | undefined =>
  boardStore
    .get()
    .columns.flatMap((c) => c.cards)
    .find((card) => card.id === id);

/** Columns as carrying sees them: what may be dropped where, and why not. */
function carryColumns(ids: readonly string[]): CarryColumn[] {
  const { columns } = boardStore.get();
  const { statuses } = projectStore.get();
  const carried = ids.flatMap((id) => cardOf(id) ?? []);
  return columns.map((c) => {
    const shut = carried.find((card) => card.status !== c.status && !card.moves.includes(c.status));
    return {
      id: c.status,
      name: statuses.get(c.status)?.name ?? "",
      cards: c.cards.filter((card) => !ids.includes(card.id)).map((card) => card.id),
      more: c.cards.length < c.total,
      open: shut === undefined,
      why: shut?.stops.find((stop) => stop.status === c.status)?.message ?? "This move is not open to you.",
    };
  });
}

/** What a drop of these cards on that column leads to. */
function planOf(ids: readonly string[], status: string): DropPlan {
  const { statuses, project } = projectStore.get();
  const cards = ids.flatMap((id) => cardOf(id) ?? []);
  const column = statuses.get(status) ?? { id: status, category: "", asksNote: false };
  return planDrop(cards, column, project?.me.id ?? "");
}

/** Drops cards. */
function drop(ids: readonly string[], status: string, index: number): void {
  const column = carryColumns(ids).find((c) => c.id === status);
  const cards = ids.flatMap((id) => cardOf(id) ?? []);
  if (!column || cards.length === 0) return;
  if (!column.open) {
    toastsStore.show({ text: column.why, tone: "error", icon: "circle-alert" });
    return;
  }
  const gap = gapOf(column, index);
  const plan = planOf(ids, status);
  const move = (moved: readonly string[]) =>
    void boardStore.move(moved, plan.kind === "place" ? "" : status, gap.before, gap.after);
  if (plan.kind === "checkpoint") {
    if (plan.move.length > 0) move(plan.move);
    openCheckpoint(plan.save, status, () => move(plan.save));
  } else if (plan.kind === "notes") {
    uiStore.dialog({ kind: "notes", ids, status, before: gap.before, after: gap.after });
  } else move(ids);
}

/** What goes with a card: the whole selection when it is part of it. */
function carriedWith(id: string): readonly string[] {
  const { keys } = selectionStore.get();
  return keys.has(id) && keys.size > 1 ? [...keys] : [id];
}

/** The board: columns of cards that are dragged by the pointer or carried by keys. */
export function BoardPane({ onSaid }: { onSaid?: (said: string) => void }) {
  const { columns, loading, error, total } = useStore(boardStore);
  const { overlays } = useStore(overlayStore);
  const selection = useStore(selectionStore);
  const { statuses } = useStore(projectStore);
  const root = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag>(undefined);
  const [dragging, setDragging] = useState<Dragging>();
  const [carried, setCarried] = useState<Carry>();
  const [said, say] = useState("");

  useEffect(() => onSaid?.(said), [said, onSaid]);
  useEffect(() => {
    const el = root.current;
    if (!el) return undefined;
    let ids: readonly string[] = [];
    drag.current = dragOn(el, {
      lift: (item, at) => {
        ids = carriedWith(item);
        setDragging({ ids, at, place: undefined });
        return true;
      },
      over: (place) => setDragging((d) => d && { ...d, place }),
      move: (at) => setDragging((d) => d && { ...d, at }),
      drop: (place) => {
        setDragging(undefined);
        if (place) drop(ids, place.zone, place.index);
      },
      back: () => setDragging(undefined),
    });
    return () => drag.current?.release();
  }, [columns.length > 0]);
  // what is shown has moved
  useLayoutEffect(() => drag.current?.refresh(), [columns, overlays]);

  if (error) {
    return (
      <EmptyState
        icon="triangle-alert"
        title={error.message}
        alert
        actions={<Button onClick={() => void boardStore.refresh()}>Try again</Button>}
      >
        {error.hint}
      </EmptyState>
    );
  }
  if (loading) return <div className={styles.board} aria-busy="true" />;
  if (total === 0) {
    return (
      <div className={styles.empty} data-list="" tabIndex={-1}>
        <EmptyState
          icon="square-kanban"
          title="No task is here"
          actions={
            <Button variant="primary" onClick={viewStore.clear}>
              Show all tasks
            </Button>
          }
        >
          Tasks that fit the view and its filters are cards here. A resource becomes one when it is assigned.
        </EmptyState>
      </div>
    );
  }
  const moving = dragging?.ids ?? carried?.ids ?? [];
  const targets = moving.length > 0 ? carryColumns(moving) : [];
  const place = dragging
    ? dragging.place
    : carried
      ? { zone: carried.column, index: carried.index }
      : undefined;
  const shown = columns.map((c) => ({ ...c, cards: c.cards.map((card) => overlaid(card, overlays)) }));
  const over = place && targets.find((t) => t.id === place.zone);
  const lifted = dragging && cardOf(dragging.ids[0] ?? "");
  return (
    <>
      <div
        ref={root}
        className={styles.board}
        data-list=""
        data-testid="board"
        data-drag-scroll="x"
        role="list"
        aria-label="Board"
        tabIndex={-1}
        onKeyDown={(e) => {
          const next = keys(e.key, carried, selection.focus);
          if (!next) return;
          e.preventDefault();
          setCarried(next.carry);
          if (next.said !== "") say(next.said);
        }}
      >
        {shown.map((column) => (
          <BoardColumnView
            key={column.status}
            column={column}
            status={statuses.get(column.status)}
            focus={selection.focus}
            selected={selection.keys}
            moving={moving}
            target={targets.find((t) => t.id === column.status)}
            gap={place?.zone === column.status ? place.index : undefined}
            shut={carried && over?.id === column.status && !over.open ? over.why : ""}
          />
        ))}
        {dragging &&
          lifted &&
          createPortal(
            <div
              className={styles.ghost}
              style={{ transform: `translate(${dragging.at.x + 8}px, ${dragging.at.y + 8}px)` }}
            >
              <CardFace card={lifted} />
              {dragging.ids.length > 1 && <span className={styles.many}>{dragging.ids.length}</span>}
              {over && (
                <span className={styles.why}>
                  {over.open ? promiseOf(planOf(dragging.ids, over.id), over.name) : over.why}
                </span>
              )}
            </div>,
            document.body,
          )}
      </div>
      <div className="vh" aria-live="assertive">
        {said}
      </div>
    </>
  );
}

/** What a key means on the board: focus moves, or the carried cards do. */
function keys(
  key: string,
  carried: Carry | undefined,
  focus: string,
): { carry: Carry | undefined; said: string } | undefined {
  const arrows = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"];
  if (carried) {
    const columns = carryColumns(carried.ids);
    if (key === "Escape") return { carry: undefined, said: saidBack(carried) };
    if (key === "Enter" || key === " ") {
      drop(carried.ids, carried.column, carried.index);
      return { carry: undefined, said: saidDrop(carried, columns) };
    }
    if (!arrows.includes(key)) return undefined;
    const next = carry(carried, columns, key);
    return { carry: next, said: saidCarry(carried, next, columns, key) };
  }
  if (key === " ") {
    const card = cardOf(focus);
    if (!card) return undefined;
    const ids = carriedWith(card.id);
    const columns = carryColumns(ids);
    const home = boardStore.get().columns.find((c) => c.status === card.status);
    const at = home?.cards.findIndex((c) => c.id === card.id) ?? 0;
    const index = home?.cards.slice(0, at).filter((c) => !ids.includes(c.id)).length ?? 0;
    const picked = pickUp(ids, card.name, card.status, index);
    return { carry: picked, said: saidPickUp(picked, columns) };
  }
  if (!arrows.includes(key)) return undefined;
  const next = neighbour(key, focus);
  if (next) {
    selectionStore.replace([next]);
    requestAnimationFrame(() => document.getElementById(`card-${next.id}`)?.focus());
  }
  return { carry: undefined, said: "" };
}

/** The card that an arrow leads to. */
function neighbour(key: string, focus: string): Card | undefined {
  const columns = boardStore.get().columns.filter((c) => c.cards.length > 0);
  const at = columns.findIndex((c) => c.cards.some((card) => card.key === focus));
  if (at < 0) return columns[0]?.cards[0];
  const column = columns[at];
  const row = column?.cards.findIndex((card) => card.key === focus) ?? 0;
  const down: Record<string, number> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    Home: 0,
    End: (column?.cards.length ?? 1) - 1,
  };
  const to = down[key];
  if (to !== undefined) return column?.cards[Math.max(0, Math.min(to, column.cards.length - 1))];
  const side = columns[at + (key === "ArrowRight" ? 1 : -1)] ?? column;
  return side?.cards[Math.min(row, side.cards.length - 1)];
}
