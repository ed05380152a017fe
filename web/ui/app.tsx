import { useSignalEffect } from "@preact/signals";
import { AppContext, type App as AppParts } from "./context.ts";
import { JoinScreen } from "./join-screen.tsx";
import { QueueScreen } from "./queue-screen.tsx";
import { RoomScreen } from "./room-screen.tsx";
import { ShutScreen } from "./shut-screen.tsx";

export function App({ store, words }: AppParts) {
  useSignalEffect(() => {
    document.title = `${store.room} · Palabre`;
  });
  return (
    <AppContext.Provider value={{ store, words }}>
      <CurrentScreen store={store} words={words} />
    </AppContext.Provider>
  );
}

function CurrentScreen({ store }: AppParts) {
  const screen = store.screen.value;
  switch (screen.kind) {
    case "join":
      return <JoinScreen entering={false} refused={screen.refused} />;
    case "entering":
      return <JoinScreen entering={true} refused={undefined} />;
    case "queue":
      return <QueueScreen why={screen.why} />;
    case "room":
      return <RoomScreen ended={screen.ended} />;
    case "shut":
      return <ShutScreen why={screen.why} />;
    default:
      return screen satisfies never;
  }
}
