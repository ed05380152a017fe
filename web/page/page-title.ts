import { effect } from "@preact/signals";
import type { RoomStore } from "../room/room-store.ts";

const MAX_BADGE = 9;

/** Says in the window's title, on its icon and on the installed app's how often the person is called; that there is anything new, in the title. */
export function followCalls(store: RoomStore): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"][type="image/svg+xml"]');
  const plain = icon?.href;
  effect(() => {
    const calls = store.calls.value;
    document.title = titleOf(store.room, calls, store.unread.value);
    if (icon && plain !== undefined) icon.href = calls > 0 ? `/icons/called-${calls > MAX_BADGE ? "more" : calls}.svg` : plain;
    // Where the app is not installed, or cannot do it, nothing is lost.
    if (calls > 0) navigator.setAppBadge?.(calls).catch(() => {});
    else navigator.clearAppBadge?.().catch(() => {});
  });
}

/** In digits that every tab can show: a title has no language of its own. */
function titleOf(room: string, calls: number, unread: number): string {
  const news = calls > 0 ? `(${calls}) ` : unread > 0 ? "• " : "";
  return `${news}${room} · Palabre`;
}
