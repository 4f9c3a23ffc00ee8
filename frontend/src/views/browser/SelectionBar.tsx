import { Button, IconButton } from "../../components/Button";
import type { IconName } from "../../components/icons";
import { type CommandID, command } from "../../lib/commands";
import { selectionStore } from "../../stores/selection";
import { useCommandContext } from "../shell/context";
import { run } from "../shell/run";
import { useStore } from "../useStore";
import styles from "./Browser.module.css";

const offered: readonly CommandID[] = ["assign", "status", "tag", "move", "checkpoint", "fetch"];

/** What can be done to several selected things; one alone has its row and the details pane. */
export function SelectionBar() {
  const selected = useStore(selectionStore, (s) => s.keys.size);
  const context = useCommandContext();
  if (selected < 2) return null;
  return (
    <div className={styles.selection} role="toolbar" aria-label="Selected">
      <span className={styles.many}>{selected}</span>
      selected
      {offered
        .map(command)
        .filter((c) => c.when(context) === true)
        .map((c) => (
          <Button
            key={c.id}
            variant="ghost"
            size="sm"
            icon={c.icon as IconName}
            keys={c.keys[0]}
            onClick={(e) => run(c.id as CommandID, e.currentTarget)}
          >
            {c.title}
          </Button>
        ))}
      <IconButton icon="x" label="Clear the selection" size="sm" onClick={selectionStore.clear} />
    </div>
  );
}
