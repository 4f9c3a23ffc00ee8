import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Glyph } from "../../components/Glyph";
import { statusAttributes } from "../../components/statusAttributes";
import type { CarryColumn } from "../../lib/carry";
import { cx } from "../../lib/cx";
import { number } from "../../lib/format";
import { type BoardColumn, boardStore } from "../../stores/board";
import type { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { uiStore } from "../../stores/ui";
import { run } from "../shell/run";
import styles from "./Board.module.css";
import { CardFace } from "./CardFace";

type Status =
  ReturnType<typeof projectStore.get>["statuses"] extends ReadonlyMap<string, infer S> ? S : never;

const cardPx = 196; // with its gap: cards are of one height, so that a column of 10,000 is laid out without measuring

/** A column: its status, how many, its cards. Closed to what is carried, it is dim and says why. */
export function BoardColumnView(props: {
  column: BoardColumn;
  status: Status | undefined;
  focus: string;
  selected: ReadonlySet<string>;
  moving: readonly string[];
  target: CarryColumn | undefined;
  gap: number | undefined;
  /** Why the cards that keys carry here cannot stay; "" = they can, or are elsewhere. */
  shut: string;
}) {
  "use no memo"; // the virtualizer changes in place
  const { column, status, moving, target, gap, focus } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: column.cards.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => cardPx,
    overscan: 4,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  const here = column.cards.findIndex((card) => card.key === focus);
  useEffect(() => {
    if (last >= column.cards.length - 5) void boardStore.more(column.status);
  }, [last, column]);
  // the focus stays on screen
  useEffect(() => {
    if (here >= 0) virtual.scrollToIndex(here, { align: "auto" });
  }, [here]);
  if (!status) return null;
  const over = status.wipLimit > 0 && column.total > status.wipLimit;
  const others = column.cards.filter((card) => !moving.includes(card.id));
  const gapCard = gap === undefined ? undefined : others[gap];
  const gapAt = gap === undefined ? -1 : gapCard ? column.cards.indexOf(gapCard) : column.cards.length;
  return (
    <section
      role="listitem"
      aria-label={`${status.name}, ${column.total}`}
      {...statusAttributes(status)}
      data-drag-zone={column.status}
      data-testid={`column-${status.key}`}
      title={target && !target.open ? target.why : undefined}
      className={cx(
        styles.column,
        target && !target.open && styles.closed,
        gap !== undefined && target?.open && styles.over,
      )}
    >
      <header className={styles.columnHead}>
        <Glyph status={status} size={14} />
        <h2>{status.name}</h2>
        <span className={cx("t2", over && styles.tooMany)}>
          {number(column.total)}
          {status.wipLimit > 0 && ` of ${status.wipLimit}`}
        </span>
      </header>
      {props.shut !== "" && <p className={styles.shut}>{props.shut}</p>}
      <div ref={scroll} className={styles.cards} data-drag-scroll="y">
        <div
          role="list"
          aria-label={status.name}
          style={{ height: virtual.getTotalSize() + cardPx, position: "relative" }}
        >
          {gapAt >= 0 && target?.open && <i className={styles.gap} style={{ top: gapAt * cardPx - 5 }} />}
          {items.map(({ index, start }) => {
            const card = column.cards[index];
            if (!card) return null;
            const away = moving.includes(card.id);
            return (
              <article
                key={card.id}
                id={`card-${card.id}`}
                role="listitem"
                aria-label={`${card.name}, ${status.name}`}
                aria-current={focus === card.key ? "true" : undefined}
                tabIndex={focus === card.key || (focus === "" && index === 0) ? 0 : -1}
                data-drag-item={card.id}
                data-drag-index={away ? undefined : others.indexOf(card)}
                data-testid="card"
                data-focused={focus === card.key}
                className={cx(
                  styles.card,
                  props.selected.has(card.key) && styles.selected,
                  away && styles.away,
                )}
                style={{ transform: `translateY(${start}px)` }}
                onFocus={() => {
                  if (focus !== card.key) selectionStore.replace([card]);
                }}
                onPointerDown={(e) => {
                  if (e.ctrlKey || e.metaKey || e.shiftKey) {
                    const rows = [...selectionStore.get().rows.values()];
                    const has = rows.some((row) => row.key === card.key);
                    selectionStore.replace(
                      has ? rows.filter((row) => row.key !== card.key) : [...rows, card],
                      card.key,
                    );
                    e.preventDefault();
                  } else if (!props.selected.has(card.key)) selectionStore.replace([card]);
                }}
                onDoubleClick={() => run("openInApp")}
                onContextMenu={(e) => {
                  e.preventDefault();
                  uiStore.open({ kind: "menu", anchor: { x: e.clientX, y: e.clientY } });
                }}
              >
                <CardFace card={card} />
              </article>
            );
          })}
        </div>
      </div>
    </section>
  );
}
