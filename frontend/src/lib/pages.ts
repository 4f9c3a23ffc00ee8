// The windows of a long list that are here. Pure: says which pages to fetch and what is at an index.

export const pageSize = 100; // rows: a screen has 30 to 60, so one page mostly covers it

export type Pages<R> = ReadonlyMap<number, readonly R[]>;

export const pageOf = (index: number): number => Math.floor(index / pageSize);

/** The pages that first..last needs, and half a page around it, so that scrolling finds rows. */
export function pagesAround(first: number, last: number, total: number): readonly number[] {
  const end = Math.max(0, total - 1);
  const from = pageOf(Math.max(0, first - pageSize / 2));
  const to = pageOf(Math.min(end, last + pageSize / 2));
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** The row at an index; undefined while its page is not here. */
export const rowAt = <R>(pages: Pages<R>, index: number): R | undefined =>
  pages.get(pageOf(index))?.[index - pageOf(index) * pageSize];

/** The index of the row with that key among the pages that are here; -1 when it is not. */
export function indexOfKey<R extends { readonly key: string }>(pages: Pages<R>, key: string): number {
  for (const [page, rows] of pages) {
    const at = rows.findIndex((row) => row.key === key);
    if (at >= 0) return page * pageSize + at;
  }
  return -1;
}

/** The rows from one index to another, in order; undefined when some are not here. */
export function rowsBetween<R>(pages: Pages<R>, a: number, b: number): readonly R[] | undefined {
  const rows: R[] = [];
  for (let i = Math.min(a, b); i <= Math.max(a, b); i++) {
    const row = rowAt(pages, i);
    if (row === undefined) return undefined;
    rows.push(row);
  }
  return rows;
}
