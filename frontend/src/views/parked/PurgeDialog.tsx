import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { parkedStore } from "../../stores/parked";

/** Asked once more: bytes that are given up do not come back. */
export function PurgeDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const go = () => {
    onClose();
    void parkedStore.act("purge", id);
  };
  return (
    <Dialog
      title="Remove this parked work for good?"
      role="alertdialog"
      onClose={onClose}
      footer={
        <>
          <Button variant="ghost" onClick={onClose} data-autofocus="">
            Cancel
          </Button>
          <Button variant="danger" onClick={go}>
            Remove for good
          </Button>
        </>
      }
    >
      <p className="t2">
        Its bytes are given up and nobody can bring them back. That it was made stays in the history.
      </p>
    </Dialog>
  );
}
