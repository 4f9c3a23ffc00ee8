import { useEffect, useState } from "react";
import { Button, IconButton } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { TextField } from "../../components/Field";
import { Icon } from "../../components/Icon";
import { Logo } from "../../components/Logo";
import { Progress } from "../../components/Progress";
import { ago, count } from "../../lib/format";
import { jobsStore } from "../../stores/jobs";
import { projectStore } from "../../stores/project";
import { lookStore } from "../../stores/theme";
import { welcomeStore } from "../../stores/welcome";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./Welcome.module.css";

/** No project is open: open one, make one, or look at the sample. */
export function WelcomeView() {
  const { error, busy, job } = useStore(welcomeStore);
  const start = useStore(projectStore, (p) => p.start);
  const closed = start?.problem && start.asked !== "" ? start.problem : undefined;
  const progress = useStore(jobsStore, (j) => j.jobs.get(job));
  useEffect(() => void welcomeStore.load(), []);
  return (
    <main className={styles.page}>
      <div className={styles.inner}>
        <header className={styles.hero}>
          <Logo size={40} />
          <div className="grow">
            <h1>Framehold</h1>
            <p className="t2">Who holds this file, where it stands, and every version of it.</p>
          </div>
          <IconButton icon="sun-moon" label="Dark or light" onClick={lookStore.toggleTheme} />
        </header>
        {error ? (
          <div className={styles.error} role="alert">
            <b>{error.message}</b> {error.hint}
          </div>
        ) : (
          closed && (
            <div className={styles.error} role="alert">
              <p className="mono ell">{start?.asked}</p>
              <b>{closed.message}</b> {closed.hint}
            </div>
          )
        )}
        {closed && (
          <span>
            <Button
              icon="refresh-cw"
              disabled={busy}
              onClick={() => void welcomeStore.open(start?.asked ?? "")}
            >
              Try to open it again
            </Button>
          </span>
        )}
        {job !== "" ? (
          <section className={styles.building} aria-live="polite">
            <p>Building the sample project…</p>
            <Progress
              part={progress && progress.total > 0 ? progress.done / progress.total : 0}
              label="Sample project"
            />
          </section>
        ) : (
          <Begin busy={busy} />
        )}
        <Known />
        <Who />
      </div>
    </main>
  );
}

function Begin({ busy }: { busy: boolean }) {
  const [form, setForm] = useState<"" | "create" | "open">("");
  return (
    <section className={styles.cards} aria-label="Begin">
      <button
        type="button"
        className={styles.card}
        disabled={busy}
        onClick={() => setForm(form === "create" ? "" : "create")}
      >
        <Icon name="folder-plus" size={22} />
        <b>New project</b>
        <span className="t3">On a folder with your files, or an empty one</span>
      </button>
      <button
        type="button"
        className={styles.card}
        disabled={busy}
        onClick={() => setForm(form === "open" ? "" : "open")}
      >
        <Icon name="folder-open" size={22} />
        <b>Open a project</b>
        <span className="t3">A folder that is a project already</span>
      </button>
      <button
        type="button"
        className={styles.card}
        disabled={busy}
        onClick={() => void welcomeStore.sample()}
      >
        <Icon name="sparkles" size={22} />
        <b>Sample project</b>
        <span className="t3">A short film of six people, with its history</span>
      </button>
      {form !== "" && <FolderForm key={form} kind={form} busy={busy} />}
    </section>
  );
}

function FolderForm({ kind, busy }: { kind: "create" | "open"; busy: boolean }) {
  const home = useStore(projectStore, (p) => p.start?.home ?? "");
  const separator = useStore(projectStore, (p) => p.start?.separator ?? "/");
  const typed = useStore(welcomeStore, (w) => w.typed);
  const [path, setPath] = useState("");
  const [name, setName] = useState("");
  const go = () =>
    void (kind === "create" ? welcomeStore.create(path.trim(), name.trim()) : welcomeStore.open(path.trim()));
  return (
    <form
      className={styles.form}
      onSubmit={(e) => {
        e.preventDefault();
        go();
      }}
    >
      <TextField
        label="Folder"
        value={path}
        onText={setPath}
        autoFocus
        placeholder={`${home}${separator}film`}
        trailing={
          typed ? undefined : (
            <Button
              size="sm"
              onClick={() =>
                void welcomeStore.choose("Choose a folder").then((chosen) => {
                  if (chosen !== "") setPath(chosen);
                })
              }
            >
              Choose…
            </Button>
          )
        }
      />
      {kind === "create" && (
        <TextField label="Name" value={name} onText={setName} placeholder="The folder’s name" />
      )}
      <Button variant="primary" type="submit" disabled={busy || path.trim() === ""}>
        {kind === "create" ? "Make project" : "Open"}
      </Button>
    </form>
  );
}

function Known() {
  const known = useStore(welcomeStore, (w) => w.known);
  const now = useNow();
  if (!known) return null;
  if (known.length === 0) {
    return (
      <EmptyState icon="folder" title="No project yet">
        Projects that you open appear here.
      </EmptyState>
    );
  }
  return (
    <section aria-label="Projects">
      <h2 className="t3 sm">Projects</h2>
      <ul className={styles.known}>
        {known.map((k) => (
          <li key={k.path} className="hstack">
            <button
              type="button"
              className={styles.project}
              disabled={k.missing}
              onClick={() => void welcomeStore.open(k.path)}
            >
              <Icon name="clapperboard" size={18} />
              <span className={styles.words}>
                <b className="ell">{k.name}</b>
                <span className="t3 xs ell">
                  {k.missing ? `Not there any more: ${k.path}` : k.problem || k.path}
                </span>
              </span>
              {!k.missing && k.problem === "" && (
                <span className="t2 sm nowrap">
                  {k.mine > 0 ? `${count(k.mine, "task")} of yours` : count(k.tasks, "task")}
                </span>
              )}
              <span className="t3 xs nowrap">{ago(k.seen, now)}</span>
            </button>
            <IconButton
              icon="x"
              label={`Take ${k.name} off this list`}
              size="sm"
              onClick={() => void welcomeStore.forget(k.path)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Who() {
  const profile = useStore(projectStore, (p) => p.start?.profile);
  const [editing, setEditing] = useState(false);
  const [username, setUsername] = useState(profile?.username ?? "");
  const [name, setName] = useState(profile?.name ?? "");
  const [error, setError] = useState("");
  if (!profile) return null;
  if (!editing) {
    return (
      <p className="t3 sm hstack">
        You are {profile.name} ({profile.username}) on this computer.
        <Button size="sm" variant="ghost" onClick={() => setEditing(true)}>
          Change
        </Button>
      </p>
    );
  }
  const save = () =>
    projectStore.setProfile(username, name).then(
      () => setEditing(false),
      (thrown) => setError(thrown?.message ?? String(thrown)),
    );
  return (
    <form
      className={styles.form}
      onSubmit={(e) => {
        e.preventDefault();
        void save();
      }}
    >
      <TextField
        label="Username"
        value={username}
        onText={setUsername}
        error={error}
        hint="1 to 32 of a-z 0-9 . _ -"
      />
      <TextField label="Name" value={name} onText={setName} />
      <Button variant="primary" type="submit">
        Save
      </Button>
    </form>
  );
}
