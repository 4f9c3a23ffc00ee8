import { useEffect, useRef } from "react";
import { FileName, OnImage, TypeIcon } from "../../components/Asset";
import { Button, IconButton } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Check, TextArea } from "../../components/Field";
import { Glyph } from "../../components/Glyph";
import { Icon } from "../../components/Icon";
import { Picture } from "../../components/Picture";
import { Pill } from "../../components/Pill";
import { Progress } from "../../components/Progress";
import { statusAttributes } from "../../components/statusAttributes";
import { cx } from "../../lib/cx";
import { count, remaining, size, sizeOf } from "../../lib/format";
import { keyLabels } from "../../lib/keymap";
import { savedLine, sizeLine } from "../../lib/saving";
import { type CheckpointState, checkpointStore, savable } from "../../stores/checkpoint";
import { files as fileActs } from "../../stores/files";
import { jobsStore } from "../../stores/jobs";
import { projectStore } from "../../stores/project";
import { useStore } from "../useStore";
import styles from "./Checkpoint.module.css";

/** The Create checkpoint dialog, when it is open. */
export function CheckpointHost() {
  const state = useStore(checkpointStore);
  if (state.ids.length === 0) return null;
  return <CheckpointDialog state={state} />;
}

function CheckpointDialog({ state }: { state: CheckpointState }) {
  const { statuses, types } = useStore(projectStore);
  const job = useStore(jobsStore, (j) => j.jobs.get(state.job));
  const ready = savable(state.prepared);
  const status = statuses.get(state.status);
  const wantsImage = status?.category === "review" && !state.picture && !state.noImage;
  const busy = state.job !== "";
  const may = ready.length > 0 && state.comment.trim() !== "" && !wantsImage && !busy && !state.uploading;
  const only = ready.length === 1 ? ready[0] : undefined;
  const save = () => {
    if (may) void checkpointStore.save();
  };
  const missing =
    ready.length === 0
      ? ""
      : state.comment.trim() === ""
        ? "Say what changed to save it"
        : wantsImage
          ? `${status?.label ?? ""} asks for an image, or for your word that there is none`
          : "";
  const outdated = state.prepared?.files.every((f) => f.refusal?.code === "outdated_base") ?? false;
  return (
    <Dialog
      title={
        ready.length > 1
          ? `Create ${count(ready.length, "checkpoint")}`
          : only
            ? `Create checkpoint ${only.next}`
            : "Create checkpoint"
      }
      width={920}
      headerExtra={
        only && (
          <span className={`${styles.about} t2 sm`}>
            <TypeIcon kind="task" type={types.get(only.type)} name={only.name} size={14} />
            <FileName name={only.name} />
          </span>
        )
      }
      locked={busy}
      onClose={checkpointStore.close}
      onSubmit={save}
      className={styles.dialog}
      footer={
        busy ? (
          <Saving job={job} total={ready.reduce((sum, file) => sum + file.bytes, 0)} />
        ) : (
          <>
            <span className={`${styles.safe} grow t3`}>
              <Icon name={missing === "" ? "shield-check" : "info"} size={14} />
              {missing || "Saved on this computer before anything else happens"}
            </span>
            {state.onlyMove && (
              <Button variant="ghost" onClick={checkpointStore.onlyMove}>
                Only move it
              </Button>
            )}
            <Button variant="ghost" onClick={checkpointStore.close}>
              Cancel
            </Button>
            {outdated ? (
              <Button
                variant="primary"
                onClick={() => void checkpointStore.saveAnyway()}
                disabled={state.comment.trim() === ""}
              >
                Save and park it
              </Button>
            ) : (
              <Button
                variant="primary"
                icon="layers"
                keys="Ctrl+Enter"
                disabled={!may}
                onClick={save}
                data-testid="save"
              >
                {status && state.status !== only?.status
                  ? `Checkpoint and send to ${status.label}`
                  : "Checkpoint"}
              </Button>
            )}
          </>
        )
      }
    >
      <div
        className={styles.columns}
        onDragOver={(e) => e.preventDefault()}
        onDrop={(e) => {
          e.preventDefault();
          const file = e.dataTransfer.files[0];
          if (file) void checkpointStore.picture(file);
        }}
      >
        <div className={styles.left}>
          <ImageWell state={state} fallback={only?.preview ?? ""} />
          {status?.category === "review" && !state.picture && (
            <Check label="No image" checked={state.noImage} onChange={checkpointStore.noImage}>
              Send it without an image
            </Check>
          )}
          <Files state={state} />
        </div>
        <div className={styles.right}>
          <TextArea
            label="What changed"
            rows={4}
            data-autofocus=""
            value={state.comment}
            onText={checkpointStore.comment}
            placeholder="In a few words"
            disabled={busy}
          />
          <Statuses state={state} />
          {only && only.openNotes.length > 0 && (
            <div>
              <h3 className="t3 sm">Still to do</h3>
              <ul className={styles.notes}>
                {only.openNotes.map((note) => (
                  <li key={note.id}>{note.text}</li>
                ))}
              </ul>
            </div>
          )}
        </div>
      </div>
      {state.error && (
        <p className={styles.error} role="alert">
          <b>{state.error.message}</b> {state.error.hint}
        </p>
      )}
      <p className="vh">Press {keyLabels("Ctrl+Enter").join(" ")} to save</p>
    </Dialog>
  );
}

type Job = NonNullable<
  ReturnType<typeof jobsStore.get>["jobs"] extends ReadonlyMap<string, infer J> ? J : never
>;

