import { type NicknameKey, nicknameKey } from "../../shared/nickname.ts";
import type { Findings } from "./findings.ts";
import type { HeardPacket } from "./record.ts";
import type { RoomLog } from "./room-log.ts";

/** Somebody in the room, under one nickname after the other. `until`: where it is said that they left. */
export type Guest = { nick: string; until: number };

/** What the log says of one nickname at `offset`: who had it from then on, or that it was given up. */
export type Turn = { readonly offset: number; readonly kind: "came" | "took" | "left" | "gave-up" };

/** Who was there, by the log alone. */
export type Presence = {
  /** Who said what is at this offset; undefined where nobody of that name was there. */
  speaker(offset: number): Guest | undefined;
  /** What became of a nickname, oldest first. */
  turns(key: NicknameKey): readonly Turn[];
  /** Every `renamed`, oldest first. */
  readonly renames: readonly { readonly offset: number; readonly from: NicknameKey; readonly to: NicknameKey }[];
  /** From here on all of the log is known. */
  readonly knownFrom: number;
  /** Who is there at the end. `gone`: where not all of the log is known, who is known to have gone; anybody else may be there. */
  readonly end: { readonly here: readonly string[]; readonly gone: ReadonlySet<NicknameKey> | undefined };
};

/**
 * Goes through the log and counts who is there: nobody comes twice, nobody leaves who is not there, nobody speaks unseen, and no nickname is
 * held by two. Where nobody knows a part of the log, anybody may be there after it. Source: P11, L8, L9.
 *
 * `isPost` says which texts may be posts, which are under a name that nobody holds. Source: T3.
 */
export function countPresence(log: RoomLog, isPost: (text: string) => boolean, findings: Findings): Presence {
  const counter = new Counter(log, isPost, findings);
  counter.count();
  return counter;
}

/** `nicknameKey`, worked out once for each spelling. */
export function keyOf(nick: string): NicknameKey {
  let key = keys.get(nick);
  if (key === undefined) {
    if (keys.size > 100_000) keys.clear();
    key = nicknameKey(nick);
    keys.set(nick, key);
  }
  return key;
}
const keys = new Map<string, NicknameKey>();

class Counter implements Presence {
  readonly renames: { offset: number; from: NicknameKey; to: NicknameKey }[] = [];
  knownFrom: number;
  readonly #log: RoomLog;
  readonly #isPost: (text: string) => boolean;
  readonly #findings: Findings;
  readonly #here = new Map<NicknameKey, Guest>();
  /** Who is known to have gone, since something before was not known; undefined where all is known. */
  #gone: Set<NicknameKey> | undefined;
  readonly #speakers = new Map<number, Guest>();
  readonly #turns = new Map<NicknameKey, Turn[]>();
  /** Who was told of already as speaking without having come. */
  readonly #unseen = new Set<NicknameKey>();

  constructor(log: RoomLog, isPost: (text: string) => boolean, findings: Findings) {
    this.#log = log;
    this.#isPost = isPost;
    this.#findings = findings;
    this.knownFrom = log.base;
    if (log.base > 1) this.#gone = new Set();
  }

  speaker(offset: number): Guest | undefined {
    return this.#speakers.get(offset);
  }

  turns(key: NicknameKey): readonly Turn[] {
    return this.#turns.get(key) ?? [];
  }

