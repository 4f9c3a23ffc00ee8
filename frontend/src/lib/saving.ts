// What the Create checkpoint dialog says about bytes: before, the whole and how the files stand; after, what was new.
import { count, size } from "./format";

type File = { readonly bytes: number; readonly state: string };

const words: Readonly<Record<string, string>> = {
  modified: "modified",
  diverged: "modified",
  normal: "unchanged",
  outdated: "outdated",
  missing: "not on disk",
  planned: "not on disk",
};

/** "3 files, 31 MB: 2 modified, 1 unchanged"; "12 MB, modified" for one. */
export function sizeLine(files: readonly File[]): string {
  const total = size(files.reduce((sum, file) => sum + file.bytes, 0));
  const tally = new Map<string, number>();
  for (const file of files) {
    const word = words[file.state] ?? "new";
    tally.set(word, (tally.get(word) ?? 0) + 1);
  }
  const [only] = tally.keys();
  if (files.length === 0 || only === undefined) return "No file can be saved";
  if (files.length === 1) return `${total}, ${only}`;
  const states = tally.size === 1 ? `all ${only}` : [...tally].map(([word, n]) => `${n} ${word}`).join(", ");
  return `${count(files.length, "file")}, ${total}: ${states}`;
}

/** "2.1 MB new of 12 MB". */
export function savedLine(newBytes: number, totalBytes: number): string {
  return newBytes > 0
    ? `${size(newBytes)} new of ${size(totalBytes)}`
    : `${size(totalBytes)}, nothing of it new`;
}
