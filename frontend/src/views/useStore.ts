import { useSyncExternalStore } from "react";
import type { Store } from "../lib/store";

/** Reads a store. A selector must return the same thing for the same state: pick a field, make nothing. */
export function useStore<T, S = T>(store: Pick<Store<T>, "get" | "subscribe">, select?: (state: T) => S): S {
  const read = () => (select ? select(store.get()) : (store.get() as unknown as S));
  return useSyncExternalStore(store.subscribe, read);
}
