import type { Refusal } from "../../shared/codes.ts";
import type { LogState, News, Present, SessionId, SessionRecord, Taken } from "../engine/engine.ts";
import type { Announcer } from "./announcer.ts";
import type { ChatOffsets } from "./chat-offsets.ts";
import type { Delivery } from "./delivery.ts";
import { Gathering } from "./gathering.ts";
import type { HubContext } from "./hub-context.ts";
import { refuse } from "./replies.ts";
import type { Residents } from "./residents.ts";
import type { Roster } from "./roster.ts";
import type { Session } from "./session.ts";
import type { Ending, Transport } from "./transport.ts";

/** When clients are to come back to a room that let go of them, ms. */
const RETRY_AFTER_MS = 1000;

export type NeighboursParts = {
  readonly context: HubContext;
  readonly roster: Roster;
  readonly delivery: Delivery;
  readonly announcer: Announcer;
  readonly chats: ChatOffsets;
  readonly residents: Residents;
  log(): LogState;
  /** The log stands so now. */
  moved(log: LogState): void;
  /** True while this node asks for the session. */
  isUnderWay(id: SessionId): boolean;
  vanished(session: Session): void;
  adopt(record: SessionRecord): void;
  /** Lets those go on who are owed something. */
  flush(): void;
  /** The room is of no use any more. */
  lost(): void;
  broken(cause: unknown): void;
};

/** Takes in what other nodes do in the room. */
export class Neighbours {
  readonly #parts: NeighboursParts;
  /** Sessions that are this node's, and of which it is being found out what was kept. */
  readonly #adopting = new Set<SessionId>();

  readonly #gathering: Gathering;

  constructor(parts: NeighboursParts) {
    this.#parts = parts;
    this.#gathering = new Gathering(parts.context.clock, (chunk) => parts.delivery.broadcast(chunk));
  }

  /** Hands out what they said, now: something follows it. */
  handOut(): void {
    this.#gathering.flush();
  }

  /** True while sessions are this node's that are not in the room yet. */
  get adopting(): boolean {
    return this.#adopting.size > 0;
  }

  hear(news: News): void {
    this.#parts.announcer.shared = true;
    if (news.kind === "changed") this.#changed(news);
    else if (news.kind === "whole") this.#whole(news);
    else this.#parts.lost();
  }

  #changed({ chunk, first, came, went, taken }: News & { kind: "changed" }): void {
    const { delivery, roster, chats, log, moved } = this.#parts;
    const { last } = log();
    // What was had before is not had again; and where something is missing nobody may count on.
    const isNew = chunk !== undefined && chunk.last > last;
    if (isNew && chunk.first !== last + 1) return this.#parts.lost();
    if (isNew) {
      chats.addFrom(chunk);
      delivery.append(chunk);
    }
    moved({ ...log(), first: Math.max(first, log().first), ...(isNew ? { last: chunk.last, at: chunk.at } : {}) });
    delivery.trim(first);
    for (const key of went) roster.remove(key);
    for (const present of came) {
      roster.add(present.key, present.nick);
      this.#callBy(present);
    }
    for (const one of taken) this.#take(one);
    this.#parts.residents.reckon();
    if (isNew) this.#gathering.add(chunk);
    this.#parts.flush();
  }

  #take({ session: id, by }: Taken): void {
    this.#adopting.delete(id);
    const session = this.#parts.residents.get(id);
    if (session === undefined) this.#parts.announcer.forget(id);
    else this.#parts.residents.drop(session, (transport) => endingOf(by, transport));
  }

  #whole({ log: { log, first, last }, present }: News & { kind: "whole" }): void {
    const { roster, delivery, residents } = this.#parts;
    const known = this.#parts.log();
    if (log !== known.log || last > known.last) return this.#parts.lost();
    this.#parts.moved({ ...known, first: Math.max(first, known.first) });
    delivery.trim(first);
    roster.replace(present);
    const people = new Map(present.map((one) => [one.session, one]));
    for (const session of [...residents.sessions.values()]) {
      const one = people.get(session.id);
      // What this node is about to change there is told by its own commit.
      const isInHand = session.gone || this.#parts.isUnderWay(session.id);
      if (one !== undefined && !one.own) this.#take({ session: session.id, by: "node" });
      else if (one !== undefined) this.#callBy(one);
      else if (!isInHand) this.#parts.vanished(session);
    }
    void this.#adopt(present.filter(({ own }) => own));
    this.#parts.residents.reckon();
    this.#parts.flush();
  }

  /** It may have been renamed elsewhere. */
  #callBy({ session: id, nick, key }: Present): void {
    this.#parts.residents.get(id)?.rename(nick, key);
  }

  /** Sessions that are this node's without its knowing: their grace begins. */
  async #adopt(present: readonly Present[]): Promise<void> {
    const { context, residents } = this.#parts;
    const isMissing = ({ session: id }: Present) => residents.get(id) === undefined && !this.#parts.isUnderWay(id);
    const missing = present.filter(isMissing);
    for (const { session: id } of missing) this.#adopting.add(id);
    for (const one of missing) {
      try {
        const record = isMissing(one) && this.#adopting.has(one.session) ? await context.engine.find(one.session) : undefined;
        // It may have gone on elsewhere meanwhile.
        if (record?.held && isMissing(one) && this.#adopting.has(one.session)) this.#parts.adopt(record);
      } catch (cause) {
        this.#parts.broken(cause); // when the engine is well again it says once more who is there
      }
      this.#adopting.delete(one.session);
    }
  }
}

/** How a transport ends whose session another node looks after. */
function endingOf(by: Taken["by"], { kind }: Transport): Ending {
  if (by === "node") return letGo();
  if (by !== "stream" && kind === "long-poll") return { code: "newer-poll" };
  // A stream whose session was ended by a page's last word at another node. Source: H10.
  if (by === "attended") return { code: "left" };
  return refuse("replaced", "The session went on elsewhere.");
}

/** Nothing is wrong with the session: it is to say hello again. */
export function letGo(): Refusal {
  return refuse("internal", "The room is opened anew. Come back in a moment.", RETRY_AFTER_MS);
}
