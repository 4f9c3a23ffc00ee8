import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { keysOf } from "../../lib/commands";
import type { Problem } from "../../lib/errors";
import { count } from "../../lib/format";
import { isNarrowed } from "../../lib/view";
import { listStore } from "../../stores/list";
import { projectStore } from "../../stores/project";
import { viewStore } from "../../stores/view";
import { run } from "../shell/run";
import { useStore } from "../useStore";
import styles from "./List.module.css";

/** What stands where the list would: what this place is, one action, one way out. */
export function ListEmpty({ error }: { error: Problem | undefined }) {
  return (
    <div className={styles.empty} data-list="" tabIndex={-1}>
      <Inside error={error} />
    </div>
  );
}

function Inside({ error }: { error: Problem | undefined }) {
  const v = useStore(viewStore);
  const counts = useStore(projectStore, (p) => p.counts);
  if (error) {
    return (
      <EmptyState
        icon="triangle-alert"
        title={error.message}
        alert
        actions={
          <Button variant="primary" icon="refresh-cw" onClick={() => void listStore.refresh()}>
            Try again
          </Button>
        }
      >
        {error.hint}
      </EmptyState>
    );
  }
  if (isNarrowed(v)) {
    return (
      <EmptyState
        icon="search"
        title="Nothing here fits the filters"
        actions={
          <Button variant="primary" onClick={viewStore.clear}>
            Clear filters
          </Button>
        }
      >
        Other words or fewer filters find more.
      </EmptyState>
    );
  }
  if (v.view === "my") {
    return (
      <EmptyState
        icon="circle-user-round"
        title="Nothing is assigned to you here"
        actions={
          <Button variant="primary" onClick={() => viewStore.view("unassigned")}>
            Show unassigned
          </Button>
        }
      >
        {count(counts?.unassigned ?? 0, "task")} in this project {counts?.unassigned === 1 ? "has" : "have"}{" "}
        nobody yet.
      </EmptyState>
    );
  }
  if (v.view === "unassigned") {
    return (
      <EmptyState icon="user-round-check" title="Every task has somebody" actions={<ShowAll />}>
        Tasks that nobody holds appear here.
      </EmptyState>
    );
  }
  if (v.view === "assigned") {
    return (
      <EmptyState icon="users" title="Nobody holds a task yet" actions={<ShowAll />}>
        Assign one with A, or by the slot in its row.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="folder-open"
      title={v.collection === "" ? "This project is empty" : "This collection is empty"}
      actions={
        <>
          <Button variant="primary" icon="plus" keys={keysOf("newTask")} onClick={() => run("newTask")}>
            New task
          </Button>
          <Button variant="ghost" keys={keysOf("newCollection")} onClick={() => run("newCollection")}>
            New collection
          </Button>
        </>
      }
    >
      Files that you put into the project’s folder appear here and can be added.
    </EmptyState>
  );
}

function ShowAll() {
  return (
    <Button variant="primary" onClick={() => viewStore.view("default")}>
      Show everything
    </Button>
  );
}
