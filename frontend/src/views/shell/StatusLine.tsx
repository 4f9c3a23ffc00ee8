import { Icon } from "../../components/Icon";
import { KeyHint } from "../../components/KeyHint";
import { commands } from "../../lib/commands";
import { number } from "../../lib/format";
import { isQuiet, syncText } from "../../lib/sync";
import { projectStore } from "../../stores/project";
import { syncStore } from "../../stores/sync";
import { uiStore } from "../../stores/ui";
import { useStore } from "../useStore";
import styles from "./Shell.module.css";

const shown = ["checkpoint", "assign", "status", "openInApp"] as const;
const shownParked = ["parked.next", "parked.previous", "parked.first"] as const;

/** A session of the studio that has ended needs the person; otherwise everything is sent now. */
function syncOrSignIn(): void {
  if (syncStore.get().sync?.state === "needsAuth") uiStore.dialog({ kind: "signIn" });
  else void syncStore.now();
}

/** The foot of a window: where the files are, how they stand, and the keys of the moment. */
export function StatusLine({ said = "", parked = false }: { said?: string; parked?: boolean }) {
  const project = useStore(projectStore, (p) => p.project);
  const counts = useStore(projectStore, (p) => p.counts);
  const sync = useStore(syncStore, (s) => s.sync);
  const text = syncText(sync);
  const states = [
    { n: counts?.modified ?? 0, word: "modified" },
    { n: counts?.untracked ?? 0, word: "untracked" },
    { n: counts?.outdated ?? 0, word: "outdated" },
    { n: counts?.missing ?? 0, word: "not on disk" },
  ].filter(({ n }) => n > 0);
  return (
    <footer className={styles.statusbar}>
      <Icon name="folder" size={12} />
      <span className="mono ell" title={project?.path}>
        {project?.path}
      </span>
      {states.map(({ n, word }) => (
        <span key={word}>
          <b>{number(n)}</b> {word}
        </span>
      ))}
      <span className="grow ell">{said}</span>
      {sync !== undefined && text !== "" && (
        <span role="status">
          <button
            type="button"
            className={styles.sync}
            onClick={syncOrSignIn}
            title={`${sync.sentence} ${sync.state === "needsAuth" ? "Press to sign in." : "Press to sync now."}`}
          >
            <Icon
              name={isQuiet(sync) ? "cloud-check" : sync.state === "offline" ? "cloud-off" : "cloud"}
              size={12}
            />
            <span>{text}</span>
          </button>
        </span>
      )}
      {commands
        .filter((c) => ((parked ? shownParked : shown) as readonly string[]).includes(c.id))
        .map((c) => (
          <span key={c.id} className="hstack">
            <KeyHint keys={c.keys[0] ?? ""} /> {c.title.toLowerCase()}
          </span>
        ))}
    </footer>
  );
}
