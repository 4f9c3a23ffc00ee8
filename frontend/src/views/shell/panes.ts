import { lookStore } from "../../stores/theme";
import { uiStore } from "../../stores/ui";

/** Below this the details pane lies over the list, on demand. */
export const overlayBelowPx = 1101;

export const detailsOverlay = (): boolean => window.innerWidth < overlayBelowPx;

/** Shows or hides the details pane, docked or laid over. */
export function toggleDetails(): void {
  if (detailsOverlay()) uiStore.overlay(!uiStore.get().overlay);
  else lookStore.set({ details: !lookStore.get().details });
}
