// Parked checkpoints: which one has the keys, what comes first, and how the lineage is drawn. Pure.

export type Verb = {
  readonly verb: string;
  readonly consequence: string;
  readonly refusal?: { readonly message: string; readonly hint: string } | undefined;
};
export type Chain = { readonly id: string; readonly verbs: readonly Verb[] };

export type VerbName = "adopt" | "copy" | "keep" | "trash" | "restore" | "ask" | "purge";

/** The verb to run for a chain, or why it cannot be. */
export function verbOf(chain: Chain | undefined, name: VerbName): true | false | string {
  const verb = chain?.verbs.find((v) => v.verb === name);
  if (!verb) return false;
  return verb.refusal ? `${verb.refusal.message} ${verb.refusal.hint}`.trim() : true;
}

/** The first verb that the person may do. */
export const primaryVerb = (chain: Chain | undefined): VerbName | undefined =>
  chain?.verbs.find((v) => !v.refusal)?.verb as VerbName | undefined;

/** The next (1) or previous (-1) chain: it stops at the ends. From none, the first. */
export function stepFrom(chains: readonly Chain[], focus: string, by: -1 | 1): string {
  const at = chains.findIndex((chain) => chain.id === focus);
  const to = at < 0 ? 0 : Math.max(0, Math.min(chains.length - 1, at + by));
  return chains[to]?.id ?? "";
}

/** Where the keys are after the list changed: on the same chain, else on the one that took its place. */
export function keepFocus(before: readonly Chain[], after: readonly Chain[], focus: string): string {
  if (after.some((chain) => chain.id === focus)) return focus;
  const at = Math.max(
    0,
    before.findIndex((chain) => chain.id === focus),
  );
  return after[Math.min(at, after.length - 1)]?.id ?? "";
}

export type LineNode = { readonly x: number; readonly label: string; readonly strong: boolean };
export type Lineage = {
  readonly line: readonly LineNode[];
  readonly parked: readonly LineNode[];
  /** Where the branch leaves the line. */
  readonly from: number;
  readonly sentence: string;
};

// px of the drawing, which does not scale: text has one size
export const lineageWidth = 620;
const [startX, baseX, headX, parkedX, stepX] = [96, 180, 470, 320, 66];
const nodesMax = 4;

/** Base and head on the line, the parked ones beside it: a long chain shows its first and its newest. */
export function lineageOf(chain: {
  readonly base: string;
  readonly head: string;
  readonly by: string;
  readonly labels: readonly string[];
}): Lineage {
  const { base, head, labels } = chain;
  const line: LineNode[] = [];
  if (base !== "" && base !== head) line.push({ x: baseX, label: `${base}, its base`, strong: false });
  if (head !== "") {
    const by = chain.by === "" ? "" : ` by ${chain.by}`;
    line.push({ x: base === head ? baseX : headX, label: `${head}${by}, current`, strong: true });
  }
  const shown =
    labels.length <= nodesMax
      ? labels
      : [labels[0] ?? "", `+${labels.length - 2}`, labels[labels.length - 1] ?? ""];
  const parked = shown.map((label, i) => ({
    x: parkedX + i * stepX,
    label: i === shown.length - 1 ? `${label}, parked` : label,
    strong: i === shown.length - 1,
  }));
  const told = [
    base === "" ? "It goes on from no version." : `It goes on from ${base}.`,
    head === "" ? "" : `${head} is current.`,
    `${labels.join(", ")} ${labels.length === 1 ? "is" : "are"} parked.`,
  ];
  return { line, parked, from: base === "" ? startX : baseX, sentence: told.filter(Boolean).join(" ") };
}

/** The title of the screen. */
export function needs(open: number, shown: number): string {
  if (open === 0) return shown === 0 ? "Nothing is parked" : "Nothing waits for a decision";
  return open === 1 ? "One thing needs a decision" : `${open} things need a decision`;
}
