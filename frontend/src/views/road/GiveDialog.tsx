import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { count } from "../../lib/format";
import { acts } from "../../stores/acts";
import { handover, type Risk } from "../../stores/road";
import styles from "./Road.module.css";

/** Before a task is taken from who has unsent work on it, or has it on the road: what is known, and the gentler way. */
export function GiveDialog(props: {
  ids: readonly string[];
  to: string;
  convert: boolean;
  risks: readonly Risk[];
  onClose: () => void;
}) {
  const { ids, to, convert, risks, onClose } = props;
  const [reason, setReason] = useState("");
  const road = risks.some((risk) => risk.road);
  const lacks = road && reason.trim() === "";
  const take = () => {
    if (lacks) return;
    onClose();
    void acts.assign(ids, to, { convert, reason: reason.trim(), override: road });
  };
  const ask = () => {
    onClose();
    void handover.ask(
      risks.map((risk) => risk.id),
      to,
    );
  };
  return (
    <Dialog
      title={
        risks.length === 1
          ? "Somebody is at work on it"
          : `Somebody is at work on ${count(risks.length, "task")}`
      }
      role="alertdialog"
      width={520}
      onClose={onClose}
      onSubmit={take}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <span className="grow" />
          <Button disabled={lacks} onClick={take}>
            {ids.length > risks.length ? "Take them all now" : "Take now"}
          </Button>
          {to !== "" && (
            <Button variant="primary" icon="hand" onClick={ask}>
              Ask to hand in
            </Button>
          )}
        </>
      }
    >
      <ul className={styles.risks}>
        {risks.map((risk) => (
          <li key={risk.id}>{risk.sentence}</li>
        ))}
      </ul>
      <TextField
        label={road ? "Reason, which is asked for while it is on the road" : "Reason"}
        value={reason}
        onText={setReason}
        hint="Who holds it reads it first thing. Their files stay as they are."
        data-autofocus=""
      />
    </Dialog>
  );
}

/** Why a task cannot be handed in yet. */
export function NotYetDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [why, setWhy] = useState("");
  const go = () => {
    if (why.trim() === "") return;
    onClose();
    void handover.answer(id, false, why.trim());
  };
  return (
    <Dialog
      title="Not yet, because …"
      onClose={onClose}
      onSubmit={go}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" disabled={why.trim() === ""} onClick={go}>
            Answer
          </Button>
        </>
      }
    >
      <TextField
        label="Why not yet"
        value={why}
        onText={setWhy}
        hint="Who asks reads this."
        data-autofocus=""
      />
    </Dialog>
  );
}
