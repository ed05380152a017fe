import type { ReadonlySignal } from "@preact/signals";
import type { Preferences } from "../room/preferences.ts";
import type { RoomStore } from "../room/room-store.ts";
import type { Words } from "../words/words.ts";
import { Announcer } from "./announcer.tsx";
import { AppContext } from "./context.ts";
import { CurrentScreen } from "./current-screen.tsx";

type Props = { store: RoomStore; preferences: Preferences; words: ReadonlySignal<Words> };

export function App({ store, preferences, words }: Props) {
  return (
    <AppContext.Provider value={{ store, preferences, words: words.value }}>
      <CurrentScreen />
      <Announcer />
    </AppContext.Provider>
  );
}
