import { MAX_MESSAGE_OCTETS, MAX_NICK_CODE_POINTS, PROTOCOL_VERSION } from "../../shared/limits.ts";
import type { Offset } from "../engine/engine.ts";
import type { HubLimits } from "./hub-context.ts";
import { encodeRefused, encodeReply } from "./replies.ts";
import type { Session } from "./session.ts";

/** Leaves `welcome` to be written, and after it again each refusal that the client may not know of. Source: S4, S5, S20. */
export function oweWelcome(
  session: Session,
  place: { resumed: boolean; offset: Offset; at: number; log: string; knownSeq: number },
  limits: HubLimits,
): void {
  const { nick, room, turn, seq, heartbeatMs } = session;
  session.owe(
    encodeReply({
      type: "welcome",
      version: PROTOCOL_VERSION,
      nick,
      room: room.name,
      resumed: place.resumed,
      turn,
      log: place.log,
      offset: place.offset,
      at: place.at,
      seq,
      heartbeat: heartbeatMs,
      online: room.roster.online,
      limits: { nick: MAX_NICK_CODE_POINTS, message: MAX_MESSAGE_OCTETS, rate: limits.rate },
    }),
  );
  for (const refusal of session.refusals) if (refusal.seq > place.knownSeq) session.owe(encodeRefused(refusal));
}
