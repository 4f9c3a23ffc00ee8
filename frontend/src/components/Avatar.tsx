import { initials, type PersonLook, personName } from "../lib/look";
import styles from "./Avatar.module.css";

/** A person's picture, or their initials on the ground that is theirs everywhere. */
export function Avatar({ person, size = 20, title }: { person: PersonLook; size?: number; title?: string }) {
  const name = personName(person);
  if (person.avatar !== "") {
    return (
      <img
        className={styles.avatar}
        src={person.avatar}
        width={size}
        height={size}
        alt={name}
        title={title ?? name}
        draggable={false}
      />
    );
  }
  return (
    <span
      className={styles.initials}
      style={{
        width: size,
        height: size,
        fontSize: Math.max(7, Math.round(size * 0.42)),
        ["--hue" as string]: person.hue,
      }}
      role="img"
      aria-label={name}
      title={title ?? name}
    >
      {size >= 16 ? initials(person) : [...initials(person)][0]}
    </span>
  );
}

/** Up to `max` faces, then how many more. */
export function AvatarStack({
  people,
  max = 3,
  size = 18,
}: {
  people: readonly PersonLook[];
  max?: number;
  size?: number;
}) {
  if (people.length === 0) return null;
  const more = people.length - max;
  return (
    <span className={styles.stack}>
      {people.slice(0, max).map((person) => (
        <Avatar key={person.id} person={person} size={size} />
      ))}
      {more > 0 && (
        <span className={styles.more} style={{ width: size, height: size }}>
          +{more}
        </span>
      )}
    </span>
  );
}
