import { type ReactNode, useEffect, useState } from "react";
import { Avatar } from "../../components/Avatar";
import { Button, IconButton } from "../../components/Button";
import { TextField } from "../../components/Field";
import { Icon } from "../../components/Icon";
import type { IconName } from "../../components/icons";
import { KeyHint } from "../../components/KeyHint";
import { Logo } from "../../components/Logo";
import { Menu } from "../../components/Menu";
import { command, keysOf, offers } from "../../lib/commands";
import { cx } from "../../lib/cx";
import { count } from "../../lib/format";
import { collectionsStore, trailTo } from "../../stores/collections";
import { projectStore } from "../../stores/project";
import { syncStore } from "../../stores/sync";
import { viewStore } from "../../stores/view";
import { useStore } from "../useStore";
import { useCommandContext } from "./context";
import { backToList, run } from "./run";
import styles from "./Shell.module.css";

/** The top of a window: where we are, search, commands, who I am. */
export function TitleBar({ title, children }: { title: string; children?: ReactNode }) {
  const project = useStore(projectStore, (p) => p.project);
  const me = project?.me;
  return (
    <header className={styles.titlebar}>
      <Logo size={18} />
      <Trail title={title} />
      <span className="grow" />
      <Search />
      <InboxEntry />
      <ParkedEntry />
      {children}
      <Button variant="ghost" icon="terminal" keys={keysOf("palette")} onClick={() => run("palette")}>
        Commands
      </Button>
      <ProjectMenu />
      {me && (
        <button
          type="button"
          className={styles.me}
          title={`${me.name}, ${me.role}`}
          onClick={() => run("profile")}
        >
          <Avatar person={me} size={24} />
          <span className="ell">{me.name}</span>
        </button>
      )}
    </header>
  );
}

function Trail({ title }: { title: string }) {
  const project = useStore(projectStore, (p) => p.project);
  const collection = useStore(viewStore, (v) => v.collection);
  const seen = useStore(collectionsStore, (c) => c.seen);
  const here = useStore(viewStore, (v) => v.screen === "browser");
  const trail = here ? trailTo(collection, seen) : [];
  return (
    <nav className={styles.trail} aria-label="Where this is">
      <IconButton icon="arrow-left" label="Back" size="sm" onClick={() => run("back")} />
      <IconButton icon="arrow-right" label="Forward" size="sm" onClick={() => run("forward")} />
      <button type="button" className={styles.crumb} onClick={() => viewStore.collection("")}>
        {project?.name}
      </button>
      {trail.map((crumb) => (
        <span key={crumb.id} className="hstack">
          <span className="t3">/</span>
          <button type="button" className={styles.crumb} onClick={() => viewStore.collection(crumb.id)}>
            {crumb.name}
          </button>
        </span>
      ))}
      {trail.length === 0 && (
        <>
          <span className="t3">/</span>
          <b className={styles.here}>{title}</b>
        </>
      )}
    </nav>
  );
}

/** The way to a screen where something may wait: there when something is, or when it is shown. */
function Entry(props: {
  screen: "parked" | "inbox";
  icon: IconName;
  title: string;
  there: number;
  waiting: number;
  label: string;
}) {
  const alone = useStore(projectStore, (p) => p.boardWindow);
  const here = useStore(viewStore, (v) => v.screen === props.screen);
  if (alone || (props.there === 0 && !here)) return null;
  return (
    <button
      type="button"
      className={cx(styles.entry, props.waiting > 0 && styles.attn)}
      aria-current={here ? "page" : undefined}
      aria-label={props.label}
      title={`${command(props.screen).title} (${keysOf(props.screen) ?? ""})`}
      data-testid={`${props.screen}-entry`}
      onClick={() => run(props.screen)}
    >
      <Icon name={props.icon} size={15} />
      <span>{props.title}</span>
      {props.waiting > 0 && <b>{props.waiting}</b>}
    </button>
  );
}

function ParkedEntry() {
  const counts = useStore(projectStore, (p) => p.counts);
  const open = counts?.parkedOpen ?? 0;
  return (
    <Entry
      screen="parked"
      icon="circle-parking"
      title="Parked"
      there={counts?.parked ?? 0}
      waiting={open}
      label={open > 0 ? `Parked, ${open} to decide` : "Parked"}
    />
  );
}

function InboxEntry() {
  const need = useStore(syncStore, (s) => s.sync?.need ?? 0);
  return (
    <Entry
      screen="inbox"
      icon="inbox"
      title="Inbox"
      there={need}
      waiting={need}
      label={need > 0 ? `Inbox, ${need} to see` : "Inbox"}
    />
  );
}

const typingMs = 120; // a pause in typing: each question goes to Go

function Search() {
  const query = useStore(viewStore, (v) => v.query);
  const counts = useStore(projectStore, (p) => p.counts);
  const [text, setText] = useState(query);
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    if (text === query) return undefined;
    const timer = setTimeout(() => viewStore.query(text), typingMs);
    return () => clearTimeout(timer);
  }, [text, query]);
  return (
    <TextField
      bare
      label="Search"
      icon="search"
      className={styles.search ?? ""}
      placeholder={`Search ${count(counts?.default ?? 0, "asset")}`}
      title={'Words of the path, or status:wfa assignee:ben type:rig tag:hero is:unassigned due:<2w "cliff"'}
      value={text}
      onText={setText}
      trailing={<KeyHint keys={keysOf("search") ?? ""} />}
      data-search=""
      onKeyDown={(e) => {
        if (e.key === "Escape") {
          e.preventDefault();
          if (text === "") backToList();
          viewStore.query("");
          setText("");
        } else if (e.key === "Enter" || e.key === "ArrowDown") {
          e.preventDefault();
          viewStore.query(text);
          backToList();
        }
      }}
    />
  );
}

function ProjectMenu() {
  const [anchor, setAnchor] = useState<Element>();
  const context = useCommandContext();
  const items = (["project", "view"] as const).flatMap((menu, i) => [
    ...(i > 0 ? [{ id: `line-${menu}`, separator: true } as const] : []),
    ...offers(menu, context).map(({ command, why }) => ({
      id: command.id,
      title:
        command.id === "undo" && context.undo !== ""
          ? context.undo
          : command.id === "redo" && context.redo !== ""
            ? context.redo
            : command.title,
      icon: command.icon as IconName,
      keys: command.keys[0],
      disabled: why !== "",
      note: why === "" ? undefined : why,
      onSelect: () => run(command.id as Parameters<typeof run>[0]),
    })),
  ]);
  return (
    <>
      <IconButton
        icon="ellipsis"
        label="Project and view"
        aria-haspopup="menu"
        onClick={(e) => setAnchor(e.currentTarget)}
      />
      {anchor && (
        <Menu
          anchor={anchor}
          items={items}
          label="Project and view"
          align="end"
          onClose={() => setAnchor(undefined)}
        />
      )}
    </>
  );
}
