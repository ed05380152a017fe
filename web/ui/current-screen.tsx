import { useApp } from "./context.ts";
import { JoinScreen } from "./join-screen.tsx";
import { QueueScreen } from "./queue-screen.tsx";
import { RoomScreen } from "./room-screen.tsx";
import { ShutScreen } from "./shut-screen.tsx";

/** What the person has in front of them. */
export function CurrentScreen() {
  const { store } = useApp();
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
