import "./older-browsers.ts";
import { render } from "preact";
import { ChatConnection } from "../shared/connection/chat-connection.ts";
import { encodeSessionSecret } from "../shared/session-secret.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { Keepsake } from "./room/keepsake.ts";
import { Preferences } from "./room/preferences.ts";
import { roomFromPath } from "./room/room-path.ts";
import { RoomStore } from "./room/room-store.ts";
import { TextStorage } from "./room/text-storage.ts";
import { App } from "./ui/app.tsx";
import { NoSuchRoom } from "./ui/no-such-room.tsx";
import { followViewport } from "./ui/viewport.ts";
import { chooseLanguage, wordsOf } from "./words/languages.ts";

void start();

async function start(): Promise<void> {
  const preferences = new Preferences(new TextStorage(() => localStorage, "palabre:"));
  const words = await wordsOf(chooseLanguage([preferences.language ?? [], navigator.languages].flat()));
  document.documentElement.lang = words.tag;
  document.documentElement.dir = words.direction;
  followViewport();
  const root = document.querySelector("#palabre") ?? document.body;
  const room = roomFromPath(location.pathname);
  if (room === undefined) {
    document.title = `${words.noSuchRoom} · Palabre`;
    render(<NoSuchRoom words={words} />, root);
    return;
  }
  const environment = browserEnvironment();
  const store = new RoomStore({
    room,
    connect: (options, listener) => new ChatConnection({ ...options, url: location.origin }, environment, listener),
    newSecret: () => encodeSessionSecret(crypto.getRandomValues(new Uint8Array(16))),
    clock: environment.clock,
    keepsake: new Keepsake(new TextStorage(() => sessionStorage, "palabre:"), room),
    preferences,
  });
  watchPage(store);
  store.restore();
  render(<App store={store} words={words} />, root);
}

/** What happens to the page as a whole: it is hidden and shown, it goes and may come back, the network does. */
function watchPage(store: RoomStore): void {
  const lookAround = () => {
    store.visible.value = document.visibilityState === "visible";
    store.networked.value = navigator.onLine;
  };
  lookAround();
  addEventListener("pagehide", () => store.sleep());
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) store.wake();
  });
  addEventListener("offline", lookAround);
  addEventListener("online", () => {
    lookAround();
    store.wake();
  });
  document.addEventListener("visibilitychange", () => {
    lookAround();
    if (store.visible.peek()) store.wake();
  });
}
