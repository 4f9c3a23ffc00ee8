import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { Segmented } from "../../components/Segmented";
import { count } from "../../lib/format";
import { needs, type VerbName } from "../../lib/parked";
import { parkedStore } from "../../stores/parked";
import { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { viewStore } from "../../stores/view";
import { runVerb } from "../shell/parked";
import shell from "../shell/Shell.module.css";
import { StatusLine } from "../shell/StatusLine";
import { TitleBar } from "../shell/TitleBar";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./Parked.module.css";
import { ParkedCard } from "./ParkedCard";

/** What was kept beside the line: both sides, where they parted, and what can be done, each with its consequence. */
export function ParkedView() {
  const readOnly = useStore(projectStore, (p) => p.project?.readOnly ?? "");
  return (
    <div className={shell.window}>
      <TitleBar title="Parked" />
      {readOnly !== "" && (
        <div className={shell.banner} role="status">
          {readOnly}
        </div>
      )}
      <div className={shell.body}>
        <main className={`panel ${styles.main}`} data-panel="list">
          <div className={styles.scroll} data-list="" tabIndex={-1}>
            <div className={styles.inner}>
              <Head />
              <Chains />
            </div>
          </div>
        </main>
      </div>
      <StatusLine parked />
    </div>
  );
}

function Head() {
  const { items, all } = useStore(parkedStore);
  const open = items.filter((item) => item.state === "open").length;
  return (
    <header className={styles.head}>
      <div className="grow">
        <h1 aria-live="polite">{needs(open, items.length)}</h1>
        <p className="t2">Saved work that is not on its line. Nothing of it is lost, whatever you choose.</p>
      </div>
      <Segmented<"waiting" | "all">
        label="Show"
        value={all ? "all" : "waiting"}
        onChange={(value) => parkedStore.showAll(value === "all")}
        options={[
          { value: "waiting", label: "Waiting" },
          { value: "all", label: "All" },
        ]}
      />
    </header>
  );
}

const showAsset = (asset: string): void => {
  viewStore.view("default");
  void selectionStore.show(asset);
};

function Chains() {
  const { items, more, focus, loading, busy, error } = useStore(parkedStore);
  const { members, statuses, types } = useStore(projectStore);
  const now = useNow();
  if (error) {
    return (
      <EmptyState
        icon="triangle-alert"
        title={error.message}
        alert
        actions={<Button onClick={() => void parkedStore.refresh()}>Try again</Button>}
      >
        {error.hint}
      </EmptyState>
    );
  }
  if (loading) return <div aria-busy="true" />;
  if (items.length === 0) return <Nothing />;
  return (
    <>
      <ol className={styles.list} aria-label="Parked checkpoints" data-testid="parked-list">
        {items.map((item) => (
          <ParkedCard
            key={item.id}
            item={item}
            focused={item.id === focus}
            busy={busy.has(item.id)}
            now={now}
            type={types.get(item.type)}
            members={members}
            statuses={statuses}
            onFocus={() => parkedStore.focus(item.id)}
            onVerb={(verb: VerbName) => void runVerb(verb, item.id)}
            onShow={() => showAsset(item.asset)}
          />
        ))}
      </ol>
      {more > 0 && <p className="t3">{count(more, "more")} after these.</p>}
    </>
  );
}

function Nothing() {
  const all = useStore(parkedStore, (p) => p.all);
  return (
    <EmptyState
      icon="circle-parking"
      title="Nothing is parked"
      actions={
        <>
          <Button variant="primary" onClick={() => viewStore.view("default")}>
            Show the Browser
          </Button>
          {!all && (
            <Button variant="ghost" onClick={() => parkedStore.showAll(true)}>
              Show what was copied or trashed
            </Button>
          )}
        </>
      }
    >
      Work that was saved and could not join its line waits here: nobody’s file is overwritten, and nothing
      that was saved is refused.
    </EmptyState>
  );
}
