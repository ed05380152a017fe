import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import { nicknameKey } from "../../shared/nickname.ts";
import { hasPiledMarks } from "../room/piled-marks.ts";
import { GROUP_MS, type TimelineItem } from "../room/timeline.ts";
import { useApp } from "./context.ts";
import { AlertIcon, ClockIcon } from "./icons.tsx";
import { MessageText } from "./message-text.tsx";

/** What one said and the room's log does not show yet, after the last item that it does. */
export function OutboxView({ last }: { last: TimelineItem | undefined }) {
  const { store, words } = useApp();
  const [first] = store.outbox.value;
  if (!first) return null;
  const nick = store.nick.value;
  const goesOn = last?.kind === "messages" && nicknameKey(last.nick) === nicknameKey(nick) && first.typedAt - last.at < GROUP_MS;
  return (
    <div class={goesOn ? "group own goes-on" : "group own"}>
      {!goesOn && (
        <p class={hasPiledMarks(nick) ? "by piled" : "by"}>
          <bdi class="nick">{nick}</bdi> <time dateTime={new Date(first.typedAt).toISOString()}>{words.format.time(first.typedAt)}</time>
        </p>
      )}
      {store.outbox.value.map((entry) => (
        <OutboxLine key={entry.id} entry={entry} nick={nick} />
      ))}
    </div>
  );
}

function OutboxLine({ entry, nick }: { entry: OutboxEntry; nick: string }) {
  const { store, words } = useApp();
  switch (entry.state.kind) {
    case "accepted":
      return <MessageText nick={nick} message={entry.text} self={undefined} />;
    case "pending":
      return (
        <MessageText nick={nick} message={entry.text} self={undefined} state="pending">
          <span class="state" role="img" aria-label={words.sending}>
            <ClockIcon />
          </span>
        </MessageText>
      );
    case "refused":
      return (
        <MessageText nick={nick} message={entry.text} self={undefined} state="refused">
          <span class="refusal" dir={words.direction}>
            <AlertIcon />
            <span>
              {words.notSent} {words.because[entry.state.code]}
            </span>
            <button type="button" class="small" onClick={() => store.sendAgain(entry.id)}>
              {words.sendAgain}
            </button>
            <button type="button" class="small" onClick={() => store.discard(entry.id)}>
              {words.discard}
            </button>
          </span>
        </MessageText>
      );
    default:
      return entry.state satisfies never;
  }
}
