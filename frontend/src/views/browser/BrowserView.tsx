import { useState } from "react";
import { projectStore } from "../../stores/project";
import { selectionStore } from "../../stores/selection";
import { lookStore } from "../../stores/theme";
import { uiStore } from "../../stores/ui";
import { viewStore } from "../../stores/view";
import { BoardPane } from "../board/BoardPane";
import { DetailsPane } from "../details/DetailsPane";
import { AwayBanner } from "../shell/AwayBanner";
import { overlayBelowPx } from "../shell/panes";
import shell from "../shell/Shell.module.css";
import { StatusLine } from "../shell/StatusLine";
import { TitleBar } from "../shell/TitleBar";
import { useStore } from "../useStore";
import { useWidth } from "../useWidth";
import styles from "./Browser.module.css";
import { Filters } from "./Filters";
import { List } from "./List";
import { SelectionBar } from "./SelectionBar";
import { ViewTabs } from "./ViewTabs";

/** The Browser: tabs, filters, the list or the board in its place, and the details of what is selected. */
export function BrowserView() {
  const layout = useStore(viewStore, (v) => v.layout);
  const readOnly = useStore(projectStore, (p) => p.project?.readOnly ?? "");
  const [said, setSaid] = useState("");
  const wide = useWidth() >= overlayBelowPx;
  const picked = useStore(selectionStore, (s) => s.keys.size > 0);
  const docked = useStore(lookStore, (l) => l.details) && wide && (layout !== "board" || picked);
  const over = useStore(uiStore, (ui) => ui.overlay) && !wide;
  return (
    <div className={shell.window}>
      <TitleBar title="Browser" />
      {readOnly !== "" && (
        <div className={shell.banner} role="status">
          {readOnly}
        </div>
      )}
      <AwayBanner />
      <div className={shell.body}>
        <main className={`panel ${styles.main}`} data-panel="list">
          <ViewTabs />
          <Filters />
          {layout === "board" ? <BoardPane onSaid={setSaid} /> : <List />}
          <SelectionBar />
        </main>
        {(docked || over) && (
          <aside
            className={`panel ${over ? styles.over : styles.details}`}
            data-panel="details"
            aria-label="Details"
          >
            <DetailsPane />
          </aside>
        )}
      </div>
      <StatusLine said={layout === "board" ? said : ""} />
    </div>
  );
}
