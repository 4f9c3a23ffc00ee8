import { useState } from "react";
import { Button } from "../../components/Button";
import { Chip, CountChip } from "../../components/Chip";
import { Combobox } from "../../components/Combobox";
import { Icon } from "../../components/Icon";
import type { IconName } from "../../components/icons";
import { Popover } from "../../components/Popover";
import { count, number } from "../../lib/format";
import type { FilterName } from "../../lib/view";
import { isNarrowed } from "../../lib/view";
import { boardStore } from "../../stores/board";
import { listStore } from "../../stores/list";
import { projectStore } from "../../stores/project";
import { viewStore } from "../../stores/view";
import { useStore } from "../useStore";
import styles from "./Browser.module.css";

type Choice = { readonly value: string; readonly label: string };

const icons: Readonly<Record<FilterName, { icon: IconName; label: string }>> = {
  statuses: { icon: "circle-dot", label: "Status" },
  types: { icon: "shapes", label: "Type" },
  tags: { icon: "tag", label: "Tag" },
  assignees: { icon: "user-round", label: "Assignee" },
  states: { icon: "hard-drive", label: "State" },
};
const states: readonly Choice[] = [
  { value: "modified", label: "Modified" },
  { value: "outdated", label: "Outdated" },
  { value: "diverged", label: "Diverged" },
  { value: "missing", label: "Not on disk" },
  { value: "planned", label: "Planned" },
  { value: "untracked", label: "Untracked" },
  { value: "unusable", label: "Bad name" },
  { value: "unshared", label: "No longer shared" },
];

/** The values that a filter can have, in this project. */
function useChoices(name: FilterName): readonly Choice[] {
  const project = useStore(projectStore, (p) => p.project);
  if (!project) return [];
  switch (name) {
    case "statuses":
      return project.statuses.map((s) => ({ value: s.id, label: s.name }));
    case "types":
      return project.types.map((t) => ({ value: t.id, label: t.name }));
    case "tags":
      return project.tags.map((t) => ({ value: t.tag, label: t.tag }));
    case "assignees":
      return [
        { value: "none", label: "Unassigned" },
        ...project.members
          .filter((m) => !m.gone)
          .map((m) => ({ value: m.id, label: m.me ? `${m.name} (you)` : m.name })),
      ];
    case "states":
      return states;
  }
}

/** Chips that narrow what is shown, and how much of it there is. */
export function Filters({ board = false }: { board?: boolean }) {
  const narrowed = useStore(viewStore, isNarrowed);
  const layout = useStore(viewStore, (v) => v.layout);
  const nobody = useStore(viewStore, (v) => v.filters.assignees.includes("none"));
  const list = useStore(listStore);
  const cards = useStore(boardStore, (b) => b.total);
  const counts = useStore(projectStore, (p) => p.counts);
  const onBoard = board || layout === "board";
  const names: readonly FilterName[] = onBoard
    ? ["assignees", "types", "tags", "statuses"]
    : ["statuses", "types", "tags", "assignees", "states"];
  return (
    <div className={styles.chips} role="group" aria-label="Filters">
      {names.map((name) => (
        <FilterChip key={name} name={name} />
      ))}
      <CountChip
        icon="user-round-plus"
        label="Unassigned"
        count={counts?.unassigned ?? 0}
        on={nobody}
        onClick={() => viewStore.toggle("assignees", "none")}
      />
      {narrowed && (
        <Button variant="ghost" size="sm" onClick={viewStore.clear}>
          Clear filters
        </Button>
      )}
      <span className="grow" />
      <span className="t3 sm" data-testid="shown">
        {onBoard
          ? count(cards, "task")
          : list.assets === list.all || list.assets === 0
            ? count(list.total, "row")
            : `${number(list.assets)} of ${number(list.all)}`}
      </span>
    </div>
  );
}

function FilterChip({ name }: { name: FilterName }) {
  const values = useStore(viewStore, (v) => v.filters[name]);
  const choices = useChoices(name);
  const [anchor, setAnchor] = useState<Element>();
  const { icon, label } = icons[name];
  const value = choices
    .filter((c) => values.includes(c.value))
    .map((c) => c.label)
    .join(", ");
  return (
    <span>
      <Chip
        icon={icon}
        label={label}
        value={value}
        open={anchor !== undefined}
        onClick={() => setAnchor(document.querySelector(`[data-chip=${name}]`) ?? document.body)}
        onClear={() => viewStore.filter(name, [])}
      />
      <i data-chip={name} />
      {anchor && (
        <Popover
          anchor={anchor}
          label={`Filter by ${label.toLowerCase()}`}
          width={240}
          onClose={() => setAnchor(undefined)}
        >
          <Choices name={name} choices={choices} values={values} label={label} />
        </Popover>
      )}
    </span>
  );
}

function Choices(props: {
  name: FilterName;
  choices: readonly Choice[];
  values: readonly string[];
  label: string;
}) {
  const [text, setText] = useState("");
  const found = props.choices.filter((c) => c.label.toLowerCase().includes(text.toLowerCase()));
  return (
    <Combobox<Choice>
      label={props.label}
      text={text}
      onText={setText}
      items={found}
      keyOf={(c) => c.value}
      compact
      placeholder={`${props.label}…`}
      isSelected={(c) => props.values.includes(c.value)}
      onPick={(c) => viewStore.toggle(props.name, c.value)}
      empty="Nothing fits"
      render={(c) => (
        <span className="hstack">
          <Icon name={props.values.includes(c.value) ? "check" : "plus"} size={12} />
          {c.label}
        </span>
      )}
    />
  );
}