  get end(): Presence["end"] {
    return { here: [...this.#here.values()].map(({ nick }) => nick), gone: this.#gone };
  }

  count(): void {
    const { base, last } = this.#log;
    for (let offset = base; offset <= last; offset++) {
      const packet = this.#log.at(offset);
      if (packet !== undefined) this.#read(offset, packet);
      else if (this.#log.isUnknown(offset)) this.#forget(offset);
    }
  }

  #read(offset: number, packet: HeardPacket): void {
    switch (packet.kind) {
      case "chat":
        return this.#speaks(offset, packet);
      case "joined":
        for (const nick of packet.nicks) this.#comes(offset, nick);
        return;
      case "left":
        for (const nick of packet.nicks) this.#leaves(offset, nick);
        return;
      case "renamed":
        return this.#renames(offset, packet);
      default: // nobody comes or goes with the others
    }
  }

  #comes(offset: number, nick: string): void {
    const key = keyOf(nick);
    const before = this.#here.get(key);
    if (before !== undefined) {
      this.#tell(offset, `${nick} joined, and was there already${before.nick === nick ? "" : ` as ${before.nick}`}`);
      before.until = offset;
    }
    this.#here.set(key, guestAs(nick));
    this.#unseen.delete(key);
    this.#note(key, offset, "came");
  }

  #leaves(offset: number, nick: string): void {
    const key = keyOf(nick);
    const guest = this.#here.get(key);
    if (guest === undefined && this.#isAbsent(key)) this.#tell(offset, `${nick} left, and was not there`);
    else if (guest !== undefined && guest.nick !== nick) this.#tell(offset, `${nick} left, and was there as ${guest.nick}`);
    if (guest !== undefined) guest.until = offset;
    this.#here.delete(key);
    this.#gone?.add(key);
    this.#note(key, offset, "left");
  }

  #renames(offset: number, { from, to }: HeardPacket & { kind: "renamed" }): void {
    const fromKey = keyOf(from);
    const toKey = keyOf(to);
    const guest = this.#here.get(fromKey);
    if (guest === undefined && this.#isAbsent(fromKey)) this.#tell(offset, `${from} became ${to}, and was not there`);
    this.#here.delete(fromKey);
    this.#gone?.add(fromKey);
    const holder = this.#here.get(toKey);
    if (holder !== undefined) {
      this.#tell(offset, `${from} became ${to}, and ${holder.nick} was there`);
      holder.until = offset;
    }
    const renamed = guest ?? guestAs(to);
    renamed.nick = to;
    this.#here.set(toKey, renamed);
    this.#note(fromKey, offset, "gave-up");
    this.#note(toKey, offset, "took");
    this.renames.push({ offset, from: fromKey, to: toKey });
  }

  #speaks(offset: number, { nick, text }: HeardPacket & { kind: "chat" }): void {
    const key = keyOf(nick);
    let guest = this.#here.get(key);
    if (this.#isPost(text)) {
      if (guest !== undefined) this.#tell(offset, `a post as ${nick}, who was there`, "never-sent");
      return;
    }
    if (guest === undefined && !this.#isAbsent(key)) {
      guest = guestAs(nick);
      this.#here.set(key, guest);
    }
    if (guest !== undefined) {
      this.#speakers.set(offset, guest);
      if (guest.nick !== nick) this.#tell(offset, `spoke as ${nick}, and was there as ${guest.nick}`, "never-sent");
    } else if (!this.#unseen.has(key)) {
      this.#unseen.add(key);
      this.#tell(offset, `${nick} spoke, and was not there`);
    }
  }

  /** What is known so far says nothing about what follows. */
  #forget(offset: number): void {
    for (const guest of this.#here.values()) guest.until = offset;
    this.#here.clear();
    this.knownFrom = offset + 1;
    this.#gone = new Set();
  }

  #isAbsent(key: NicknameKey): boolean {
    return this.#gone === undefined || this.#gone.has(key);
  }

  #note(key: NicknameKey, offset: number, kind: Turn["kind"]): void {
    const turns = this.#turns.get(key);
    if (turns === undefined) this.#turns.set(key, [{ offset, kind }]);
    else turns.push({ offset, kind });
  }

  #tell(offset: number, what: string, rule: "presence" | "never-sent" = "presence"): void {
    this.#findings.add(rule, () => what, { offset });
  }
}

function guestAs(nick: string): Guest {
  return { nick, until: Number.POSITIVE_INFINITY };
}
