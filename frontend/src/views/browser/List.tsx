import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type MouseEvent, useEffect, useLayoutEffect, useRef } from "react";
import { Icon } from "../../components/Icon";
import { cx } from "../../lib/cx";
import { rowAt } from "../../lib/pages";
import { isTree } from "../../lib/view";
import { listStore } from "../../stores/list";
import { overlaid, overlayStore } from "../../stores/overlay";
import { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { uiStore } from "../../stores/ui";
import { viewStore } from "../../stores/view";
import { run } from "../shell/run";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./List.module.css";
import { ListEmpty } from "./ListEmpty";
import { Row, type RowData } from "./Row";
import { rowActions } from "./rowActions";
import { useRowHeight } from "./useRowHeight";

// Engines clip or lose precision above this (WebKitGTK at 15,000,000 device px).
const scrollPxMax = 15_000_000;
const headPx = 26; // the columns' names stay on top of what scrolls

const columns = [
  { id: "name", title: "Name" },
  { id: "state", title: "State" },
  { id: "status", title: "Status" },
  { id: "assignee", title: "Assignee" },
  { id: "type", title: "Type", wide: true },
  { id: "tags", title: "Tags", wide: true, unsorted: true },
  { id: "saved", title: "Saved" },
] as const;

function Head() {
  const sort = useStore(viewStore, (v) => v.sort);
  const column = sort.replace(/^-/, "");
  const turned = sort.startsWith("-");
  return (
    <div role="row" aria-rowindex={1} className={styles.head}>
      {columns.map((c) => {
        const on = c.id === column;
        return (
          <div
            key={c.id}
            role="columnheader"
            aria-sort={on ? (turned ? "descending" : "ascending") : undefined}
            className={cx(
              c.id === "name" && styles.headName,
              "wide" in c && styles.wide,
              c.id === "saved" && styles.last,
            )}
          >
            {"unsorted" in c ? (
              c.title
            ) : (
              <button type="button" tabIndex={-1} onClick={() => viewStore.sort(c.id)}>
                {c.title}
                {on && <Icon name={turned ? "arrow-down" : "arrow-up"} size={11} />}
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}

/** The list of the Browser: a tree grid whose rows come in windows. */
export function List() {
  "use no memo"; // the virtualizer changes in place
  const { total, pages, shownKey, loading, error } = useStore(listStore);
  const tree = useStore(viewStore, isTree);
  const selection = useStore(selectionStore);
  const { overlays } = useStore(overlayStore);
  const renaming = useStore(uiStore, (ui) => ui.renaming);
  const project = useStore(projectStore);
  const now = useNow();
  const height = useRowHeight();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = Math.min(total, Math.floor(scrollPxMax / window.devicePixelRatio / height));
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: headPx,
    scrollPaddingStart: headPx,
  });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items[items.length - 1]?.index ?? 0];

  useEffect(() => listStore.screen(first, last), [first, last]);
  // sizes are measured anew when they change
  useLayoutEffect(() => virtual.measure(), [height]);
  // another place begins at its top
  useLayoutEffect(() => virtual.scrollToOffset(0), [shownKey]);

  const go = (index: number) => virtual.scrollToIndex(index, { align: "auto" });
  const focused = selection.focus;
  if (!loading && total === 0) return <ListEmpty error={error} />;
  return (
    <div className={styles.list}>
      <div
        ref={scroll}
        className={styles.scroll}
        role="treegrid"
        aria-rowcount={total + 1}
        aria-colcount={7}
        aria-label="Assets"
        aria-multiselectable="true"
        tabIndex={0}
        data-list=""
        aria-activedescendant={focused === "" ? undefined : `row-${focused}`}
        onKeyDown={(e) => onListKey(e, go, Math.floor((scroll.current?.clientHeight ?? 0) / height))}
        onPointerDown={onPress}
        onDoubleClick={onDouble}
        onContextMenu={onContext}
      >
        <Head />
        <div className={styles.all} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const fetched = rowAt(pages, index);
            if (!fetched) return <Waiting key={index} y={start - headPx} />;
            const row = overlaid(fetched, overlays);
            return (
              <Row
                key={row.key}
                row={row}
                index={index}
                y={start - headPx}
                selected={selection.keys.has(row.key)}
                above={selection.keys.has(rowAt(pages, index - 1)?.key ?? "")}
                below={selection.keys.has(rowAt(pages, index + 1)?.key ?? "")}
                focused={focused === row.key}
                renaming={renaming === row.key}
                tree={tree}
                now={now}
                looks={project}
                actions={rowActions}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Waiting({ y }: { y: number }) {
  return (
    <div className={styles.row} style={{ transform: `translateY(${y}px)` }} aria-hidden="true">
      <div>
        <span className={styles.waiting} />
      </div>
    </div>
  );
}

/** The row under a press. */
export function rowUnder(target: EventTarget): { row: RowData; index: number; el: HTMLElement } | undefined {
  const el = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  const index = Number(el?.dataset.index ?? -1);
  const row = listStore.row(index);
  return el && row ? { row, index, el } : undefined;
}

const pressesButton = (target: EventTarget): boolean =>
  target instanceof Element && target.closest("button, input") !== null;

function onPress(e: React.PointerEvent): void {
  if (pressesButton(e.target)) return;
  const under = rowUnder(e.target);
  const add = e.ctrlKey || e.metaKey;
  if (!under) {
    if (e.button === 0 && !add && !e.shiftKey) selectionStore.clear();
    return;
  }
  const chosen = selectionStore.get().keys.has(under.row.key);
  if (e.button === 2 && chosen) return; // the menu is for all that is selected
  if (e.button <= 2) void selectionStore.pick(under.index, { add, extend: e.shiftKey });
}

function onDouble(e: MouseEvent): void {
  if (pressesButton(e.target) || e.ctrlKey || e.shiftKey) return;
  const row = rowUnder(e.target)?.row;
  if (row?.kind === "collection") viewStore.collection(row.id);
  else if (row?.kind === "untracked") run("add");
  else if (row) run("openInApp");
}

function onContext(e: MouseEvent): void {
  e.preventDefault();
  if (rowUnder(e.target)) uiStore.open({ kind: "menu", anchor: { x: e.clientX, y: e.clientY } });
}

/** Left and Right in a tree: collapse or go up, expand or go in. Returns where the focus goes. */
function inTree(key: string, index: number): number | undefined {
  const row = listStore.row(index);
  if (!row) return undefined;
  if (key === "ArrowRight") {
    if (row.hasChildren && !row.expanded) viewStore.expand([row.id], true);
    else if (row.hasChildren) return index + 1;
    return undefined;
  }
  if (row.expanded) {
    viewStore.expand([row.id], false);
    return undefined;
  }
  const parent = row.parent === "" ? -1 : listStore.indexOf(row.parent);
  return parent >= 0 ? parent : undefined;
}

function onListKey(e: KeyboardEvent, go: (index: number) => void, page: number): void {
  if (e.defaultPrevented || e.altKey) return;
  const at = selectionStore.focusIndex();
  const begun = selectionStore.get().focus !== "";
  const end = listStore.get().total - 1;
  const moves: Record<string, number> = {
    ArrowDown: begun ? at + 1 : 0,
    ArrowUp: begun ? at - 1 : 0,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: end,
  };
  let to = moves[e.key];
  if ((e.key === "ArrowLeft" || e.key === "ArrowRight") && isTree(viewStore.get()) && !e.ctrlKey) {
    e.preventDefault();
    to = inTree(e.key, at);
  }
  if (e.key === " " && (e.ctrlKey || e.metaKey)) {
    e.preventDefault();
    void selectionStore.pick(at, { add: true });
  }
  if (to === undefined) return;
  e.preventDefault();
  const index = Math.max(0, Math.min(end, to));
  go(index);
  if ((e.ctrlKey || e.metaKey) && !e.shiftKey) selectionStore.focus(index);
  else void selectionStore.pick(index, { extend: e.shiftKey });
}
