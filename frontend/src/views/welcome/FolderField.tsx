import { Button } from "../../components/Button";
import { TextField } from "../../components/Field";
import { projectStore } from "../../stores/project";
import { welcomeStore } from "../../stores/welcome";
import { useStore } from "../useStore";

/** A folder of this computer: typed, or chosen where the shell can ask for one. */
export function FolderField({ value, onText }: { value: string; onText: (folder: string) => void }) {
  const home = useStore(projectStore, (p) => p.start?.home ?? "");
  const separator = useStore(projectStore, (p) => p.start?.separator ?? "/");
  const typed = useStore(welcomeStore, (w) => w.typed);
  const choose = () =>
    void welcomeStore.choose("Choose a folder").then((chosen) => {
      if (chosen !== "") onText(chosen);
    });
  return (
    <TextField
      label="Folder"
      value={value}
      onText={onText}
      placeholder={`${home}${separator}film`}
      data-autofocus=""
      trailing={
        typed ? undefined : (
          <Button size="sm" onClick={choose}>
            Choose…
          </Button>
        )
      }
    />
  );
}
