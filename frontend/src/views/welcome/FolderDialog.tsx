import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { welcomeStore } from "../../stores/welcome";
import { useStore } from "../useStore";
import { FolderField } from "./FolderField";
import styles from "./Welcome.module.css";

export type FolderDialogKind = "create" | "open";

/** Makes a project of a folder, or opens the one that it is. */
export function FolderDialog({ kind, onClose }: { kind: FolderDialogKind; onClose: () => void }) {
  const { busy, error } = useStore(welcomeStore);
  const [folder, setFolder] = useState("");
  const [name, setName] = useState("");
  const create = kind === "create";
  const go = async () => {
    if (busy || folder.trim() === "") return;
    const done = create
      ? await welcomeStore.create(folder.trim(), name.trim())
      : await welcomeStore.open(folder.trim());
    if (done) onClose();
  };
  return (
    <Dialog
      title={create ? "New project" : "Open a project"}
      onClose={onClose}
      onSubmit={() => void go()}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" disabled={folder.trim() === ""} busy={busy} onClick={() => void go()}>
            {create ? "Make project" : "Open"}
          </Button>
        </>
      }
    >
      <FolderField value={folder} onText={setFolder} />
      {create && (
        <TextField
          label="Name"
          value={name}
          onText={setName}
          placeholder="The folder’s name"
          hint="Your files stay where they are; add those that the project shall keep."
        />
      )}
      {error && (
        <p className={styles.error} role="alert">
          <b>{error.message}</b> {error.hint}
        </p>
      )}
    </Dialog>
  );
}
