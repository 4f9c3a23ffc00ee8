// Wakes the stores: called once by the first view.
import "./details";
import { beginEvents } from "./events";
import { jobsStore } from "./jobs";
import { projectStore } from "./project";
import "./theme";
import { toastsStore } from "./toasts";

let begun = false;

/** Begins to listen and asks Go what is open; later calls do nothing. */
export function begin(): void {
  if (begun) return;
  begun = true;
  beginEvents();
  void projectStore.begin();
  void jobsStore.begin().catch((error) => toastsStore.error(error));
}
