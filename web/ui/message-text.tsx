import type { ComponentChildren } from "preact";
import type { NicknameKey } from "../../shared/nickname.ts";
import { actionIn } from "../room/command.ts";
import { messagePieces } from "../room/message-pieces.ts";

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

/** One message, as text: whatever markup somebody typed is shown as they typed it. */
export function MessageText({ nick, message, self, offset, title, state, children }: Props) {
  const action = actionIn(message);
  const pieces = messagePieces(action ?? message, self ?? NOBODY);
  const called = pieces.some((piece) => piece.kind === "mention");
  const classes = ["line", called && "called", action !== undefined && "action", state].filter(Boolean).join(" ");
  return (
    <div class={classes} dir="auto" data-offset={offset} title={title}>
      {action !== undefined && (
        <>
          <bdi class="nick">{nick}</bdi>{" "}
        </>
      )}
      {pieces.map((piece, index) => {
        switch (piece.kind) {
          case "link":
            return (
              <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
                {piece.text}
              </a>
            );
          case "mention":
            return <mark key={index}>{piece.text}</mark>;
          default:
            return piece.text;
        }
      })}
      {children}
    </div>
  );
}
