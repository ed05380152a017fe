import type { RoomName } from "../../shared/room-name.ts";
import { pathOf } from "../room/room-path.ts";

/** What became of an invitation. `by-hand`: the page may not copy, so the person has to. `none`: they thought better of it. */
export type Invited = "shared" | "copied" | "by-hand" | "none";

/** The link to a room. Whoever opens it is in. */
export function linkTo(room: RoomName): string {
  return new URL(pathOf(room), location.origin).href;
}

/** Hands the link over: to another app where a finger does the pointing, else to the clipboard. To be called while they press something. */
export async function invite(room: RoomName, title: string): Promise<Invited> {
  const url = linkTo(room);
  if ("share" in navigator && matchMedia("(pointer: coarse)").matches) {
    try {
      await navigator.share({ title, url });
      return "shared";
    } catch (fault) {
      if (fault instanceof DOMException && fault.name === "AbortError") return "none";
    }
  }
  try {
    // Missing where the page came without TLS.
    await navigator.clipboard.writeText(url);
    return "copied";
  } catch {
    return "by-hand";
  }
}
