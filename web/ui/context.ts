import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Preferences } from "../room/preferences.ts";
import type { RoomStore } from "../room/room-store.ts";
import type { Words } from "../words/words.ts";

export type App = { readonly store: RoomStore; readonly preferences: Preferences; readonly words: Words };

export const AppContext = createContext<App | undefined>(undefined);

/** The room, what the person chose, and the words to speak of it. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("a component stands outside of the app");
  return app;
}
