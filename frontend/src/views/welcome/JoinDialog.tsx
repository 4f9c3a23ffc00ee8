import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { Icon } from "../../components/Icon";
import { joinStore } from "../../stores/join";
import { projectStore } from "../../stores/project";
import { useStore } from "../useStore";
import { FolderField } from "./FolderField";
import styles from "./Welcome.module.css";

/** Joins a studio: a link or an address first, then which of its projects comes to this computer. */
export function JoinDialog() {
  const studio = useStore(joinStore, (j) => j.studio);
  return studio ? <ProjectStep key={studio.server} /> : <SignInStep />;
}

function Trouble() {
  const error = useStore(joinStore, (j) => j.error);
  if (!error) return null;
  return (
    <p className={styles.error} role="alert">
      <b>{error.message}</b> {error.hint}
    </p>
  );
}

function SignInStep() {
  const { servers, busy } = useStore(joinStore);
  const profile = useStore(projectStore, (p) => p.start?.profile);
  const [address, setAddress] = useState("");
  const [username, setUsername] = useState(profile?.username ?? "");
  const [password, setPassword] = useState("");
  const ready = address.trim() !== "" && username.trim() !== "" && password !== "";
  const go = () => {
    if (ready && !busy)
      void joinStore.signIn({ address: address.trim(), username: username.trim(), name: "", password });
  };
  return (
    <Dialog
      title="Join a studio"
      onClose={joinStore.close}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={joinStore.close}>
            Cancel
          </Button>
          <Button variant="primary" disabled={!ready} busy={busy} onClick={go}>
            Sign in
          </Button>
        </>
      }
    >
      {servers.length > 0 && (
        <ul className={styles.choices} aria-label="Studios">
          {servers.map((s) => (
            <li key={s.server}>
              <button
                type="button"
                className={styles.choice}
                disabled={busy}
                onClick={() => void joinStore.show(s)}
              >
                <Icon name="server" size={16} />
                <span className="grow ell">{s.server}</span>
                <span className="t3 sm">{s.username}</span>
                <Icon name="chevron-right" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <TextField
        label="Invitation link or address"
        value={address}
        onText={setAddress}
        placeholder="https://studio.example:7447"
        hint="An invitation makes your account; its link also says which server is the right one."
        data-autofocus=""
      />
      <TextField label="Username" value={username} onText={setUsername} autoComplete="username" />
      <TextField
        label="Password"
        type="password"
        value={password}
        onText={setPassword}
        autoComplete="current-password"
        hint="With an invitation: the one that you want to have."
      />
      <Trouble />
    </Dialog>
  );
}

function ProjectStep() {
  const { studio, projects, busy, job } = useStore(joinStore);
  const home = useStore(projectStore, (p) => p.start?.home ?? "");
  const separator = useStore(projectStore, (p) => p.start?.separator ?? "/");
  const [chosen, setChosen] = useState("");
  const [folder, setFolder] = useState("");
  const project = projects?.find((p) => p.id === chosen);
  const choose = (id: string, name: string) => {
    setChosen(id);
    setFolder(`${home}${separator}${name.replace(/[\\/:]/g, " ").trim()}`);
  };
  const go = () => {
    if (!project || busy) return;
    if (project.path !== "") void joinStore.enter(project.path);
    else if (folder.trim() !== "") void joinStore.bring(project, folder.trim());
  };
  return (
    <Dialog
      title="Bring a project to this computer"
      onClose={joinStore.close}
      onSubmit={go}
      locked={job !== ""}
      footer={
        <>
          <Button variant="ghost" disabled={busy} onClick={joinStore.back}>
            Another studio
          </Button>
          <Button variant="primary" disabled={!project} busy={busy} onClick={go}>
            {project && project.path !== "" ? "Open" : "Bring it here"}
          </Button>
        </>
      }
    >
      <p className="t2">
        {studio?.username} at {studio?.server}
      </p>
      {projects?.length === 0 && (
        <p className="t2">You are in no project of this studio yet: an admin adds you.</p>
      )}
      <ul
        className={styles.choices}
        aria-label="Projects of the studio"
        aria-busy={projects === undefined && busy}
      >
        {projects?.map((p) => (
          <li key={p.id}>
            <button
              type="button"
              className={styles.choice}
              aria-pressed={p.id === chosen}
              onClick={() => choose(p.id, p.name)}
            >
              <Icon name="clapperboard" size={16} />
              <span className="grow ell">{p.name}</span>
              {p.path !== "" && <span className="t3 sm">on this computer</span>}
            </button>
          </li>
        ))}
      </ul>
      {project && project.path === "" && <FolderField value={folder} onText={setFolder} />}
      {job !== "" && (
        <p className="t2" role="status">
          Its tracking data comes first; files come when you ask for them.
        </p>
      )}
      <Trouble />
    </Dialog>
  );
}
