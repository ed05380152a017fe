import { effect } from "@preact/signals";
import type { RoomStore } from "../room/room-store.ts";

/** What happens to the page as a whole: it is hidden and shown, it goes and may come back, the network does. */
export function followPage(store: RoomStore): void {
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
  effect(() => {
    // What is unsent goes with the tab. Only while there is some: a page that asks may be kept from coming back as it was.
    if (store.unsent.value === 0) return undefined;
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  });
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
  // What browsers of before 2024 go by.
  event.returnValue = true;
}
