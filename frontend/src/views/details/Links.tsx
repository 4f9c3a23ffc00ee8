import { FileName, FileState, TypeIcon } from "../../components/Asset";
import { Button, IconButton } from "../../components/Button";
import { Pill } from "../../components/Pill";
import { acts } from "../../stores/acts";
import { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { uiStore } from "../../stores/ui";
import { useStore } from "../useStore";
import styles from "./Details.module.css";
import type { DetailsData } from "./DetailsPane";

/** What it needs, and what needs it. */
export function Links({ details }: { details: DetailsData }) {
  const may = details.row.can.includes("depend");
  return (
    <section aria-label="Links" className={styles.links}>
      <Group title="Needs" none="It needs nothing." links={details.needs} of={may ? details.row.id : ""} />
      {may && (
        <span>
          <Button
            size="sm"
            variant="ghost"
            icon="plus"
            onClick={() => uiStore.dialog({ kind: "depend", id: details.row.id })}
          >
            Add what it needs
          </Button>
        </span>
      )}
      <Group title="Needed by" none="Nothing needs it." links={details.neededBy} of="" />
    </section>
  );
}

function Group({
  title,
  none,
  links,
  of,
}: {
  title: string;
  none: string;
  links: DetailsData["needs"];
  of: string;
}) {
  const { statuses, types } = useStore(projectStore);
  return (
    <div>
      <h3 className="t3 sm">{title}</h3>
      {links.length === 0 && <p className="t3">{none}</p>}
      <ul>
        {links.map(({ row }) => {
          const status = statuses.get(row.status);
          return (
            <li key={row.id} className="hstack">
              <button type="button" className={styles.link} onClick={() => void selectionStore.show(row.id)}>
                <TypeIcon kind={row.kind} type={types.get(row.type)} name={row.name} size={14} />
                <FileName name={row.name} className="grow" />
                <FileState state={row.state} foreign={row.notYours} />
                {status && <Pill status={status} bare />}
              </button>
              {of !== "" && (
                <IconButton
                  icon="unlink"
                  label={`Does not need ${row.name}`}
                  size="sm"
                  onClick={() => void acts.depend(of, [row.id], true)}
                />
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
