// What is open above the page: one popover, one dialog. Anybody opens them; App draws them.
import type { Anchor } from "../lib/place";
import { createStore } from "../lib/store";
import type { app } from "../wailsjs/go/models";

export type PickerKind = "assign" | "status" | "tag" | "due" | "type" | "priority" | "move";
export type Popup =
  | { readonly kind: PickerKind; readonly ids: readonly string[]; readonly anchor: Anchor }
  | { readonly kind: "menu"; readonly anchor: Anchor };
export type DialogState =
  | { readonly kind: "new"; readonly collection: boolean; readonly parent: string }
  | { readonly kind: "add"; readonly paths: readonly string[] }
  | { readonly kind: "member" }
  | { readonly kind: "profile" }
  | { readonly kind: "signIn" }
  | { readonly kind: "road" }
  /** What tasks need, before it is fetched. */
  | { readonly kind: "needs" }
  /** Giving tasks that somebody is at work on. */
  | {
      readonly kind: "give";
      readonly ids: readonly string[];
      readonly to: string;
      readonly convert: boolean;
      readonly risks: readonly app.RiskView[];
    }
  | { readonly kind: "notYet"; readonly id: string }
  | { readonly kind: "purge"; readonly id: string }
  | { readonly kind: "palette" }
  | { readonly kind: "keys" }
  | { readonly kind: "trash"; readonly ids: readonly string[] }
  | { readonly kind: "depend"; readonly id: string }
  | { readonly kind: "preview" }
  /** A move that asks for notes: `before` and `after` are its place in the column, "" = none was chosen. */
  | {
      readonly kind: "notes";
      readonly ids: readonly string[];
      readonly status: string;
      readonly before: string;
      readonly after: string;
    };

export type UIState = {
  readonly popup: Popup | undefined;
  readonly dialog: DialogState | undefined;
  /** The key of the row whose name is being typed; "" = none. */
  readonly renaming: string;
  /** The details pane is over the list, where it has no place beside it. */
  readonly overlay: boolean;
};

const store = createStore<UIState>({ popup: undefined, dialog: undefined, renaming: "", overlay: false });

export const uiStore = {
  ...store,
  /** Opens a popover; the one that hangs on this anchor already is closed. */
  open(popup: Popup): void {
    const now = store.get().popup;
    const again = now?.kind === popup.kind && now.anchor === popup.anchor;
    store.set({ popup: again ? undefined : popup });
  },
  closePopup: () => store.set({ popup: undefined }),
  dialog: (dialog: DialogState) => store.set({ dialog, popup: undefined }),
  closeDialog: () => store.set({ dialog: undefined }),
  rename: (renaming: string) => store.set({ renaming }),
  overlay: (overlay: boolean) => store.set({ overlay }),
};
