import { type NicknameKey, nicknameKey } from "../../shared/nickname.ts";
import { hasPiledMarks } from "../room/piled-marks.ts";
import type { Line } from "../room/timeline.ts";
import { useApp } from "./context.ts";
import { MessageText } from "./message-text.tsx";

/** What one person said within a few minutes. */
export function MessageGroup({ nick, at, lines, self }: { nick: string; at: number; lines: readonly Line[]; self: NicknameKey }) {
  const { words } = useApp();
  const own = nicknameKey(nick) === self;
  return (
    <div class={own ? "group own" : "group"}>
      <p class={hasPiledMarks(nick) ? "by piled" : "by"}>
        <bdi class="nick">{nick}</bdi> <time dateTime={new Date(at).toISOString()}>{words.format.time(at)}</time>
      </p>
      {lines.map((line) => (
        <MessageText
          key={line.offset}
          offset={line.offset}
          title={words.format.moment(line.at)}
          nick={nick}
          message={line.message}
          self={own ? undefined : self}
        />
      ))}
    </div>
  );
}
