import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "../lib/cx";
import { type PersonLook, personName, shortName } from "../lib/look";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";
import styles from "./Slot.module.css";

type Look = {
  /** Who holds the task; undefined = nobody. */
  person: PersonLook | undefined;
  size?: number;
  /** The short name beside the picture. */
  name?: boolean;
  /** A lock on other people's: off where only the person matters. */
  lock?: boolean;
  /** They have it on the road: a plane in the place of the lock. */
  road?: boolean;
};

const kind = (person: PersonLook | undefined): "empty" | "mine" | "other" =>
  person === undefined ? "empty" : person.me ? "mine" : "other";

/** Who can save, in words. */
export function slotTitle(person: PersonLook | undefined): string {
  if (person === undefined) return "Unassigned: nobody can checkpoint it. Press A to assign";
  return person.me
    ? "Yours: you can create checkpoints"
    : `${personName(person)} holds this task. Only they can checkpoint`;
}

function Inside({ person, size = 20, name = true, lock = true, road = false }: Look) {
  const badge = road ? "plane" : lock && person && !person.me ? "lock" : undefined;
  return (
    <>
      <span className={styles.picture} style={{ width: size, height: size }}>
        {person ? <Avatar person={person} size={size} /> : <Icon name="user-round-plus" size={size * 0.6} />}
        {badge && (
          <i className={styles.badge}>
            <Icon name={badge} size={8} />
          </i>
        )}
      </span>
      {name && <span className={styles.name}>{person ? shortName(person) : "Unassigned"}</span>}
    </>
  );
}

/** The assignee slot. Ring: you can save. Lock: someone else can. Dashed: nobody. A resource has no slot at all. */
export function Slot(props: Look) {
  return (
    <span className={cx(styles.slot, styles[kind(props.person)])} title={slotTitle(props.person)}>
      <Inside {...props} />
    </span>
  );
}

/** The slot as a button that opens the assignee picker. */
export function SlotButton({
  person,
  size = 20,
  name = true,
  lock = true,
  road = false,
  open = false,
  ref,
  ...rest
}: Look & { open?: boolean; ref?: Ref<HTMLButtonElement> } & Omit<
    ButtonHTMLAttributes<HTMLButtonElement>,
    "name"
  >) {
  const who = person ? (person.me ? "you" : personName(person)) : "nobody";
  return (
    <button
      ref={ref}
      type="button"
      title={slotTitle(person)}
      aria-label={`Assignee: ${who}`}
      aria-haspopup="listbox"
      aria-expanded={open}
      {...rest}
      className={cx(styles.slot, styles.button, styles[kind(person)], rest.className)}
    >
      <Inside person={person} size={size} name={name} lock={lock} road={road} />
    </button>
  );
}
