// What dropping cards on a column leads to: a place, a move, a question for notes, or checkpoints of what is modified.

export type DropCard = {
  readonly id: string;
  readonly status: string;
  readonly assignee: string;
  readonly state: string;
};
export type DropColumn = { readonly id: string; readonly category: string; readonly asksNote: boolean };

export type DropPlan = {
  readonly kind: "place" | "move" | "notes" | "checkpoint";
  /** Own modified files: their checkpoints move them. */
  readonly save: readonly string[];
  /** The others. */
  readonly move: readonly string[];
};

const ids = (cards: readonly DropCard[]): string[] => cards.map((card) => card.id);

/** A review by the assignee of a modified file is a checkpoint; what else is carried along moves at once. */
export function planDrop(cards: readonly DropCard[], column: DropColumn, me: string): DropPlan {
  const moved = cards.filter((card) => card.status !== column.id);
  if (moved.length === 0) return { kind: "place", save: [], move: ids(cards) };
  const saved = moved.filter(
    (card) =>
      column.category === "review" &&
      card.assignee === me &&
      (card.state === "modified" || card.state === "diverged"),
  );
  const rest = cards.filter((card) => !saved.includes(card));
  if (saved.length > 0) return { kind: "checkpoint", save: ids(saved), move: ids(rest) };
  const asks = column.category === "retake" || column.asksNote;
  return { kind: asks ? "notes" : "move", save: [], move: ids(cards) };
}

/** What a drop will do, before it is made. */
export function promiseOf(plan: DropPlan, name: string): string {
  switch (plan.kind) {
    case "place":
      return "Change the order";
    case "move":
      return `Move to ${name}`;
    case "notes":
      return `Move to ${name}: asks for notes`;
    case "checkpoint": {
      const asks =
        plan.save.length === 1 ? "asks for a checkpoint" : `asks for ${plan.save.length} checkpoints`;
      return `Send to ${name}: ${asks}${plan.move.length > 0 ? `, moves ${plan.move.length}` : ""}`;
    }
  }
}
