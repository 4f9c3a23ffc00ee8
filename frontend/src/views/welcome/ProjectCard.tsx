import { IconButton } from "../../components/Button";
import { Picture } from "../../components/Picture";
import { StatusBar } from "../../components/StatusBar";
import { ago, count } from "../../lib/format";
import { welcomeStore } from "../../stores/welcome";
import styles from "./Welcome.module.css";

type Known = NonNullable<ReturnType<typeof welcomeStore.get>["known"]>[number];

/** A project that this computer has seen: its newest picture, how its tasks stand, when it was open last. */
export function ProjectCard({ project, now, busy }: { project: Known; now: number; busy: boolean }) {
  const away = project.missing || project.problem !== "";
  const where = project.missing ? "Not there any more" : project.problem;
  const tasks = project.mine > 0 ? `${count(project.mine, "task")} of yours` : count(project.tasks, "task");
  return (
    <li className={styles.project}>
      <button
        type="button"
        className={styles.open}
        disabled={project.missing || busy}
        title={project.path}
        onClick={() => void welcomeStore.open(project.path)}
      >
        <Picture
          src={project.preview}
          alt=""
          icon="clapperboard"
          none=""
          dim={away}
          className={styles.cover}
        />
        <span className={styles.about}>
          <span className={styles.line}>
            <b className="ell grow">{project.name}</b>
            <span className="t3 xs nowrap">{ago(project.seen, now)}</span>
          </span>
          <span className={styles.line}>
            <span className="t3 sm ell grow">{where === "" ? tasks : where}</span>
            {!away && <StatusBar shares={project.bar} width={92} />}
          </span>
          <span className={`mono t3 ell ${styles.path}`}>{project.path}</span>
        </span>
      </button>
      <span className={styles.forget}>
        <IconButton
          icon="x"
          label={`Take ${project.name} off this list`}
          size="sm"
          onClick={() => void welcomeStore.forget(project.path)}
        />
      </span>
    </li>
  );
}
