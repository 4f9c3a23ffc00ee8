import { useSyncExternalStore } from "react";
import { lookStore } from "../../stores/theme";

const subscribe = (listener: () => void): (() => void) => {
  const end = lookStore.subscribe(listener);
  window.addEventListener("resize", listener);
  return () => {
    end();
    window.removeEventListener("resize", listener);
  };
};
const read = (): number =>
  Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10) || 29;

/** The height of a row in px, as density and width of the window make it. */
export const useRowHeight = (): number => useSyncExternalStore(subscribe, read);