function Saving({ job, total }: { job: Job | undefined; total: number }) {
  const part = job && job.total > 0 ? job.done / job.total : 0;
  const safe = job?.safe === true;
  return (
    <div className={styles.saving} data-testid="saving">
      <div className="hstack">
        <span className="grow" aria-live="polite">
          {safe
            ? `Safe on this computer: ${savedLine(job?.newBytes ?? 0, total)}`
            : job?.phase === "securing"
              ? "Making it safe on this disk"
              : job && job.total > 0
                ? `Reading ${sizeOf(job.done, job.total)}`
                : "Reading"}
          {job && job.perSecond > 0 && !safe && (
            <span className="t3">
              {" "}
              {size(job.perSecond)}/s{job.remainingMs > 0 ? `, ${remaining(job.remainingMs)}` : ""}
            </span>
          )}
        </span>
        <Button variant="ghost" size="sm" onClick={() => void checkpointStore.stop()}>
          Stop
        </Button>
      </div>
      <Progress part={safe ? 1 : part} label="Saving" />
    </div>
  );
}

/** The picture that goes with it: paste, drop or choose. */
function ImageWell({ state, fallback }: { state: CheckpointState; fallback: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const paste = (e: ClipboardEvent) => {
      const file = [...(e.clipboardData?.files ?? [])].find((f) => f.type.startsWith("image/"));
      if (!file) return;
      e.preventDefault();
      void checkpointStore.picture(file);
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, []);
  return (
    <div className={styles.well} data-testid="image-well">
      <Picture
        src={state.picture?.preview ?? fallback}
        alt={state.picture ? "The image of this checkpoint" : "The newest picture of this file"}
        none="No image yet"
        dim={!state.picture}
        className={cx(styles.picture, state.picture && styles.chosen)}
      >
        {!state.picture && fallback !== "" && (
          <span className={styles.caption}>
            <OnImage icon="image">Image of the last checkpoint</OnImage>
          </span>
        )}
      </Picture>
      <div className={styles.wellBar}>
        <span className="t3 sm grow">
          {state.uploading
            ? "Reading the image…"
            : state.picture
              ? `${state.picture.format.toUpperCase()}, ${state.picture.width} × ${state.picture.height}`
              : "Paste, drop or choose an image"}
        </span>
        {state.picture && (
          <IconButton icon="x" label="Take the image away" size="sm" onClick={checkpointStore.dropPicture} />
        )}
        <Button size="sm" icon="image-plus" onClick={() => input.current?.click()}>
          Image…
        </Button>
        <input
          ref={input}
          type="file"
          accept="image/png,image/jpeg,image/webp,image/gif,image/tiff"
          className="vh"
          tabIndex={-1}
          aria-label="Image file"
          data-testid="image-file"
          onChange={(e) => {
            const file = e.target.files?.[0];
            if (file) void checkpointStore.picture(file);
            e.target.value = "";
          }}
        />
      </div>
    </div>
  );
}

function Statuses({ state }: { state: CheckpointState }) {
  const { statuses } = useStore(projectStore);
  const first = savable(state.prepared)[0];
  const chosen = state.status === "" ? (first?.status ?? "") : state.status;
  const now = statuses.get(first?.status ?? "");
  const open = state.prepared?.moves ?? [];
  const choices = [...statuses.values()].filter((s) => open.includes(s.id));
  if (choices.length === 0) return null;
  return (
    <fieldset className={styles.statuses}>
      <legend className="t3 sm">
        <span>Status</span>
        {now && (
          <span className={styles.now}>
            now <Pill status={now} />
          </span>
        )}
      </legend>
      {choices.map((s) => (
        <label key={s.id} className={styles.choice} data-on={s.id === chosen} {...statusAttributes(s)}>
          <input
            type="radio"
            name="status"
            className="vh"
            value={s.id}
            checked={s.id === chosen}
            onChange={() => checkpointStore.status(s.id === first?.status ? "" : s.id)}
          />
          <Glyph status={s} size={14} />
          <span className={`${styles.words} grow`}>
            <span className="med">{s.label}</span>
            {s.label !== s.name && <span className="t2 xs ell">{s.name}</span>}
          </span>
          {s.id === chosen && <Icon name="check" size={14} />}
        </label>
      ))}
    </fieldset>
  );
}

function Files({ state }: { state: CheckpointState }) {
  const ready = savable(state.prepared);
  const list = state.prepared?.files;
  if (!list) return state.error ? null : <p className="t3">Looking at the files…</p>;
  return (
    <>
      <p className="t2 sm" data-testid="size-line">
        {sizeLine(ready.length > 0 ? ready : list)}
      </p>
      <ul className={styles.files} aria-label="Files">
        {list.map((file) => (
          <li key={file.id}>
            <div className="hstack">
              <FileName name={file.name} className="grow" />
              <span className="t3 sm nowrap">
                {file.next}, {size(file.bytes)}
              </span>
            </div>
            {file.refusal && (
              <div className={styles.refusal} role="note">
                <b>{file.refusal.message}</b> {file.refusal.hint}
                <span className="hstack">
                  {file.refusal.code === "outdated_base" && (
                    <Button size="sm" onClick={() => void checkpointStore.getNewest(file.id)}>
                      Get it
                    </Button>
                  )}
                  {file.state !== "missing" && file.state !== "planned" && (
                    <Button
                      size="sm"
                      onClick={() => {
                        checkpointStore.close();
                        void fileActs.saveAsCopy(file.id);
                      }}
                    >
                      Save as a copy
                    </Button>
                  )}
                </span>
              </div>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
