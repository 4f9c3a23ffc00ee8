import { Button } from "../../components/Button";
import type { IconName } from "../../components/icons";
import { Toast } from "../../components/Toast";
import { keysOf } from "../../lib/commands";
import { remaining, sizeOf } from "../../lib/format";
import { jobsStore } from "../../stores/jobs";
import { projectStore } from "../../stores/project";
import { toastsStore } from "../../stores/toasts";
import { useStore } from "../useStore";
import styles from "./Shell.module.css";

/** What was done, what went wrong, and what is under way: bottom left. */
export function Toasts() {
  const { toasts } = useStore(toastsStore);
  const { jobs, watched } = useStore(jobsStore);
  const running = [...jobs.values()].filter((job) => !job.ended && !watched.has(job.id));
  return (
    <div className={styles.toasts}>
      {running.map((job) => (
        <Toast
          key={job.id}
          busy
          text={job.title}
          detail={[
            job.total > 0 ? sizeOf(job.done, job.total) : "",
            job.remainingMs > 0 ? remaining(job.remainingMs) : "",
          ]
            .filter(Boolean)
            .join(", ")}
          part={job.total > 0 ? job.done / job.total : undefined}
          actions={
            <Button size="sm" variant="ghost" onClick={() => void jobsStore.cancel(job.id)}>
              Stop
            </Button>
          }
        />
      ))}
      {toasts.map((toast) => (
        <Toast
          key={toast.id}
          icon={toast.icon as IconName}
          tone={toast.tone}
          text={toast.text}
          detail={toast.detail}
          onHold={(held) => toastsStore.hold(toast.id, held)}
          onDismiss={() => toastsStore.dismiss(toast.id)}
          actions={
            toast.undo ? (
              <Button
                size="sm"
                variant="ghost"
                keys={keysOf("undo")}
                onClick={() => void projectStore.undo()}
              >
                Undo
              </Button>
            ) : toast.action ? (
              <Button
                size="sm"
                variant="ghost"
                onClick={() => {
                  toastsStore.dismiss(toast.id);
                  toast.action?.run();
                }}
              >
                {toast.action.title}
              </Button>
            ) : undefined
          }
        />
      ))}
    </div>
  );
}
