import { useState } from "react";
import styles from "../browser/Browser.module.css";
import { Filters } from "../browser/Filters";
import { SelectionBar } from "../browser/SelectionBar";
import { ViewTabs } from "../browser/ViewTabs";
import shell from "../shell/Shell.module.css";
import { StatusLine } from "../shell/StatusLine";
import { TitleBar } from "../shell/TitleBar";
import { BoardPane } from "./BoardPane";

/** The Kanban window: the board alone, on the same data as every other window. */
export function KanbanWindow() {
  const [said, setSaid] = useState("");
  return (
    <div className={shell.window}>
      <TitleBar title="Board" />
      <div className={shell.body}>
        <main className={`panel ${styles.main}`} data-panel="list">
          <ViewTabs board />
          <Filters board />
          <BoardPane onSaid={setSaid} />
          <SelectionBar />
        </main>
      </div>
      <StatusLine said={said} />
    </div>
  );
}
