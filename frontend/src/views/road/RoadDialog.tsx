import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { Icon } from "../../components/Icon";
import { Progress } from "../../components/Progress";
import { count, isoDay, size, sizeOf } from "../../lib/format";
import { hereText, planText, type RoadPlan, reasonOf, tooLarge } from "../../lib/road";
import { jobsStore } from "../../stores/jobs";
import { roadStore } from "../../stores/road";
import { rowsOf } from "../pickers/AssigneePicker";
import { useStore } from "../useStore";
import styles from "./Road.module.css";

const dayMs = 24 * 60 * 60 * 1000;
const ahead = (days: number): string => isoDay(new Date(Date.now() + days * dayMs));

/** Takes tasks on the road: sizes and reasons first, then everything is fetched, then one tick or what is missing. */
export function RoadDialog({ onClose }: { onClose: () => void }) {
  const { ids, plan, error, job, left } = useStore(roadStore);
  const running = useStore(jobsStore, (j) => j.jobs.get(job));
  const [until, setUntil] = useState(ahead(3));
  const [name] = useState(() => {
    const [first] = rowsOf(ids);
    return ids.length === 1 && first ? first.name : count(ids.length, "task");
  });
  const busy = job !== "";
  const close = () => {
    roadStore.close();
    onClose();
  };
  const go = () => void roadStore.start(until);
  return (
    <Dialog
      title={left ? `${name}: on the road` : `Take ${name} on the road`}
      width={560}
      onClose={close}
      onSubmit={left || busy || until === "" ? undefined : go}
      footer={
        left ? (
          <>
            <Button
              variant="ghost"
              icon="house"
              disabled={busy}
              onClick={() => {
                close();
                void roadStore.end(ids);
              }}
            >
              I am back
            </Button>
            <span className="grow" />
            {plan && plan.missing > 0 && (
              <Button icon="download" busy={busy} onClick={() => void roadStore.fetch()}>
                Fetch what is missing
              </Button>
            )}
            <Button variant="primary" onClick={close}>
              Done
            </Button>
          </>
        ) : (
          <>
            <Button variant="ghost" onClick={close}>
              {busy ? "Go on in the background" : "Cancel"}
            </Button>
            <Button variant="primary" icon="plane" busy={busy} disabled={until === ""} onClick={go}>
              Take on the road
            </Button>
          </>
        )
      }
    >
      {error && (
        <p className={styles.error} role="alert">
          {error.message} {error.hint}
        </p>
      )}
      {!left && (
        <div className={styles.until}>
          <TextField
            label="Until"
            type="date"
            value={until}
            min={ahead(0)}
            onText={setUntil}
            hint="Your team sees it. Nobody takes it from you before that without a reason; afterwards you still hold it."
            data-autofocus=""
          />
          <div className="hstack">
            {[1, 3, 7, 14].map((days) => (
              <Button key={days} size="sm" onClick={() => setUntil(ahead(days))}>
                {count(days, "day")}
              </Button>
            ))}
          </div>
        </div>
      )}
      {left && plan && !busy && (
        <p className={styles.here} role="status" data-testid="road-here">
          <Icon name={plan.missing === 0 ? "shield-check" : "cloud"} size={18} />
          <b>{hereText(plan)}</b>
        </p>
      )}
      {busy && running && (
        <Progress
          part={running.total > 0 ? running.done / running.total : 0}
          label={`Fetching, ${sizeOf(running.done, running.total)}`}
        />
      )}
      {plan ? <Files plan={plan} /> : !error && <div aria-busy="true" className={styles.waiting} />}
    </Dialog>
  );
}

export function Files({ plan }: { plan: RoadPlan & { more?: number } }) {
  return (
    <>
      <p className="t2">{planText(plan)}</p>
      {tooLarge(plan) && (
        <p className={styles.error} role="alert">
          This disk has not that much room. Free some up first; what is here already stays.
        </p>
      )}
      <ul className={styles.files} aria-label="What goes along" tabIndex={0}>
        {plan.items.map((file) => (
          <li key={file.path} data-here={file.here} data-testid="road-file">
            <Icon name={file.here ? "check" : "cloud"} size={14} />
            <span className={`${styles.path} mono`} title={file.path}>
              {file.path}
            </span>
            <span className="t3 xs ell">{reasonOf(file)}</span>
            <span className={`${styles.size} t3 xs num`}>{size(file.bytes)}</span>
            <span className="vh">{file.here ? "is here" : "is not here"}</span>
          </li>
        ))}
      </ul>
      {plan.more ? <p className="t3 sm">and {count(plan.more, "more")}</p> : null}
    </>
  );
}
