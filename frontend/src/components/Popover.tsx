import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { cx } from "../lib/cx";
import { type Anchor, place } from "../lib/place";
import styles from "./Popover.module.css";

export type PopoverProps = {
  anchor: Anchor;
  onClose: () => void;
  children: ReactNode;
  width?: number | undefined;
  /** Where it hangs when there is room: below the anchor, or to its left or right. */
  side?: "below" | "left" | "right";
  align?: "start" | "end";
  role?: string;
  label: string;
  className?: string | undefined;
  onKeyDown?: (e: KeyboardEvent<HTMLDivElement>) => void;
  ref?: Ref<HTMLDivElement>;
};

const first = "[data-autofocus], input, button:not(:disabled)";

const rectOf = (anchor: Anchor): DOMRectReadOnly =>
  anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRectReadOnly(anchor.x, anchor.y, 0, 0);

/**
 * A box above everything, beside its anchor. It takes the focus: its field, else its first button. A press outside,
 * Esc, or a wheel turn outside closes it; the focus goes back to where it was.
 */
export function Popover(props: PopoverProps) {
  const { anchor, onClose, children, width, side = "below", align = "start", role = "dialog", label } = props;
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  const [before] = useState(() => document.activeElement);
  useLayoutEffect(() => {
    close.current = onClose;
  });

  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const fit = () => {
      const at = place(rectOf(anchor), { width: el.offsetWidth, height: el.offsetHeight }, side, align, {
        width: window.innerWidth,
        height: window.innerHeight,
      });
      el.style.left = `${at.x}px`;
      el.style.top = `${at.y}px`;
      el.style.visibility = "visible";
    };
    fit();
    // what is hidden takes no focus: autoFocus comes too early
    if (!el.contains(document.activeElement))
      el.querySelector<HTMLElement>(first)?.focus({ preventScroll: true });
    const watch = typeof ResizeObserver === "undefined" ? undefined : new ResizeObserver(fit);
    watch?.observe(el);
    window.addEventListener("resize", fit);
    return () => {
      watch?.disconnect();
      window.removeEventListener("resize", fit);
    };
  }, [anchor, side, align]);

  useEffect(() => {
    const outside = (e: Event) => {
      const target = e.target as Node;
      if (box.current?.contains(target)) return;
      if (target instanceof Element && target.closest("[data-popover]")) return; // a popover of its own
      if (e.type === "pointerdown" && anchor instanceof Element && anchor.contains(target)) return; // it toggles
      close.current();
    };
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("wheel", outside, { capture: true, passive: true });
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("wheel", outside, true);
      const lost = document.activeElement === document.body || document.activeElement === null;
      if (lost && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [anchor, before]);

  const onKeyDown = (e: KeyboardEvent<HTMLDivElement>) => {
    props.onKeyDown?.(e);
    if (e.key === "Escape" && !e.defaultPrevented) {
      e.preventDefault();
      onClose();
    }
    e.stopPropagation(); // keys of the page behind do not reach through
  };
  return createPortal(
    <div
      ref={box}
      data-popover=""
      className={cx(styles.popover, props.className)}
      style={{ width }}
      role={role}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {children}
    </div>,
    document.body,
  );
}
