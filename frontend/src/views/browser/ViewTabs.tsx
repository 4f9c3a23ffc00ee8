import { useState } from "react";
import { Button, IconButton } from "../../components/Button";
import type { IconName } from "../../components/icons";
import { Menu } from "../../components/Menu";
import { Segmented } from "../../components/Segmented";
import { Tabs } from "../../components/Tabs";
import { keysOf, offers } from "../../lib/commands";
import type { Layout, ViewName } from "../../lib/view";
import { projectStore } from "../../stores/project";
import { viewStore } from "../../stores/view";
import { useCommandContext } from "../shell/context";
import { run } from "../shell/run";
import { useStore } from "../useStore";
import styles from "./Browser.module.css";

/** The views as tabs, list or board, and what can be made. */
export function ViewTabs({ board = false }: { board?: boolean }) {
  const view = useStore(viewStore, (v) => v.view);
  const layout = useStore(viewStore, (v) => v.layout);
  const counts = useStore(projectStore, (p) => p.counts);
  const context = useCommandContext();
  const [anchor, setAnchor] = useState<Element>();
  return (
    <div className={styles.bar}>
      <Tabs<ViewName>
        label="Views"
        value={view}
        onChange={viewStore.view}
        tabs={[
          { value: "default", label: "Default" },
          { value: "my", label: "My Tasks", count: counts?.my },
          { value: "assigned", label: "Assigned tasks", count: counts?.assigned },
          { value: "unassigned", label: "Unassigned", count: counts?.unassigned },
        ]}
      />
      <span className="grow" />
      {!board && (
        <>
          <Segmented<Layout>
            label="Show as"
            iconsOnly
            value={layout}
            onChange={viewStore.layout}
            options={[
              { value: "list", label: "List", icon: "list-tree" },
              { value: "board", label: "Board", icon: "square-kanban" },
            ]}
          />
          <IconButton
            icon="external-link"
            label="Open the Kanban window"
            keys={keysOf("kanban")}
            onClick={() => run("kanban")}
          />
        </>
      )}
      <Button variant="primary" icon="plus" aria-haspopup="menu" onClick={(e) => setAnchor(e.currentTarget)}>
        New
      </Button>
      {!board && (
        <IconButton
          icon="panel-right"
          label="Details"
          keys={keysOf("details")}
          onClick={() => run("details")}
        />
      )}
      {anchor && (
        <Menu
          anchor={anchor}
          label="New"
          align="end"
          onClose={() => setAnchor(undefined)}
          items={offers("new", context).map(({ command, why }) => ({
            id: command.id,
            title: command.title,
            icon: command.icon as IconName,
            keys: command.keys[0],
            disabled: why !== "",
            note: why === "" ? undefined : why,
            onSelect: () => run(command.id as Parameters<typeof run>[0]),
          }))}
        />
      )}
    </div>
  );
}
