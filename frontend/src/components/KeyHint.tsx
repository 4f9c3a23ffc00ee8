import { keyLabels } from "../lib/keymap";
import styles from "./KeyHint.module.css";

/** The keys of a command, as caps: "Ctrl+Shift+C". On a Mac Ctrl is shown as Cmd. */
export function KeyHint({ keys }: { keys: string }) {
  return (
    <span className={styles.keys} aria-hidden="true">
      {keyLabels(keys).map((label) => (
        <kbd key={label}>{label}</kbd>
      ))}
    </span>
  );
}
