import { cx } from "../lib/cx";
import { splitName } from "../lib/format";
import type { TypeLook } from "../lib/look";
import styles from "./Asset.module.css";
import { Icon } from "./Icon";
import { type IconName, iconNamed } from "./icons";

/** A file's name: what tells it apart in the strong tone, the extension in the weak one. */
export function FileName({ name, className }: { name: string; className?: string }) {
  const [stem, extension] = splitName(name);
  return (
    <span className={cx(styles.name, className)} title={name}>
      <span className={styles.stem}>{stem}</span>
      {extension !== "" && <span className={styles.extension}>{extension}</span>}
    </span>
  );
}

const byExtension: readonly (readonly [RegExp, IconName])[] = [
  [/^\.(png|jpe?g|exr|tiff?|webp|tga|psd|kra|hdr|gif|svg|bmp)$/i, "image"],
  [/^\.(mov|mp4|mkv|webm|avi)$/i, "film"],
  [/^\.(wav|mp3|flac|ogg|aiff?|m4a)$/i, "audio-lines"],
  [/^\.(fbx|obj|abc|usd[acz]?|glb|gltf|blend)$/i, "file-box"],
  [/^\.(txt|md|pdf|docx?|json|csv|ya?ml)$/i, "file-text"],
];

/** The icon of an asset: its type's, a folder, or what the extension says. */
export function TypeIcon({
  kind,
  type,
  name,
  expanded = false,
  size = 15,
  className,
}: {
  kind: string;
  type?: TypeLook | undefined;
  name: string;
  expanded?: boolean;
  size?: number;
  className?: string | undefined;
}) {
  const extension = splitName(name)[1];
  const guess = byExtension.find(([pattern]) => pattern.test(extension))?.[1] ?? "file";
  const icon: IconName =
    kind === "collection" ? (expanded ? "folder-open" : "folder") : type ? iconNamed(type.icon) : guess;
  return <Icon name={icon} size={size} className={cx(styles.icon, className)} />;
}

type StateLook = { readonly icon: IconName; readonly word: string; readonly title: string };

// File states of product section 5. Normal is quiet: a faint tick, its word for screen readers.
const states: Readonly<Record<string, StateLook>> = {
  normal: { icon: "check", word: "Normal", title: "Normal: same as the last checkpoint" },
  modified: { icon: "pencil", word: "Modified", title: "Modified: changed since its last checkpoint" },
  outdated: { icon: "arrow-down", word: "Outdated", title: "Outdated: a newer checkpoint is there" },
  diverged: {
    icon: "git-compare",
    word: "Diverged",
    title: "Diverged: changed here, and a newer one is there",
  },
  missing: { icon: "cloud", word: "Not on disk", title: "Not on disk: fetch it when you need it" },
  planned: { icon: "circle-dashed", word: "Planned", title: "Planned: no checkpoint yet" },
  untracked: { icon: "file-plus", word: "Untracked", title: "Untracked: not part of the project yet" },
  unusable: {
    icon: "triangle-alert",
    word: "Bad name",
    title: "This name does not work on every computer: rename the file",
  },
  unshared: {
    icon: "unlink",
    word: "Not shared",
    title: "No longer shared with you: the file stays where it is",
  },
};
const notYours: StateLook = {
  icon: "pencil",
  word: "Not yours",
  title: "Changed, not yours: you do not hold it. Save it as a copy, or discard it to a safety checkpoint",
};

/** The state's look, for a row, a card or a pane. */
export const stateLook = (state: string, foreign = false): StateLook | undefined =>
  foreign && (state === "modified" || state === "diverged") ? notYours : states[state];

/** Where the file on this disk stands. */
export function FileState({
  state,
  foreign = false,
  loud = false,
}: {
  state: string;
  /** Changed, and someone else or nobody holds it. */
  foreign?: boolean;
  /** Says "Normal" too. */
  loud?: boolean;
}) {
  const look = stateLook(state, foreign);
  if (!look) return null;
  const tone = look === notYours ? "foreign" : state;
  return (
    <span className={cx(styles.state, styles[tone])} title={look.title}>
      <Icon name={look.icon} size={13} />
      <span className={state === "normal" && !loud ? "vh" : undefined}>{look.word}</span>
    </span>
  );
}

/** A caption on an image. */
export function OnImage({ icon, children, title }: { icon?: IconName; children?: string; title?: string }) {
  return (
    <span className={styles.onImage} title={title}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}
