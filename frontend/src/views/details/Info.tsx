import { useState } from "react";
import { Button } from "../../components/Button";
import { TextArea } from "../../components/Field";
import { exact, size } from "../../lib/format";
import { personName } from "../../lib/look";
import { acts } from "../../stores/acts";
import { projectStore } from "../../stores/project";
import { useStore } from "../useStore";
import styles from "./Details.module.css";
import type { DetailsData } from "./DetailsPane";

/** Where it is, how big, since when, and what is said about it. */
export function Info({ details }: { details: DetailsData }) {
  const { members } = useStore(projectStore);
  const [text, setText] = useState(details.description);
  const maker = members.get(details.madeBy);
  const facts: readonly (readonly [string, string])[] = [
    ["Path", details.row.path],
    ["Made", `${exact(details.made)}${maker ? `, ${personName(maker)}` : ""}`],
    [
      "On disk",
      details.fileBytes > 0
        ? `${size(details.fileBytes)}, ${exact(details.fileChanged)}`
        : "Not on this disk",
    ],
    ["Comes from", details.base || "—"],
    ["Newest", details.row.head || "—"],
  ];
  return (
    <section aria-label="Info" className={styles.block}>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd className="selectable" style={{ overflowWrap: "anywhere" }}>
              {value}
            </dd>
          </div>
        ))}
      </dl>
      <TextArea
        label="Description"
        rows={3}
        value={text}
        onText={setText}
        readOnly={!details.row.can.includes("set")}
      />
      {text !== details.description && (
        <Button size="sm" variant="primary" onClick={() => void acts.setDescription([details.row.id], text)}>
          Save description
        </Button>
      )}
    </section>
  );
}
