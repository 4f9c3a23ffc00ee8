import { FileName, OnImage, TypeIcon } from "../../components/Asset";
import { Tag } from "../../components/Chip";
import { Icon } from "../../components/Icon";
import { Picture } from "../../components/Picture";
import { Slot, SlotButton } from "../../components/Slot";
import { age, count, day, dueStands, folders } from "../../lib/format";
import { personName } from "../../lib/look";
import { roadText, roadTitle } from "../../lib/road";
import type { Card } from "../../stores/board";
import { projectStore } from "../../stores/project";
import { uiStore } from "../../stores/ui";
import { useNow } from "../useNow";
import { useStore } from "../useStore";
import styles from "./Board.module.css";

/** What a card shows: picture, name, path, type, due, counts, assignee, time in its status, flags. */
export function CardFace({ card }: { card: Card }) {
  const { members, types } = useStore(projectStore);
  const now = useNow();
  const person = members.get(card.assignee);
  const holder = person ? (person.me ? "You" : personName(person)) : "Somebody";
  const type = types.get(card.type);
  const due = dueStands(card.due, now);
  const givable = ["assign", "claim", "giveBack"].some((act) => card.can.includes(act));
  return (
    <>
      <Picture src={card.preview} alt="" none={type?.name ?? ""} className={styles.picture}>
        <span className={styles.flags}>
          {(card.state === "modified" || card.state === "diverged") && (
            <OnImage icon="pencil">{card.notYours ? "Not yours" : "Modified"}</OnImage>
          )}
          {card.parked > 0 && <OnImage icon="circle-parking">{`${card.parked} parked`}</OnImage>}
          {card.roadUntil > 0 && (
            <OnImage icon="plane" title={roadTitle(holder, card.roadUntil, card.roadOver, now)}>
              {roadText(card.roadUntil, card.roadOver, now)}
            </OnImage>
          )}
          {card.statusSince > 0 && (
            <OnImage icon="clock" title="In this status">
              {age(card.statusSince, now)}
            </OnImage>
          )}
        </span>
      </Picture>
      <div className={styles.face}>
        <div className="hstack">
          <FileName name={card.name} className="grow ell med" />
          {givable ? (
            <SlotButton
              person={person}
              name={false}
              lock={false}
              data-testid="card-assignee"
              onClick={(e) => uiStore.open({ kind: "assign", ids: [card.id], anchor: e.currentTarget })}
            />
          ) : (
            <Slot person={person} name={false} lock={false} />
          )}
        </div>
        <div className="hstack t3 sm">
          <TypeIcon kind={card.kind} type={type} name={card.name} size={13} />
          <span className="ell">{folders(card.path)}</span>
        </div>
        <div className={styles.foot}>
          {card.priority === 3 && (
            <span title="Urgent">
              <Icon name="chevrons-up" size={12} />
            </span>
          )}
          {card.due !== "" && (
            <span className={due === "late" ? styles.late : due === "soon" ? styles.soon : undefined}>
              <Icon name="calendar" size={12} />
              {day(card.due, now)}
            </span>
          )}
          {card.checkpoints > 0 && (
            <span title={count(card.checkpoints, "checkpoint")}>
              <Icon name="layers" size={12} />
              {card.checkpoints}
            </span>
          )}
          {card.notes > 0 && (
            <span title={count(card.notes, "open note")}>
              <Icon name="message-square" size={12} />
              {card.notes}
            </span>
          )}
          <span className="grow" />
          {card.tags.slice(0, 1).map((tag) => (
            <Tag key={tag}>{tag}</Tag>
          ))}
        </div>
      </div>
    </>
  );
}
