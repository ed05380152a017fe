import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { RoomStore } from "../room/room-store.ts";
import type { Words } from "../words/words.ts";

export type App = { readonly store: RoomStore; readonly words: Words };

export const AppContext = createContext<App | undefined>(undefined);

/** The room, and the words to speak of it. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("a component stands outside of the app");
  return app;
}
