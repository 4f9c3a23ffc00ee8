import { useState } from "react";
import { FileName, FileState, TypeIcon } from "../../components/Asset";
import { Button, IconButton } from "../../components/Button";
import { Tag } from "../../components/Chip";
import { EmptyState } from "../../components/EmptyState";
import { Picture } from "../../components/Picture";
import { Pill, PillButton } from "../../components/Pill";
import { Slot, SlotButton } from "../../components/Slot";
import { Tabs } from "../../components/Tabs";
import { keysOf } from "../../lib/commands";
import { isFile, tracked } from "../../lib/commands/when";
import { cx } from "../../lib/cx";
import { count, day, duration, folders, size } from "../../lib/format";
import { personName, shortName } from "../../lib/look";
import { common, mixedSign, shared } from "../../lib/mixed";
import { roadTitle } from "../../lib/road";
import { detailsStore } from "../../stores/details";
import type { AssetRow } from "../../stores/list";
import { overlaid, overlayStore } from "../../stores/overlay";
import { parkedStore } from "../../stores/parked";
import { projectStore } from "../../stores/project";
import { primaryRow, selectionStore } from "../../stores/selection";
import { uiStore } from "../../stores/ui";
import { toggleDetails } from "../shell/panes";
import { focusParked } from "../shell/parked";
import { run } from "../shell/run";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./Details.module.css";
import { History } from "./History";
import { Info } from "./Info";
import { Links } from "./Links";
import { Review } from "./Review";

const kinds: Readonly<Record<string, string>> = {
  task: "Task",
  resource: "Resource",
  collection: "Collection",
  untracked: "Untracked file",
  unshared: "File",
};

type Part = "review" | "history" | "links" | "info";

/** What is known about what is selected. Several: shared values, mixed ones as a dash; edits apply to all. */
export function DetailsPane() {
  const selection = useStore(selectionStore);
  const { overlays } = useStore(overlayStore);
  const fetched = primaryRow(selection);
  if (!fetched) {
    return (
      <EmptyState icon="layers" title="Nothing is selected">
        Select an asset to see who holds it, where it stands and its history.
      </EmptyState>
    );
  }
  const rows = [...selection.rows.values()].map((row) => overlaid(row, overlays));
  return <Pane key={fetched.key} row={overlaid(fetched, overlays)} rows={rows} />;
}

