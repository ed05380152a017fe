import "./older-browsers.ts";
import { render } from "preact";
import { ChatConnection } from "../shared/connection/chat-connection.ts";
import { WarmSocket } from "../shared/connection/warm-socket.ts";
import { encodeSessionSecret } from "../shared/session-secret.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { keepFocus } from "./page/focus-keeper.ts";
import { notifyOfCalls } from "./page/notifier.ts";
import { openOffline } from "./page/offline.ts";
import { followPage } from "./page/page-events.ts";
import { followCalls } from "./page/page-title.ts";
import { spokenLanguage } from "./page/spoken-language.ts";
import { followTheme } from "./page/theme.ts";
import { followViewport } from "./page/viewport.ts";
import { Keepsake } from "./room/keepsake.ts";
import { Preferences } from "./room/preferences.ts";
import { roomFromPath } from "./room/room-path.ts";
import { RoomStore } from "./room/room-store.ts";
import { TextStorage } from "./room/text-storage.ts";
import { App } from "./ui/app.tsx";
import { NoSuchRoom } from "./ui/no-such-room.tsx";

void start();

async function start(): Promise<void> {
  const preferences = new Preferences(new TextStorage(() => localStorage, "palabre:"));
  addEventListener("storage", () => preferences.look());
  followTheme(preferences);
  followViewport();
  const words = await spokenLanguage(preferences);
  const root = document.querySelector("#palabre") ?? document.body;
  keepFocus(root);
  const room = roomFromPath(location.pathname);
  if (room === undefined) {
    document.title = `${words.peek().noSuchRoom} · Palabre`;
    render(<NoSuchRoom words={words.peek()} />, root);
    return;
  }
  const warmSocket = new WarmSocket(browserEnvironment(), location.origin);
  const { environment } = warmSocket;
  const store = new RoomStore({
    room,
    connect: (options, listener) => new ChatConnection({ ...options, url: location.origin }, environment, listener),
    warmSocket,
    newSecret: () => encodeSessionSecret(crypto.getRandomValues(new Uint8Array(16))),
    clock: environment.clock,
    keepsake: new Keepsake(new TextStorage(() => sessionStorage, "palabre:"), room),
    preferences,
  });
  followPage(store);
  followCalls(store);
  notifyOfCalls(store, preferences, words);
  store.restore();
  render(<App store={store} preferences={preferences} words={words} />, root);
  openOffline();
}
