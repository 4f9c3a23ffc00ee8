// How the window looks on this computer: theme, density, what is folded. Kept in localStorage.
import { createStore } from "../lib/store";

export type ThemeChoice = "system" | "dark" | "light";
export type Density = "compact" | "default" | "comfortable";
export type LookState = {
  readonly theme: ThemeChoice;
  readonly density: Density;
  readonly details: boolean;
};

const key = "framehold.look";
const initial: LookState = { theme: "system", density: "default", details: true };

/** Reads JSON of this computer; a broken or missing value is the fallback. */
export function recall<T extends object>(name: string, fallback: T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(name) ?? "{}");
    return typeof value === "object" && value !== null ? { ...fallback, ...value } : fallback;
  } catch {
    return fallback;
  }
}

/** Keeps JSON on this computer. A full or forbidden storage loses a convenience, nothing else. */
export function remember(name: string, value: object): void {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    return;
  }
}

const store = createStore<LookState>(recall(key, initial));
const light = typeof matchMedia === "undefined" ? undefined : matchMedia("(prefers-color-scheme: light)");

/** The theme that is shown. */
export const shownTheme = (): "dark" | "light" => {
  const { theme } = store.get();
  return theme === "system" ? (light?.matches ? "light" : "dark") : theme;
};

function paint(): void {
  document.documentElement.dataset.theme = shownTheme();
  document.documentElement.dataset.density = store.get().density;
}

export const lookStore = {
  ...store,
  set(change: Partial<LookState>): void {
    store.set(change);
    remember(key, store.get());
    paint();
  },
  /** The other theme than the one shown. */
  toggleTheme: () => lookStore.set({ theme: shownTheme() === "dark" ? "light" : "dark" }),
};

light?.addEventListener("change", paint);
paint();
