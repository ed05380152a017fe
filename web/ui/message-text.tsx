import type { ComponentChildren } from "preact";
import type { NicknameKey } from "../../shared/nickname.ts";
import { actionIn, speechIn } from "../room/command.ts";
import { messagePieces } from "../room/message-pieces.ts";
import { hasPiledMarks } from "../room/piled-marks.ts";

type Props = {
  nick: string;
  message: string;
  /** Whose mention is marked: nobody's in one's own messages. */
  self: NicknameKey | undefined;
  offset?: number;
  title?: string;
  state?: "pending" | "refused";
  children?: ComponentChildren;
};

const NOBODY = "" as NicknameKey;

/**
 * One message, as text: whatever markup somebody typed is shown as they typed it. Its direction is that of its own words: what stands in it with a
 * direction of its own, a name or a link, does not decide it.
 */
export function MessageText({ nick, message, self, offset, title, state, children }: Props) {
  const action = actionIn(message);
  const pieces = messagePieces(action ?? speechIn(message), self ?? NOBODY);
  const called = pieces.some((piece) => piece.kind === "mention");
  const piled = hasPiledMarks(message) || (action !== undefined && hasPiledMarks(nick));
  const classes = ["line", called && "called", action !== undefined && "action", piled && "piled", state].filter(Boolean).join(" ");
  return (
    <div class={classes} dir="auto" data-offset={offset} title={title}>
      {action !== undefined && (
        <>
          <bdi class="nick">{nick}</bdi>{" "}
        </>
      )}
      {/* Set apart: what turns the direction of writing in it ends with it. */}
      <span class="text">
        {pieces.map((piece, index) => {
          switch (piece.kind) {
            case "link":
              return (
                <a key={index} dir="ltr" href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
                  {piece.text}
                </a>
              );
            case "mention":
              return (
                <mark key={index} dir="auto">
                  {piece.text}
                </mark>
              );
            default:
              return piece.text;
          }
        })}
      </span>
      {children}
    </div>
  );
}
