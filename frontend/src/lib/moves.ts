// The moves that a status picker offers, and why the others are closed: as Go decided them, row by row.
import { shared } from "./mixed";

export type MoveRow = {
  readonly status: string;
  readonly moves: readonly string[];
  readonly stops: readonly { readonly status: string; readonly message: string }[];
};

/** A status to move to; `why` is a sentence when it is closed. */
export type MoveChoice<S> = { readonly status: S; readonly why: string };

/** Every other status: the open ones first, the closed ones with their reason. Hidden ones only when they are open. */
export function moveChoices<S extends { readonly id: string; readonly hidden: boolean }>(
  statuses: readonly S[],
  rows: readonly MoveRow[],
): readonly MoveChoice<S>[] {
  const now = shared(rows, (row) => row.status);
  const choices = statuses
    .filter((status) => status.id !== now)
    .map((status) => ({ status, why: whyClosed(status.id, rows) }));
  const open = choices.filter((c) => c.why === "");
  return [...open, ...choices.filter((c) => c.why !== "" && !c.status.hidden)];
}

function whyClosed(status: string, rows: readonly MoveRow[]): string {
  const closed = rows.filter((row) => row.status !== status && !row.moves.includes(status));
  if (closed.length === 0) return "";
  const said = closed.flatMap((row) => row.stops.filter((stop) => stop.status === status))[0]?.message;
  const message = (said ?? "This move is not open to you.").trim();
  return rows.length === 1 ? message : `Closed to ${closed.length} of ${rows.length}: ${message}`;
}
