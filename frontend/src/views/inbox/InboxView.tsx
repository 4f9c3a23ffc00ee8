import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { Icon } from "../../components/Icon";
import type { IconName } from "../../components/icons";
import { ago, count } from "../../lib/format";
import { files } from "../../stores/files";
import { type InboxItem, inboxStore } from "../../stores/inbox";
import { parkedStore } from "../../stores/parked";
import { projectStore } from "../../stores/project";
import { handover, roadStore } from "../../stores/road";
import { selectionStore } from "../../stores/selection";
import { syncStore } from "../../stores/sync";
import { uiStore } from "../../stores/ui";
import { viewStore } from "../../stores/view";
import shell from "../shell/Shell.module.css";
import { StatusLine } from "../shell/StatusLine";
import { TitleBar } from "../shell/TitleBar";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./Inbox.module.css";

/** What came back from the studio in another way than it was asked for, until the person has seen it. */
export function InboxView() {
  const readOnly = useStore(projectStore, (p) => p.project?.readOnly ?? "");
  return (
    <div className={shell.window}>
      <TitleBar title="Inbox" />
      {readOnly !== "" && (
        <div className={shell.banner} role="status">
          {readOnly}
        </div>
      )}
      <div className={shell.body}>
        <main className={`panel ${styles.main}`} data-panel="list">
          <div className={styles.scroll} data-list="" tabIndex={-1}>
            <div className={styles.inner}>
              <Standing />
              <Cards />
            </div>
          </div>
        </main>
      </div>
      <StatusLine />
    </div>
  );
}

const loud: readonly string[] = ["offline", "needsAuth", "needsHelp", "tooOld", "notMember", "full"];

/** How the project stands to its studio, where that is more than "synced". */
function Standing() {
  const sync = useStore(syncStore, (s) => s.sync);
  if (!sync?.remote || !loud.includes(sync.state)) return null;
  return (
    <p className={`${styles.standing} hstack`} role="status" data-testid="standing">
      <Icon name={sync.state === "offline" ? "cloud-off" : "cloud"} size={15} />
      <span className="grow">{sync.sentence}</span>
      {sync.state === "needsAuth" && (
        <Button size="sm" onClick={() => uiStore.dialog({ kind: "signIn" })}>
          Sign in
        </Button>
      )}
    </p>
  );
}

function Cards() {
  const { items, loading, error } = useStore(inboxStore);
  const now = useNow();
  if (error) {
    return (
      <EmptyState
        icon="triangle-alert"
        title={error.message}
        alert
        actions={<Button onClick={() => void inboxStore.refresh()}>Try again</Button>}
      >
        {error.hint}
      </EmptyState>
    );
  }
  if (loading) return <div aria-busy="true" />;
  if (items.length === 0) {
    return (
      <EmptyState
        icon="inbox"
        title="Nothing is waiting for you"
        actions={
          <Button variant="primary" onClick={() => viewStore.view("my")}>
            Show my tasks
          </Button>
        }
      >
        When the studio does something with your work in another way than you asked, it is said here, once,
        with the next step.
      </EmptyState>
    );
  }
  return (
    <>
      <header className={styles.head}>
        <div className="grow">
          <h1 aria-live="polite">{count(items.length, "thing")} to see</h1>
          <p className="t2">
            Nothing that you saved is lost. What is here stays until it is seen or settled.
          </p>
        </div>
        {items.length > 1 && (
          <Button
            icon="check-check"
            disabled={!items.some((item) => item.closable)}
            onClick={() => void inboxStore.seen(items.filter((item) => item.closable).map((item) => item.id))}
          >
            All seen
          </Button>
        )}
      </header>
      <ol className={styles.list} aria-label="Inbox">
        {items.map((item) => (
          <CardView key={item.id + item.code} item={item} when={ago(item.at, now)} />
        ))}
      </ol>
    </>
  );
}

const icons: Readonly<Record<string, IconName>> = {
  ask: "hand",
  road: "plane",
  news: "user-round",
  parked: "circle-parking",
  refused: "circle-alert",
  merged: "git-merge",
  noop: "info",
};

function CardView({ item, when }: { item: InboxItem; when: string }) {
  const showTask = () => {
    viewStore.view("default");
    void selectionStore.show(item.asset);
  };
  return (
    <li
      className={styles.card}
      data-testid="inbox-card"
      data-verdict={item.verdict}
      data-kind={item.kind}
      data-code={item.code}
    >
      <span className={styles.badge}>
        <Icon name={icons[item.verdict || item.kind] ?? "info"} size={18} />
      </span>
      <div className={styles.words}>
        <p className={styles.line}>
          <b className="grow">{item.message}</b>
          <span className="t3 xs nowrap">{when}</span>
        </p>
        {item.hint !== "" && <p className="t2">{item.hint}</p>}
        {item.path !== "" && <p className="mono t3 ell">{item.path}</p>}
        <div className={styles.acts}>
          <FollowUps item={item} />
          {(item.verdict === "parked" || item.code === "adopt_asked") && item.asset !== "" && (
            <Button size="sm" icon="circle-parking" onClick={() => void parkedStore.show(item.asset)}>
              Show what is parked
            </Button>
          )}
          {item.asset !== "" && (
            <Button size="sm" icon="eye" onClick={showTask}>
              Show it
            </Button>
          )}
          {item.closable && (
            <Button size="sm" variant="ghost" icon="check" onClick={() => void inboxStore.seen([item.id])}>
              {item.code === "renamed" ? "Keep both" : "Seen"}
            </Button>
          )}
        </div>
      </div>
    </li>
  );
}

/** The one-click ways on of a card, the safest first. */
function FollowUps({ item }: { item: InboxItem }) {
  const ids = [item.asset];
  switch (item.code) {
    case "asked":
      return (
        <>
          <Button size="sm" icon="user-round-check" onClick={() => void handover.answer(item.id, true, "")}>
            Hand in
          </Button>
          <Button size="sm" onClick={() => uiStore.dialog({ kind: "notYet", id: item.id })}>
            Not yet, because …
          </Button>
        </>
      );
    case "assigned":
      return (
        <>
          <Button size="sm" icon="download" onClick={() => void files.fetch(ids)}>
            Fetch it
          </Button>
          <Button size="sm" icon="link-2" onClick={() => roadStore.needs(ids)}>
            With all it needs …
          </Button>
        </>
      );
    case "overdue":
      return (
        <>
          <Button size="sm" icon="plane" onClick={() => roadStore.open(ids, false)}>
            Take it again
          </Button>
          <Button size="sm" icon="house" onClick={() => void roadStore.end(ids)}>
            I am back
          </Button>
        </>
      );
    case "road_new":
    case "road_missing":
      return (
        <Button size="sm" icon="download" onClick={() => roadStore.open(ids, true)}>
          Show what is missing
        </Button>
      );
    case "not_assignee":
    case "not_yet":
      return (
        <Button size="sm" icon="hand" onClick={() => void handover.ask(ids)}>
          Ask for it
        </Button>
      );
    default:
      return null;
  }
}
