// How a project stands to its studio, in words. Offline is normal: it is never said as a fault.

/** app.SyncView of Go. */
export type SyncView = {
  readonly remote: boolean;
  readonly state: string;
  readonly unsent: number;
  readonly need: number;
  /** The studio's address; "" for a personal project. */
  readonly server: string;
  /** What that means for the person's work. */
  readonly sentence: string;
  /** Of two views the one with the lower number is the older. */
  readonly nth: number;
};

const words: Readonly<Record<string, string>> = {
  offline: "Offline",
  syncing: "Syncing",
  synced: "Synced",
  needsAuth: "Sign in to send",
  needsHelp: "Waits for an admin",
  tooOld: "Update to sync",
  notMember: "No longer a member",
  full: "The studio is full",
};

/** The indicator's text: "Synced", "Offline, 3 to send", "Synced, 2 need you"; "" for a personal project. */
export function syncText(sync: SyncView | undefined): string {
  if (sync === undefined || !sync.remote) return "";
  const parts = [words[sync.state] ?? "Syncing"];
  if (sync.unsent > 0) parts.push(`${sync.unsent} to send`);
  if (sync.need > 0) parts.push(sync.need === 1 ? "1 needs you" : `${sync.need} need you`);
  return parts.join(", ");
}

/** Everything is on its way by itself: nothing to say that needs anyone. */
export const isQuiet = (sync: SyncView): boolean =>
  sync.state === "synced" && sync.unsent === 0 && sync.need === 0;
