import { type ReactNode, useEffect, useState } from "react";
import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { Icon } from "../../components/Icon";
import type { IconName } from "../../components/icons";
import { Logo } from "../../components/Logo";
import { Progress } from "../../components/Progress";
import { cx } from "../../lib/cx";
import { jobsStore } from "../../stores/jobs";
import { joinStore } from "../../stores/join";
import { projectStore } from "../../stores/project";
import { lookStore } from "../../stores/theme";
import { uiStore } from "../../stores/ui";
import { welcomeStore } from "../../stores/welcome";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import { FolderDialog, type FolderDialogKind } from "./FolderDialog";
import { JoinDialog } from "./JoinDialog";
import { ProjectCard } from "./ProjectCard";
import styles from "./Welcome.module.css";

/** No project is open: look at the sample, make one, join a studio, or go on with one of this computer. */
export function WelcomeView() {
  const [folder, setFolder] = useState<FolderDialogKind>();
  const joining = useStore(joinStore, (j) => j.open);
  const version = useStore(projectStore, (p) => p.start?.version ?? "");
  useEffect(() => void welcomeStore.load(), []);
  return (
    <div className={styles.page} data-testid="welcome">
      <header className={styles.hero}>
        <div className={styles.bar}>
          <Logo size={20} />
          <b className="grow">Framehold</b>
          <span className="sm">{version}</span>
        </div>
        <div className={styles.copy}>
          <h1>
            Every version kept.
            <br />
            Every task in one pair of hands.
          </h1>
          <p>
            Framehold saves checkpoints of your files and knows who holds each task. It works on your disk
            first, with or without a server.
          </p>
        </div>
      </header>
      <main className={styles.inner}>
        <Begin onNew={() => setFolder("create")} />
        <Trouble shown={folder === undefined} />
        <Projects onOpen={() => setFolder("open")} />
      </main>
      <Foot />
      {folder && <FolderDialog kind={folder} onClose={() => setFolder(undefined)} />}
      {joining && <JoinDialog />}
    </div>
  );
}

/** What went wrong, where no dialog says it; and the project that could not be opened at the start. */
function Trouble({ shown }: { shown: boolean }) {
  const { error, busy } = useStore(welcomeStore);
  const start = useStore(projectStore, (p) => p.start);
  const closed = start?.problem && start.asked !== "" ? start.problem : undefined;
  if (!shown || (!error && !closed)) return null;
  return (
    <div className={styles.error} role="alert">
      {error ? (
        <p>
          <b>{error.message}</b> {error.hint}
        </p>
      ) : (
        <>
          <p className="mono ell">{start?.asked}</p>
          <p>
            <b>{closed?.message}</b> {closed?.hint}
          </p>
        </>
      )}
      {closed && (
        <Button icon="refresh-cw" disabled={busy} onClick={() => void welcomeStore.open(start?.asked ?? "")}>
          Try to open it again
        </Button>
      )}
    </div>
  );
}

function Begin({ onNew }: { onNew: () => void }) {
  const { busy, job } = useStore(welcomeStore);
  const progress = useStore(jobsStore, (j) => j.jobs.get(job));
  return (
    <section className={styles.acts} aria-label="Begin">
      {job === "" ? (
        <Act
          first
          icon="clapperboard"
          title="Open sample project"
          disabled={busy}
          onClick={() => void welcomeStore.sample()}
        >
          A short film of six people, with its history. No account, nothing leaves this computer.
        </Act>
      ) : (
        <div className={cx(styles.act, styles.first)} aria-live="polite">
          <span className={styles.words}>
            <b>Building the sample project…</b>
            <Progress
              part={progress && progress.total > 0 ? progress.done / progress.total : 0}
              label="Sample project"
            />
          </span>
          <Button onClick={() => void jobsStore.cancel(job)}>Cancel</Button>
        </div>
      )}
      <Act icon="folder-plus" title="New project" disabled={busy} onClick={onNew}>
        Start from a folder that you already have.
      </Act>
      <Act icon="server" title="Join a studio" disabled={busy} onClick={() => void joinStore.open()}>
        Paste an invitation link or type your studio’s server.
      </Act>
    </section>
  );
}

function Act(props: {
  icon: IconName;
  title: string;
  first?: boolean;
  disabled: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={cx(styles.act, props.first && styles.first)}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <span className={styles.mark}>
        <Icon name={props.icon} size={19} />
      </span>
      <span className={styles.words}>
        <b>{props.title}</b>
        <span>{props.children}</span>
      </span>
      <Icon name="chevron-right" size={16} />
    </button>
  );
}

function Projects({ onOpen }: { onOpen: () => void }) {
  const { known, busy } = useStore(welcomeStore);
  const now = useNow();
  if (!known) return <section aria-busy="true" />;
  return (
    <section aria-label="Projects">
      <header className={styles.head}>
        <h2 className="grow">Projects on this computer</h2>
        <Button icon="folder-open" variant="ghost" disabled={busy} onClick={onOpen}>
          Open a folder…
        </Button>
      </header>
      {known.length === 0 ? (
        <EmptyState icon="folder" title="No project yet">
          Projects that you make, open or bring here appear in this place.
        </EmptyState>
      ) : (
        <ul className={styles.grid}>
          {known.map((project) => (
            <ProjectCard key={project.path} project={project} now={now} busy={busy} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Foot() {
  const profile = useStore(projectStore, (p) => p.start?.profile);
  return (
    <footer className={styles.foot}>
      <Icon name="shield-check" size={14} />
      <span className="grow">Your files stay ordinary files in ordinary folders</span>
      {profile && (
        <Button
          size="sm"
          variant="ghost"
          icon="circle-user-round"
          onClick={() => uiStore.dialog({ kind: "profile" })}
        >
          {profile.name === "" ? profile.username : `${profile.name} (${profile.username})`}
        </Button>
      )}
      <Button size="sm" variant="ghost" icon="sun-moon" onClick={lookStore.toggleTheme}>
        Theme
      </Button>
    </footer>
  );
}
