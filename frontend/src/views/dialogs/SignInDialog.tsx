import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { toProblem } from "../../lib/errors";
import { projectStore } from "../../stores/project";
import { syncStore } from "../../stores/sync";
import { useStore } from "../useStore";

/** Signs in to the project's studio again: the session there has ended. Work goes on without it. */
export function SignInDialog({ onClose }: { onClose: () => void }) {
  const server = useStore(syncStore, (s) => s.sync?.server ?? "");
  const me = useStore(projectStore, (p) => p.start?.profile.username ?? "");
  const [username, setUsername] = useState(me);
  const [password, setPassword] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const ready = username.trim() !== "" && password !== "" && !busy;
  const go = () => {
    if (!ready) return;
    setBusy(true);
    void syncStore.signIn(username.trim(), password).then(onClose, (thrown) => {
      const problem = toProblem(thrown);
      setBusy(false);
      setError(`${problem.message} ${problem.hint}`);
    });
  };
  return (
    <Dialog
      title="Sign in to the studio"
      onClose={onClose}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Later
          </Button>
          <Button variant="primary" disabled={!ready} busy={busy} onClick={go}>
            Sign in
          </Button>
        </>
      }
    >
      <p className="t2">
        {server}. What you make meanwhile is safe on this computer and is sent when you have signed in.
      </p>
      <TextField label="Username" value={username} onText={setUsername} autoComplete="username" />
      <TextField
        label="Password"
        type="password"
        value={password}
        onText={setPassword}
        error={error}
        autoComplete="current-password"
        data-autofocus=""
      />
    </Dialog>
  );
}
