import { effect, type ReadonlySignal } from "@preact/signals";
import { actionIn, speechIn } from "../room/command.ts";
import type { Preferences } from "../room/preferences.ts";
import { pathOf } from "../room/room-path.ts";
import type { Call } from "../room/room-picture.ts";
import type { RoomStore } from "../room/room-store.ts";
import type { Words } from "../words/words.ts";
import { chime } from "./chime.ts";

/** Tells a person who is called while the page is not in front: by a notification, by a sound, as they chose. */
export function notifyOfCalls(store: RoomStore, preferences: Preferences, words: ReadonlySignal<Words>): void {
  effect(() => {
    const call = store.call.value;
    if (!call || isInFront()) return;
    if (preferences.sound.chosen.peek() === "on") chime();
    if (preferences.notify.chosen.peek() === "on") void show(call, store.room, words.peek());
  });
}

function isInFront(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

async function show({ nick, message }: Call, room: RoomStore["room"], words: Words): Promise<void> {
  if (!mayNotify()) return;
  const title = words.calledBy(nick, room);
  const action = actionIn(message);
  // One for each room: the next takes the place of the last.
  const options = {
    body: action === undefined ? speechIn(message) : `${nick} ${action}`,
    tag: `palabre:${room}`,
    icon: "/icons/app-192.png",
    lang: words.tag,
    dir: "auto",
    data: pathOf(room),
  } as const;
  try {
    const notification = new Notification(title, options);
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // On Android only a service worker may.
    await (await navigator.serviceWorker?.getRegistration())?.showNotification(title, options);
  }
}

function mayNotify(): boolean {
  return "Notification" in window && Notification.permission === "granted";
}

/** Asks the browser, which asks the person where they were not asked yet. To be called while they press something. */
export async function askToNotify(): Promise<boolean> {
  if (!("Notification" in window)) return false;
  return (await Notification.requestPermission().catch(() => "denied")) === "granted";
}
