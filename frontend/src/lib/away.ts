// What happened while a person was away, for the banner at their return. Pure.

/** A card of the inbox, as far as the banner cares: app.InboxItem of Go. */
export type Happened = { readonly kind: string; readonly message: string; readonly at: number };

/** What happened after `seen` and before the connection was there, newest last. Asks and roads have their own places. */
export const whileAway = (items: readonly Happened[], seen: number, online: number): readonly Happened[] =>
  items
    .filter(
      (item) => (item.kind === "news" || item.kind === "verdict") && item.at > seen && item.at <= online,
    )
    .sort((a, b) => a.at - b.at);

/** "While you were away: … And 2 more." "" when nothing happened. */
export function awayText(happened: readonly Happened[]): string {
  const last = happened[happened.length - 1];
  if (!last) return "";
  const more = happened.length - 1;
  return `While you were away: ${last.message}${more > 0 ? ` And ${more} more.` : ""}`;
}