function Pane({ row, rows }: { row: AssetRow; rows: readonly AssetRow[] }) {
  const { details, error } = useStore(detailsStore);
  const { types } = useStore(projectStore);
  const [part, setPart] = useState<Part>("history");
  const mine = details?.row.id === row.id ? details : undefined;
  const many = rows.length > 1;
  const place = rows.findIndex((r) => r.key === row.key);
  return (
    <div className={styles.pane} data-testid="details">
      <div className={styles.top}>
        <span className="t3 sm">{many ? `${place + 1} of ${rows.length} selected` : kinds[row.kind]}</span>
        <span className="grow" />
        {many && (
          <>
            <IconButton
              icon="chevron-up"
              label="Previous"
              size="sm"
              onClick={() => selectionStore.step(-1)}
            />
            <IconButton icon="chevron-down" label="Next" size="sm" onClick={() => selectionStore.step(1)} />
          </>
        )}
        <IconButton icon="external-link" label="Open" size="sm" onClick={() => run("openInApp")} />
        <IconButton icon="folder-search" label="Show in folder" size="sm" onClick={() => run("reveal")} />
        <IconButton
          icon="ellipsis"
          label="More"
          size="sm"
          aria-haspopup="menu"
          onClick={(e) => uiStore.open({ kind: "menu", anchor: e.currentTarget })}
        />
        <IconButton icon="panel-right" label="Hide details" size="sm" onClick={toggleDetails} />
      </div>
      <div className={styles.scroll}>
        {isFile(row) && (
          <Picture
            src={mine?.preview || row.preview}
            alt={`Preview of ${row.name}`}
            className={styles.picture}
          />
        )}
        <div className={styles.head}>
          <h2 className={styles.name}>
            <FileName name={row.name} />
          </h2>
          <p className="t3 sm hstack">
            <TypeIcon kind={row.kind} type={types.get(row.type)} name={row.name} size={14} />
            <span className="ell">
              {[types.get(row.type)?.name ?? kinds[row.kind], folders(row.path)].filter(Boolean).join(" in ")}
            </span>
          </p>
        </div>
        {error && (
          <p className={styles.error} role="alert">
            {error.message} {error.hint}
          </p>
        )}
        {row.kind === "untracked" && <Untracked row={row} />}
        {row.kind === "unshared" && (
          <p className={cx(styles.block, "t2")}>
            This file is no longer shared with you. It stays where it is, and nothing of yours was lost.
          </p>
        )}
        {tracked(row) && (
          <>
            {row.kind === "task" && <Holding rows={rows} />}
            {row.kind === "collection" && !many && <Inside row={row} />}
            <Facts rows={rows} fileBytes={mine?.fileBytes ?? 0} />
            {row.kind !== "collection" && !many && mine && (
              <>
                <Saving details={mine} row={row} />
                <OnTheRoad row={row} />
                <ParkedBeside row={row} />
                <Tabs<Part>
                  label="Details"
                  size="sm"
                  value={part}
                  onChange={setPart}
                  tabs={[
                    { value: "review", label: "Review", count: row.notes || undefined },
                    { value: "history", label: "History" },
                    {
                      value: "links",
                      label: "Links",
                      count: mine.needs.length + mine.neededBy.length || undefined,
                    },
                    { value: "info", label: "Info" },
                  ]}
                />
                {part === "review" && <Review details={mine} />}
                {part === "history" && <History row={row} />}
                {part === "links" && <Links details={mine} />}
                {part === "info" && <Info details={mine} />}
              </>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function Untracked({ row }: { row: AssetRow }) {
  return (
    <div className={styles.block}>
      <p className="t2">
        {row.state === "unusable"
          ? "This name cannot stand in a project on every system. Rename the file, then add it."
          : "This file is in the folder and not part of the project yet: nobody’s history holds it."}
      </p>
      {row.state !== "unusable" && (
        <Button variant="primary" icon="file-plus" keys={keysOf("add")} onClick={() => run("add")}>
          Add to the project
        </Button>
      )}
    </div>
  );
}

/** What a collection holds, and how its tasks stand. */
function Inside({ row }: { row: AssetRow }) {
  const { statuses } = useStore(projectStore);
  const shares = row.bar.flatMap((share) => {
    const status = statuses.get(share.status);
    return status && share.count > 0 ? [{ status, count: share.count }] : [];
  });
  return (
    <>
      <p className="t2">{count(row.count, "asset")}</p>
      {shares.length > 0 && (
        <dl className={styles.facts} aria-label="Tasks by status">
          {shares.map((share) => (
            <div key={share.status.id} style={{ display: "contents" }}>
              <dt>
                <Pill status={share.status} bare />
              </dt>
              <dd className="num">{count(share.count, "task")}</dd>
            </div>
          ))}
        </dl>
      )}
      <span>
        <Button icon="folder-open" keys={keysOf("enter")} onClick={() => run("enter")}>
          Show this collection
        </Button>
      </span>
    </>
  );
}

/** Status and assignee, for all that is selected. */
function Holding({ rows }: { rows: readonly AssetRow[] }) {
  const { statuses, members } = useStore(projectStore);
  const tasks = rows.filter((row) => row.kind === "task");
  const status = statuses.get(shared(tasks, (row) => row.status) ?? "");
  const holder = shared(tasks, (row) => row.assignee);
  const person = members.get(holder ?? "");
  const ids = tasks.map((row) => row.id);
  const movable = tasks.some((row) => row.moves.length > 0);
  const givable = tasks.some((row) => ["assign", "claim", "giveBack"].some((act) => row.can.includes(act)));
  return (
    <div className={styles.holding}>
      {!status ? (
        <Button size="sm" onClick={(e) => uiStore.open({ kind: "status", ids, anchor: e.currentTarget })}>
          Status {mixedSign}
        </Button>
      ) : movable ? (
        <PillButton
          status={status}
          size="lg"
          onClick={(e) => uiStore.open({ kind: "status", ids, anchor: e.currentTarget })}
        />
      ) : (
        <Pill status={status} size="lg" />
      )}
      {holder === undefined ? (
        <Button size="sm" onClick={(e) => uiStore.open({ kind: "assign", ids, anchor: e.currentTarget })}>
          Assignee {mixedSign}
        </Button>
      ) : givable ? (
        <SlotButton
          person={person}
          size={24}
          data-testid="details-assignee"
          onClick={(e) => uiStore.open({ kind: "assign", ids, anchor: e.currentTarget })}
        />
      ) : (
        <Slot person={person} size={24} />
      )}
    </div>
  );
}

const priorities = ["None", "Low", "Normal", "Urgent"];

function Facts({ rows, fileBytes }: { rows: readonly AssetRow[]; fileBytes: number }) {
  const { types } = useStore(projectStore);
  const now = useNow();
  const first = rows[0];
  if (!first || first.kind === "collection") return null;
  const ids = rows.map((row) => row.id);
  const state = shared(rows, (row) => row.state);
  const foreign = rows.every((row) => row.notYours);
  const [due, priority] = [shared(rows, (row) => row.due), shared(rows, (row) => row.priority)];
  const [type, estimate] = [shared(rows, (row) => row.type), shared(rows, (row) => row.estimateMin)];
  const plan = rows.every((row) => row.can.includes("plan"));
  const set = rows.every((row) => row.can.includes("set"));
  const open = (kind: "due" | "priority" | "type" | "tag") => (e: React.MouseEvent) =>
    uiStore.open({ kind, ids, anchor: e.currentTarget });
  return (
    <dl className={styles.facts}>
      <dt>State</dt>
      <dd>{state === undefined ? mixedSign : <FileState state={state} foreign={foreign} loud />}</dd>
      <dt>Due</dt>
      <dd>
        <Value
          text={due === undefined ? mixedSign : due === "" ? "No day" : day(due, now)}
          edit={plan ? open("due") : undefined}
        />
      </dd>
      <dt>Priority</dt>
      <dd>
        <Value
          text={priority === undefined ? mixedSign : (priorities[priority] ?? "None")}
          edit={plan ? open("priority") : undefined}
        />
      </dd>
      <dt>Type</dt>
      <dd>
        <Value
          text={type === undefined ? mixedSign : (types.get(type)?.name ?? "None")}
          edit={set ? open("type") : undefined}
        />
      </dd>
      {estimate !== undefined && estimate > 0 && (
        <>
          <dt>Estimate</dt>
          <dd>{duration(estimate)}</dd>
        </>
      )}
      {rows.length === 1 && (
        <>
          <dt>Size</dt>
          <dd>{size(fileBytes || first.bytes)}</dd>
        </>
      )}
      <dt>Tags</dt>
      <dd className={styles.tags}>
        {common(rows.map((row) => row.tags)).map((tag) => (
          <Tag key={tag}>{tag}</Tag>
        ))}
        {set && <IconButton icon="plus" label="Tag" size="sm" iconSize={12} onClick={open("tag")} />}
      </dd>
    </dl>
  );
}

function Value({ text, edit }: { text: string; edit: ((e: React.MouseEvent) => void) | undefined }) {
  if (!edit) return text;
  return (
    <button type="button" className={styles.value} onClick={edit}>
      {text}
    </button>
  );
}

/** Who can save it, and the way on where the person cannot. */
function Saving({ details, row }: { details: DetailsData; row: AssetRow }) {
  const refusal = details.checkpointRefusal;
  const changed = row.state === "modified" || row.state === "diverged";
  const claimable = row.kind === "task" && row.assignee === "" && row.can.includes("claim");
  const holder = useStore(projectStore, (p) => p.members.get(row.assignee));
  if (!refusal) return null;
  const held = row.kind === "task" && holder && !holder.me ? holder : undefined;
  return (
    <div className={styles.notice} role="note">
      <b>{refusal.message}</b>
      <span className="t2">{refusal.hint}</span>
      {held && (
        <span>
          <Button size="sm" icon="hand" onClick={() => run("ask")}>
            Ask {shortName(held)} for it
          </Button>
        </span>
      )}
      {claimable && (
        <span>
          <Button size="sm" icon="user-round-check" keys={keysOf("assignMe")} onClick={() => run("assignMe")}>
            Assign to me
          </Button>
        </span>
      )}
      {changed && (
        <span className="hstack">
          <Button size="sm" onClick={() => run("saveAsCopy")}>
            Save as a copy
          </Button>
          <Button size="sm" variant="ghost" onClick={() => run("discard")}>
            Discard to a safety checkpoint
          </Button>
        </span>
      )}
    </div>
  );
}

/** It is on the road: until when, and for who has it there what is left to do. */
function OnTheRoad({ row }: { row: AssetRow }) {
  const holder = useStore(projectStore, (p) => p.members.get(row.assignee));
  const now = useNow();
  if (row.roadUntil === 0 || !holder) return null;
  return (
    <div className={styles.notice} role="note">
      <b>{roadTitle(holder.me ? "You" : personName(holder), row.roadUntil, row.roadOver, now)}</b>
      {holder.me && (
        <span className="hstack">
          <Button size="sm" icon="plane" onClick={() => run("road")}>
            What goes along
          </Button>
          <Button size="sm" variant="ghost" onClick={() => run("roadEnd")}>
            I am back
          </Button>
        </span>
      )}
    </div>
  );
}

/** Work that is parked beside it, and the way there. */
function ParkedBeside({ row }: { row: AssetRow }) {
  if (row.parked === 0) return null;
  return (
    <div className={styles.notice} role="note">
      <b>{count(row.parked, "parked checkpoint")} beside it</b>
      <span>
        <Button
          size="sm"
          icon="circle-parking"
          onClick={() => void parkedStore.show(row.id).then(focusParked)}
        >
          Show what is parked
        </Button>
      </span>
    </div>
  );
}

export type DetailsData = NonNullable<ReturnType<typeof detailsStore.get>["details"]>;
