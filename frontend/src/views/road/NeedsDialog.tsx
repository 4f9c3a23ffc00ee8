import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { count, size } from "../../lib/format";
import { tooLarge } from "../../lib/road";
import { files } from "../../stores/files";
import { roadStore } from "../../stores/road";
import { rowsOf } from "../pickers/AssigneePicker";
import { useStore } from "../useStore";
import styles from "./Road.module.css";
import { Files } from "./RoadDialog";

/** What tasks need, with its size and why, before it is fetched. */
export function NeedsDialog({ onClose }: { onClose: () => void }) {
  const { ids, plan, error } = useStore(roadStore);
  const [first] = rowsOf(ids);
  const itself = plan?.items.find((file) => file.via === "");
  const name = ids.length === 1 ? (first?.name ?? itself?.path ?? "A task") : count(ids.length, "task");
  const close = () => {
    roadStore.close();
    onClose();
  };
  const ready = plan !== undefined && !tooLarge(plan);
  const go = () => {
    void files.fetchAll(ids);
    close();
  };
  return (
    <Dialog
      title={`${name}, and all it needs`}
      width={560}
      onClose={close}
      onSubmit={ready ? go : undefined}
      footer={
        <>
          <Button variant="ghost" onClick={close}>
            Cancel
          </Button>
          <Button variant="primary" icon="download" disabled={!ready} onClick={go} data-autofocus="">
            {ready && plan.toFetch > 0 ? `Fetch all, ${size(plan.toFetch)}` : "Fetch all"}
          </Button>
        </>
      }
    >
      {error && (
        <p className={styles.error} role="alert">
          {error.message} {error.hint}
        </p>
      )}
      {plan ? <Files plan={plan} /> : !error && <div aria-busy="true" className={styles.waiting} />}
    </Dialog>
  );
}
