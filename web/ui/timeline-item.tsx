import { useMemo } from "preact/hooks";
import type { NicknameKey } from "../../shared/nickname.ts";
import { hasPiledMarks } from "../room/piled-marks.ts";
import type { TimelineItem } from "../room/timeline.ts";
import type { Words } from "../words/words.ts";
import { DayHeading } from "./day-heading.tsx";
import { MessageGroup } from "./message-group.tsx";
import { MovesNotice } from "./moves-notice.tsx";
import { WithNames } from "./with-names.tsx";

type Props = { item: TimelineItem; self: NicknameKey; words: Words };

/** One item of the timeline. Drawn again only when the item is another: in a long talk next to none is. */
export function TimelineItemView({ item, self, words }: Props) {
  return useMemo(() => draw({ item, self, words }), [item, self, words]);
}

function draw({ item, self, words }: Props) {
  switch (item.kind) {
    case "messages":
      return <MessageGroup nick={item.nick} at={item.at} lines={item.lines} self={self} />;
    case "day":
      return <DayHeading at={item.at} />;
    case "unread":
      return (
        <p class="unread">
          <span>{words.unread}</span>
        </p>
      );
    case "moves":
      return <MovesNotice moves={item.moves} offset={item.first} at={item.at} />;
    case "renamed":
      return (
        <p
          class={hasPiledMarks(item.from + item.to) ? "event piled" : "event"}
          data-offset={item.first}
          title={words.format.moment(item.at)}
        >
          <WithNames names={[item.from, item.to]} text={([from = "", to = ""]) => words.renamed(from, to)} />
        </p>
      );
    case "notice":
      return (
        <p class="notice" data-offset={item.first} title={words.format.moment(item.at)}>
          <strong>{words.operator}</strong> <span dir="auto">{item.text}</span>
        </p>
      );
    case "gap":
      return (
        <p class="gap" data-offset={item.first}>
          <span>{words.gap(item.count)}</span>
        </p>
      );
    default:
      return item satisfies never;
  }
}
