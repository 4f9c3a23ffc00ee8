import { useState } from "react";
import { Button } from "../../components/Button";
import { Combobox } from "../../components/Combobox";
import { Dialog } from "../../components/Dialog";
import { Select, TextField } from "../../components/Field";
import { Icon } from "../../components/Icon";
import type { IconName } from "../../components/icons";
import { KeyHint } from "../../components/KeyHint";
import { Picture } from "../../components/Picture";
import { commands, findCommands } from "../../lib/commands";
import { toProblem } from "../../lib/errors";
import { detailsStore } from "../../stores/details";
import { projectStore } from "../../stores/project";
import { primaryRow, selectionStore } from "../../stores/selection";
import { toastsStore } from "../../stores/toasts";
import { useCommandContext } from "../shell/context";
import { run } from "../shell/run";
import { useStore } from "../useStore";

type Closing = { onClose: () => void };

const roles = ["Artist", "Supervisor", "Assistant Supervisor", "Production Manager", "Vendor", "Admin"];

/** Makes a place for a person. */
export function MemberDialog({ onClose }: Closing) {
  const [username, setUsername] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("Artist");
  const [error, setError] = useState("");
  const go = () =>
    void projectStore
      .addMember({ username: username.trim(), name: name.trim(), email: email.trim(), role })
      .then(
        (member) => {
          toastsStore.show({ text: `${member.name} is in the project`, icon: "user-round-check" });
          onClose();
        },
        (thrown) => {
          const problem = toProblem(thrown);
          setError(`${problem.message} ${problem.hint}`);
        },
      );
  return (
    <Dialog
      title="Add a person"
      onClose={onClose}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" disabled={username.trim() === ""} onClick={go}>
            Add
          </Button>
        </>
      }
    >
      <TextField
        label="Username"
        value={username}
        onText={setUsername}
        error={error}
        hint="1 to 32 of a-z 0-9 . _ -"
        data-autofocus=""
      />
      <TextField label="Name" value={name} onText={setName} />
      <TextField label="E-mail" value={email} onText={setEmail} />
      <Select
        label="Role"
        value={role}
        options={roles.map((r) => ({ value: r, label: r }))}
        onPick={setRole}
      />
    </Dialog>
  );
}

/** Who the person is on this computer. */
export function ProfileDialog({ onClose }: Closing) {
  const profile = useStore(projectStore, (p) => p.start?.profile);
  const me = useStore(projectStore, (p) => p.project?.me);
  const [username, setUsername] = useState(profile?.username ?? "");
  const [name, setName] = useState(profile?.name ?? "");
  const [error, setError] = useState("");
  const go = () =>
    void projectStore.setProfile(username.trim(), name.trim()).then(onClose, (thrown) => {
      const problem = toProblem(thrown);
      setError(`${problem.message} ${problem.hint}`);
    });
  return (
    <Dialog
      title="You on this computer"
      onClose={onClose}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" onClick={go}>
            Save
          </Button>
        </>
      }
    >
      {me && (
        <p className="t2">
          In this project you are {me.name}, {me.role}.
        </p>
      )}
      <TextField label="Username" value={username} onText={setUsername} error={error} data-autofocus="" />
      <TextField label="Name" value={name} onText={setName} />
    </Dialog>
  );
}

/** Every command by a few letters. */
export function PaletteDialog({ onClose }: Closing) {
  const [text, setText] = useState("");
  const found = findCommands(text, useCommandContext());
  return (
    <Dialog title="Commands" onClose={onClose} width={520}>
      <Combobox
        label="Commands"
        text={text}
        onText={setText}
        items={found}
        keyOf={(c) => c.id}
        icon="terminal"
        placeholder="What do you want to do?"
        empty="No command fits"
        onPick={(c) => {
          onClose();
          run(c.id as Parameters<typeof run>[0]);
        }}
        render={(c) => (
          <span className="hstack" style={{ width: "100%" }}>
            <Icon name={c.icon as IconName} size={14} />
            <span className="grow">{c.title}</span>
            {c.keys[0] !== undefined && <KeyHint keys={c.keys[0]} />}
          </span>
        )}
      />
    </Dialog>
  );
}

/** Every key. */
export function KeysDialog({ onClose }: Closing) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose} width={720}>
      <ul style={{ columns: 2, columnGap: 32 }}>
        {commands
          .filter((c) => c.keys.length > 0)
          .map((c) => (
            <li key={c.id} className="hstack" style={{ padding: "3px 0", breakInside: "avoid" }}>
              <span className="grow">{c.title}</span>
              <KeyHint keys={c.keys[0] ?? ""} />
            </li>
          ))}
      </ul>
      <p className="t3 sm">
        On the board: Space picks a card up, arrows carry it, Enter drops it, Esc puts it back.
      </p>
    </Dialog>
  );
}

/** The picture of what is selected, large. */
export function PreviewDialog({ onClose }: Closing) {
  const row = useStore(selectionStore, primaryRow);
  const large = useStore(detailsStore, (d) => (d.id === row?.id ? d.details?.preview : undefined));
  return (
    <Dialog title={row?.name ?? "Preview"} onClose={onClose} width={1080}>
      <Picture src={large || row?.preview || ""} alt={`Preview of ${row?.name ?? ""}`} />
    </Dialog>
  );
}
