import { Button } from "../../components/Button";
import { Select } from "../../components/Field";
import type { IconName } from "../../components/icons";
import { Picture } from "../../components/Picture";
import {
  Timeline,
  TimelineItem,
  TimelineMeta,
  TimelinePending,
  TimelineRow,
  TimelineText,
} from "../../components/Timeline";
import { count, moment, size } from "../../lib/format";
import { personName } from "../../lib/look";
import { detailsStore, type HistoryFilter } from "../../stores/details";
import { files } from "../../stores/files";
import type { AssetRow } from "../../stores/list";
import { projectStore } from "../../stores/project";
import { run } from "../shell/run";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./Details.module.css";

const icons: Readonly<Record<string, IconName>> = {
  road: "plane",
  road_end: "house",
  ask: "hand",
  hand_in: "user-round-check",
  not_yet: "clock",
  add: "file-plus",
  create: "file-plus",
  assign: "user-round-check",
  claim: "user-round-check",
  unassign: "user-round-x",
  note: "sticky-note",
  rename: "pencil",
  move: "folder-up",
  set: "sliders-horizontal",
  tag: "tag",
  depend: "link-2",
  trash: "trash-2",
  restore: "rotate-ccw",
  safety: "shield-check",
  undo: "undo-2",
  convert: "shapes",
  parked: "circle-parking",
  adopt: "git-merge",
  copy: "copy-plus",
};

const filters: readonly { value: HistoryFilter; label: string }[] = [
  { value: "everything", label: "Everything" },
  { value: "checkpoints", label: "Checkpoints" },
  { value: "status", label: "Status" },
  { value: "notes", label: "Notes" },
];

/** What happened to it: checkpoints and events in one timeline, newest first, and the story in sentences. */
export function History({ row }: { row: AssetRow }) {
  const { items, more, due, story, filter, arriving } = useStore(detailsStore);
  const { statuses, members } = useStore(projectStore);
  const now = useNow();
  const unsaved = (row.state === "modified" || row.state === "diverged") && row.can.includes("checkpoint");
  return (
    <section aria-label="History">
      <div className={styles.filter}>
        <span className="grow t3 sm">{count(row.checkpoints, "checkpoint")}</span>
        <Select
          bare
          label="Show"
          value={filter}
          options={filters}
          onPick={(value) => detailsStore.filter(value as HistoryFilter)}
        />
      </div>
      {story !== "" && (
        <p className={`${styles.story} selectable`} data-testid="story">
          {story}
        </p>
      )}
      <Timeline>
        {unsaved && (
          <TimelinePending
            title="Modified, not saved yet"
            detail={row.head === "" ? "This will be its first version" : `After ${row.head}`}
            action={
              <Button size="sm" variant="primary" onClick={() => run("checkpoint")}>
                Checkpoint
              </Button>
            }
          />
        )}
        {arriving.map((sentence) => (
          <TimelinePending key={sentence} icon="upload" title={sentence} />
        ))}
        {items.map((item) => {
          const status = statuses.get(item.status);
          const actor = members.get(item.actor);
          const moved = item.from !== "" || item.kind === "status";
          const version = item.checkpoint !== "" && (item.kind === "checkpoint" || item.kind === "parked");
          return (
            <TimelineItem
              key={item.key}
              status={item.kind === "checkpoint" || item.kind === "status" ? status : undefined}
              icon={icons[item.kind]}
              title={item.sentence}
              coloured={moved}
              aside={version && status && !moved ? <span className="t3 sm">{status.label}</span> : undefined}
              at={item.at}
              when={moment(item.at, now)}
              actions={
                item.checkpointID !== "" ? (
                  <Button
                    size="sm"
                    variant="ghost"
                    icon="rotate-ccw"
                    onClick={() => void files.restore(row.id, item.checkpointID)}
                  >
                    Restore
                  </Button>
                ) : undefined
              }
            >
              {item.text !== "" && <TimelineText>{item.text}</TimelineText>}
              {item.preview !== "" && version && (
                <TimelineRow
                  image={
                    <Picture src={item.preview} alt={`Image of ${item.checkpoint}`} className={styles.shot} />
                  }
                />
              )}
              <TimelineMeta>
                {[
                  actor ? (actor.me ? "You" : personName(actor)) : "",
                  item.checkpoint === "" ? "" : version ? item.checkpoint : `on ${item.checkpoint}`,
                  item.newBytes > 0 ? `+${size(item.newBytes)}` : "",
                  item.dropped ? "dropped" : "",
                  item.unsent ? "not sent yet" : "",
                ]
                  .filter(Boolean)
                  .join(", ")}
              </TimelineMeta>
            </TimelineItem>
          );
        })}
      </Timeline>
      {more && (
        <Button size="sm" variant="ghost" onClick={() => void detailsStore.more()}>
          Older
        </Button>
      )}
      {due && !more && <p className="t3 sm">Its older history is on its way.</p>}
    </section>
  );
}
