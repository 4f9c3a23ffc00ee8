import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { createPortal } from "react-dom";
import { cx } from "../lib/cx";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), select:not(:disabled), [tabindex="0"]';

export type DialogProps = {
  /** Says the outcome: "Create checkpoint", "Move 3 tasks". */
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Buttons; the primary one last. */
  footer?: ReactNode;
  width?: number;
  /** alertdialog for a question that must be answered. */
  role?: "dialog" | "alertdialog";
  /** Ctrl+Enter anywhere, and Enter in a one-line field. */
  onSubmit?: (() => void) | undefined;
  /** Keeps it open: a press on the scrim and Esc do nothing. */
  locked?: boolean;
  className?: string | undefined;
  headerExtra?: ReactNode;
};

/** A dialog: the focus is trapped in it and given back, Esc closes it. The scrim never blurs. */
export function Dialog(props: DialogProps) {
  const { title, onClose, children, footer, width = 460, role = "dialog", onSubmit, locked = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    const before = document.activeElement;
    const el = box.current;
    if (el && !el.contains(document.activeElement)) {
      const first =
        el.querySelector<HTMLElement>("[data-autofocus]") ??
        el.querySelector<HTMLElement>("input, textarea") ??
        el;
      first.focus();
    }
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  const onKeyDown = (e: KeyboardEvent<HTMLDivElement>) => {
    e.stopPropagation(); // keys of the page behind do not reach through
    if (e.key === "Escape" && !locked && !e.defaultPrevented) {
      e.preventDefault();
      onClose();
    } else if (e.key === "Tab") trap(e, box.current);
    else if (e.key === "Enter" && onSubmit && !e.defaultPrevented) {
      const field = e.target instanceof HTMLInputElement;
      if (!e.ctrlKey && !e.metaKey && !field) return;
      e.preventDefault();
      onSubmit();
    }
  };
  return createPortal(
    <div
      className={styles.scrim}
      data-popover=""
      onPointerDown={(e) => {
        if (e.target === e.currentTarget && !locked) onClose();
      }}
    >
      <div
        ref={box}
        className={cx(styles.dialog, props.className)}
        style={{ width }}
        role={role}
        aria-modal="true"
        aria-labelledby={id}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        <header className={styles.header}>
          <h2 id={id}>{title}</h2>
          {props.headerExtra}
          {!locked && <IconButton icon="x" label="Close" keys="Esc" onClick={onClose} />}
        </header>
        <div className={styles.body}>{children}</div>
        {footer !== undefined && <footer className={styles.footer}>{footer}</footer>}
      </div>
    </div>,
    document.body,
  );
}

function trap(e: KeyboardEvent, box: HTMLElement | null): void {
  const all = [...(box?.querySelectorAll<HTMLElement>(focusable) ?? [])].filter((el) => el.tabIndex >= 0);
  const [first, last] = [all[0], all[all.length - 1]];
  const now = document.activeElement;
  if (e.shiftKey && (now === first || now === box)) {
    e.preventDefault();
    last?.focus();
  } else if (!e.shiftKey && now === last) {
    e.preventDefault();
    first?.focus();
  }
}
