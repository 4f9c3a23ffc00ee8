import { useEffect, useState } from "react";
import { Button } from "../../components/Button";
import { Combobox } from "../../components/Combobox";
import { Dialog } from "../../components/Dialog";
import { Check, Select, TextArea, TextField } from "../../components/Field";
import { count } from "../../lib/format";
import { acts } from "../../stores/acts";
import { collectionsStore } from "../../stores/collections";
import { files } from "../../stores/files";
import { findAssets } from "../../stores/find";
import type { AssetRow } from "../../stores/list";
import { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { toastsStore } from "../../stores/toasts";
import { useStore } from "../useStore";

type Closing = { onClose: () => void };

function usePlaces() {
  const project = useStore(projectStore, (p) => p.project);
  const types = [
    { value: "", label: "None" },
    ...(project?.types ?? []).map((t) => ({ value: t.id, label: t.name })),
  ];
  const people = [
    { value: "", label: "Nobody" },
    ...(project?.members ?? [])
      .filter((m) => !m.gone)
      .map((m) => ({ value: m.id, label: m.me ? `${m.name} (you)` : m.name })),
  ];
  const givable = project?.can.includes("assign") ?? false;
  return {
    types,
    people: givable ? people : people.filter((p) => p.value === "" || p.value === project?.me.id),
  };
}

/** Plans a task without a file, or makes a collection. */
export function NewDialog({
  collection,
  parent,
  onClose,
}: Closing & { collection: boolean; parent: string }) {
  const { types, people } = usePlaces();
  const inside = useStore(collectionsStore, (c) => c.seen.get(parent)?.name);
  const [name, setName] = useState("");
  const [type, setType] = useState("");
  const [assign, setAssign] = useState("");
  const go = () => {
    if (name.trim() === "") return;
    void acts
      .create({ parent, name: name.trim(), collection, task: !collection, type, tags: [], assign })
      .then((act) => {
        if (act && act.done > 0) onClose();
      });
  };
  return (
    <Dialog
      title={`New ${collection ? "collection" : "task"}${inside ? ` in ${inside}` : ""}`}
      onClose={onClose}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" disabled={name.trim() === ""} onClick={go}>
            {collection ? "Make collection" : "Plan task"}
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        value={name}
        onText={setName}
        data-autofocus=""
        hint={
          collection ? undefined : "With its ending: sh060_anim.blend. Its assignee saves its first version."
        }
      />
      {!collection && (
        <>
          <Select label="Type" value={type} options={types} onPick={setType} />
          <Select label="Assignee" value={assign} options={people} onPick={setAssign} />
        </>
      )}
    </Dialog>
  );
}

/** Tracks files of the working folder, their first version included. */
export function AddDialog({ paths, onClose }: Closing & { paths: readonly string[] }) {
  const { types, people } = usePlaces();
  const [task, setTask] = useState(true);
  const [type, setType] = useState("");
  const [assign, setAssign] = useState("");
  const [comment, setComment] = useState("");
  const go = () => {
    onClose();
    void files.add({ paths: [...paths], task, type, assign: task ? assign : "", comment });
  };
  return (
    <Dialog
      title={paths.length === 1 ? "Add to the project" : `Add ${count(paths.length, "file")}`}
      onClose={onClose}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" keys="Ctrl+Enter" onClick={go}>
            Add
          </Button>
        </>
      }
    >
      <p className="t2 ell">{paths.join(", ")}</p>
      <Check label="As tasks, which can be assigned" checked={task} onChange={setTask} />
      <Select label="Type" value={type} options={types} onPick={setType} />
      {task && <Select label="Assignee" value={assign} options={people} onPick={setAssign} />}
      <TextArea
        label="Comment of the first version"
        rows={2}
        value={comment}
        onText={setComment}
        data-autofocus=""
      />
    </Dialog>
  );
}

/** Asked once for what has a history or things inside. */
export function TrashDialog({ ids, onClose }: Closing & { ids: readonly string[] }) {
  const [rows] = useState(() =>
    [...selectionStore.get().rows.values()].filter((row) => ids.includes(row.id)),
  );
  const versions = rows.reduce((sum, row) => sum + row.checkpoints, 0);
  const [only] = rows;
  const go = () => {
    onClose();
    void acts.trash(ids);
  };
  return (
    <Dialog
      title={`Move ${ids.length === 1 && only ? only.name : count(ids.length, "thing")} to the trash?`}
      role="alertdialog"
      onClose={onClose}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="danger" onClick={go} data-autofocus="">
            Move to trash
          </Button>
        </>
      }
    >
      <p className="t2">
        Files stay in the folder,{" "}
        {versions > 0 ? `${count(versions, "checkpoint")} stay in the history` : "the history stays"}, and
        Undo brings back what is moved.
      </p>
    </Dialog>
  );
}

/** Chooses what an asset needs. */
export function DependDialog({ id, onClose }: Closing & { id: string }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<readonly AssetRow[]>([]);
  useEffect(() => {
    let here = true;
    findAssets(text).then(
      (rows) => here && setFound(rows.filter((row) => row.id !== id)),
      (error) => toastsStore.error(error),
    );
    return () => {
      here = false;
    };
  }, [text, id]);
  return (
    <Dialog title="Needs" onClose={onClose}>
      <Combobox
        label="Needs"
        text={text}
        onText={setText}
        items={found}
        keyOf={(row) => row.id}
        icon="search"
        placeholder="Name of an asset"
        empty="Nothing fits"
        onPick={(row) => {
          onClose();
          void acts.depend(id, [row.id], false);
        }}
        render={(row) => <span className="ell">{row.path}</span>}
      />
    </Dialog>
  );
}
