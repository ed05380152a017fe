import type { Announcement } from "../room/announcements.ts";
import { actionIn, speechIn } from "../room/command.ts";
import type { Words } from "../words/words.ts";
import { useApp } from "./context.ts";

/** Reads aloud, to those who have the page read to them, what others see come. It is there from the beginning: a live region that comes with its text is not read. */
export function Announcer() {
  const { store, words } = useApp();
  return (
    <div class="unseen" aria-live="polite">
      {store.announcements.value.map((announcement) => (
        <p key={announcement.id} dir="auto">
          {say(announcement, words)}
        </p>
      ))}
    </div>
  );
}

function say(announcement: Announcement, words: Words): string {
  switch (announcement.kind) {
    case "message": {
      const { nick, message } = announcement;
      const action = actionIn(message);
      return action === undefined ? words.said(nick, speechIn(message)) : `${nick} ${action}`;
    }
    case "notice":
      return `${words.operator} ${announcement.text}`;
    case "count":
      return words.newMessages(announcement.count);
    case "refused":
      return `${words.notSent} ${words.because[announcement.code]}`;
    default:
      return announcement satisfies never;
  }
}
