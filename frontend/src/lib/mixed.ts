// What several selected things have in common: shared values are shown, others as a dash.

/** Shown where values differ. */
export const mixedSign = "—";

/** The value that all have; undefined when they differ or there are none. */
export function shared<T, V>(items: readonly T[], value: (item: T) => V): V | undefined {
  const [first, ...rest] = items;
  if (first === undefined) return undefined;
  const common = value(first);
  return rest.every((item) => Object.is(value(item), common)) ? common : undefined;
}

/** What is in every list, in the order of the first. */
export function common<V>(lists: readonly (readonly V[])[]): readonly V[] {
  const [first, ...rest] = lists;
  return first?.filter((v) => rest.every((list) => list.includes(v))) ?? [];
}
