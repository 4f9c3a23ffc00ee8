import { OnImage } from "../../components/Asset";
import { Avatar } from "../../components/Avatar";
import { Button } from "../../components/Button";
import { Icon } from "../../components/Icon";
import { type IconName, iconNamed } from "../../components/icons";
import { Lineage } from "../../components/Lineage";
import { Picture } from "../../components/Picture";
import { Pill } from "../../components/Pill";
import { cx } from "../../lib/cx";
import { exact, moment, size } from "../../lib/format";
import { type PersonLook, personName, type StatusLook, type TypeLook } from "../../lib/look";
import { lineageOf, primaryVerb, type VerbName } from "../../lib/parked";
import type { ParkedItem } from "../../stores/parked";
import styles from "./Parked.module.css";

type Side = ParkedItem["current"];

const verbs: Readonly<Record<string, { title: string; icon: IconName }>> = {
  adopt: { title: "Adopt", icon: "git-merge" },
  copy: { title: "Save as a copy", icon: "copy-plus" },
  keep: { title: "Keep parked", icon: "circle-parking" },
  trash: { title: "Trash", icon: "trash-2" },
  restore: { title: "Restore", icon: "rotate-ccw" },
  ask: { title: "Ask to adopt", icon: "hand" },
  purge: { title: "Remove for good", icon: "triangle-alert" },
};
const states: Readonly<Record<string, string>> = { kept: "Kept", copied: "Copied", trashed: "In the trash" };

/** One chain: why it is parked, the two sides, the lineage, and what can be done. */
export function ParkedCard({
  item,
  focused,
  busy,
  now,
  type,
  members,
  statuses,
  onFocus,
  onVerb,
  onShow,
}: {
  item: ParkedItem;
  focused: boolean;
  busy: boolean;
  /** Something is being done: no verb can be pressed. */
  now: number;
  type: TypeLook | undefined;
  members: ReadonlyMap<string, PersonLook>;
  statuses: ReadonlyMap<string, StatusLook>;
  onFocus: () => void;
  onVerb: (verb: VerbName) => void;
  onShow: () => void;
}) {
  const by = members.get(item.current.author);
  const shape = lineageOf({
    base: item.base,
    head: item.current.label,
    by: by ? personName(by) : "",
    labels: item.labels,
  });
  const icon = iconNamed(type?.icon ?? "file");
  const look = { members, statuses, now, icon };
  return (
    <li
      id={`parked-${item.id}`}
      className={styles.card}
      tabIndex={focused ? 0 : -1}
      aria-labelledby={`title-${item.id}`}
      data-keys=""
      data-focused={focused}
      data-state={item.state}
      data-testid="parked"
      onFocus={onFocus}
    >
      <div className={styles.top}>
        <span className={styles.badge}>
          <Icon name="circle-parking" size={20} />
        </span>
        <div className="grow">
          <h2 id={`title-${item.id}`}>{item.title}</h2>
          <p className="t2">{item.reason}</p>
        </div>
        {item.state !== "open" && <span className={styles.state}>{states[item.state]}</span>}
      </div>
      <button
        type="button"
        className={`${styles.path} mono ell`}
        title="Show in the Browser"
        onClick={onShow}
      >
        {item.path}
      </button>
      <div className={styles.sides}>
        <Figure side={item.current} caption={`${item.current.label}, current`} {...look} />
        <Figure side={item.parked} caption={`${item.parked.label}, parked`} mine {...look} />
      </div>
      <Lineage shape={shape} />
      <Verbs item={item} focused={focused} busy={busy} onVerb={onVerb} />
    </li>
  );
}

function Figure({
  side,
  caption,
  mine = false,
  icon,
  members,
  statuses,
  now,
}: {
  side: Side;
  caption: string;
  mine?: boolean;
  icon: IconName;
  members: ReadonlyMap<string, PersonLook>;
  statuses: ReadonlyMap<string, StatusLook>;
  now: number;
}) {
  const person = members.get(side.author);
  const status = statuses.get(side.status);
  if (side.label === "") {
    return <p className="t3">No version stands on the line yet.</p>;
  }
  return (
    <figure className={cx(styles.figure, mine && styles.mine)}>
      <Picture
        src={side.preview}
        alt={`Image of ${side.label}`}
        icon={icon}
        none="No image"
        className={styles.image}
      >
        <span className={styles.caption}>
          <OnImage icon={mine ? "circle-parking" : "layers"}>{caption}</OnImage>
        </span>
      </Picture>
      <figcaption>
        <span className="hstack">
          {person && <Avatar person={person} size={20} />}
          <b className="med ell">{person?.me ? "You" : person ? personName(person) : ""}</b>
          {status && <Pill status={status} />}
        </span>
        <p className={`${styles.comment} selectable`}>{side.comment}</p>
        <span className="t3 xs" title={exact(side.at)}>
          {moment(side.at, now)}, {size(side.bytes)}
        </span>
      </figcaption>
    </figure>
  );
}

function Verbs({
  item,
  focused,
  busy,
  onVerb,
}: {
  item: ParkedItem;
  /** One primary button in the view: of the chain that has the keys. */
  focused: boolean;
  busy: boolean;
  onVerb: (verb: VerbName) => void;
}) {
  const first = primaryVerb(item);
  return (
    <div className={styles.verbs}>
      {item.verbs.map((verb) => {
        const about = `${verb.verb}-${item.id}`;
        return (
          <div key={verb.verb} className={styles.verb}>
            <Button
              size="lg"
              variant={focused && verb.verb === first ? "primary" : "default"}
              icon={verbs[verb.verb]?.icon}
              disabled={verb.refusal ? true : busy}
              busy={busy && verb.verb === first}
              aria-describedby={about}
              onClick={() => onVerb(verb.verb as VerbName)}
            >
              {verbs[verb.verb]?.title}
            </Button>
            <p id={about} className="t3 sm">
              {verb.refusal ? (
                <span className={styles.refusal}>
                  {verb.refusal.message} {verb.refusal.hint}
                </span>
              ) : (
                verb.consequence
              )}
            </p>
          </div>
        );
      })}
    </div>
  );
}
