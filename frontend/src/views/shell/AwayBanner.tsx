import { Button, IconButton } from "../../components/Button";
import { Icon } from "../../components/Icon";
import { awayText } from "../../lib/away";
import { awayStore } from "../../stores/away";
import { viewStore } from "../../stores/view";
import { useStore } from "../useStore";
import styles from "./Shell.module.css";

/** What happened while this person was away: one sentence, and the way to the rest. */
export function AwayBanner() {
  const text = useStore(awayStore, (away) => awayText(away.happened));
  if (text === "") return null;
  const show = () => {
    awayStore.read();
    viewStore.screen("inbox");
  };
  return (
    <div className={styles.away} role="status" data-testid="away">
      <Icon name="inbox" size={15} />
      <span className="grow ell" title={text}>
        {text}
      </span>
      <Button size="sm" onClick={show}>
        Show
      </Button>
      <IconButton icon="x" label="Seen" size="sm" onClick={() => awayStore.read()} />
    </div>
  );
}
