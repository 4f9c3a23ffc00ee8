import type { ReactNode } from "react";
import { cx } from "../lib/cx";
import { exact } from "../lib/format";
import type { StatusLook } from "../lib/look";
import { Glyph } from "./Glyph";
import { Icon } from "./Icon";
import type { IconName } from "./icons";
import { statusAttributes } from "./statusAttributes";
import styles from "./Timeline.module.css";

/** The audit trail of an asset, newest first. */
export function Timeline({ children, label = "History" }: { children: ReactNode; label?: string }) {
  return (
    <ol className={styles.timeline} aria-label={label}>
      {children}
    </ol>
  );
}

/** One event: a node on the rail, a sentence, and what belongs to it. */
export function TimelineItem({
  status,
  icon,
  title,
  coloured = false,
  aside,
  at,
  when,
  children,
  actions,
}: {
  /** The status it was made at: its shape is the node. */
  status?: StatusLook | undefined;
  /** The node where no status belongs to it. */
  icon?: IconName | undefined;
  title: ReactNode;
  /** The sentence is in the colour of the status: moves and verdicts. */
  coloured?: boolean;
  aside?: ReactNode;
  at: number;
  when: string;
  children?: ReactNode;
  /** Shown on hover and focus. */
  actions?: ReactNode;
}) {
  return (
    <li className={styles.item}>
      <div className={styles.node}>
        {status ? <Glyph status={status} size={14} /> : <Icon name={icon ?? "circle-dot"} size={13} />}
      </div>
      <div className={styles.body}>
        <div className={styles.head}>
          <b {...(coloured && status ? statusAttributes(status) : {})}>{title}</b>
          {aside}
          <time title={exact(at)} dateTime={new Date(at).toISOString()}>
            {when}
          </time>
        </div>
        {children}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
    </li>
  );
}

/** Work that is not saved yet: a dashed node on top. */
export function TimelinePending({
  title,
  detail,
  icon = "pencil",
  action,
}: {
  title: string;
  detail?: string;
  icon?: IconName;
  action?: ReactNode;
}) {
  return (
    <li className={cx(styles.item, styles.pending)}>
      <div className={styles.node}>
        <Icon name={icon} size={13} />
      </div>
      <div className={styles.body}>
        <div className="grow">
          <b className="med">{title}</b>
          {detail && <div className="t3 xs">{detail}</div>}
        </div>
        {action}
      </div>
    </li>
  );
}

/** Who did it, in the tone of a signature. */
export function TimelineMeta({ children }: { children: ReactNode }) {
  return <div className={styles.meta}>{children}</div>;
}

/** What somebody wrote. */
export function TimelineText({ children }: { children: ReactNode }) {
  return <div className={cx(styles.quote, "selectable")}>{children}</div>;
}

/** A picture and numbered notes beside each other. */
export function TimelineRow({ image, children }: { image?: ReactNode; children?: ReactNode }) {
  return (
    <div className={styles.row}>
      {image}
      {children !== undefined && <div className="grow">{children}</div>}
    </div>
  );
}

/** Numbered notes: a retake's checklist as it was written. */
export function TimelineNotes({ notes }: { notes: readonly { id: string; text: string; done: boolean }[] }) {
  return (
    <ol className={styles.notes}>
      {notes.map((note, i) => (
        <li key={note.id}>
          <i className={cx(note.done && styles.done)}>{note.done ? "✓" : i + 1}</i>
          <span className="selectable">{note.text}</span>
        </li>
      ))}
    </ol>
  );
}
