import { useSyncExternalStore } from "react";

const stepMs = 30_000; // ages are shown in minutes
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const tell of [...listeners]) tell();
  }, stepMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present, for ages: moves on twice a minute. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);
