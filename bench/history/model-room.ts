import type { Entry, HeardPacket, History } from "./record.ts";

/** A room that keeps every promise, in a few lines, and writes down the history of those who are in it: what a checker must find nothing in. */
export class ModelRoom {
  readonly log: HeardPacket[] = [];
  /** The first offset that is kept. */
  first = 1;
  readonly members: ModelMember[] = [];
  /** Who holds a nickname. */
  readonly holders = new Map<string, ModelMember>();
  /** Who came and went, and it is not said yet. */
  #unsaid: HeardPacket[] = [];
  #atMs = 1_767_225_600_000;

  get last(): number {
    return this.log.length;
  }

  member(name: string, { complete = true } = {}): ModelMember {
    const member = new ModelMember(this, name, complete);
    this.members.push(member);
    return member;
  }

  append(packet: HeardPacket): number {
    return this.log.push(packet);
  }

  /** Time passes: the next packet is behind a clock. */
  tick(): void {
    this.#atMs += 1000;
    this.append({ kind: "clock", atMs: this.#atMs });
  }

  trim(first: number): void {
    this.first = Math.min(Math.max(first, this.first), this.last + 1);
  }

  announceLater(packet: HeardPacket): void {
    this.#unsaid.push(packet);
  }

  announce(): void {
    for (const packet of this.#unsaid) this.append(packet);
    this.#unsaid = [];
  }

  /** Everybody who has not ended comes back and hears all; somebody new reads the log. */
  end(): History {
    for (const member of this.members) if (!member.isOver && !member.isOnline) member.returns();
    this.announce();
    const reader = new ModelMember(this, "reader", true);
    reader.comes("reader");
    this.announce();
    for (const member of this.members) if (member.isOnline) member.hears();
    const nicks = [...this.holders.keys()];
    return {
      clients: this.members.map(({ name, complete, entries }) => ({ name, complete, entries })),
      end: { log: LOG, first: this.first, packets: this.log.slice(this.first - 1) },
      roster: { nicks, online: nicks.length },
    };
  }
}

const LOG = "log1";

/** One client of a model room. What it does while it can't is left undone. */
export class ModelMember {
  readonly name: string;
  readonly complete: boolean;
  readonly entries: Entry[] = [];
  isOnline = false;
  isOver = false;
  nick = "";
  /** What it heard last. */
  position = 0;
  readonly #room: ModelRoom;
  #turn = 0;
  #rosterOwed = false;
  /** Written and not yet sent; and sent, but not known to be in the log. */
  #outbox: string[] = [];
  #unanswered: string[] = [];

  constructor(room: ModelRoom, name: string, complete: boolean) {
    this.#room = room;
    this.name = name;
    this.complete = complete;
  }

  get isHeld(): boolean {
    return this.#room.holders.get(this.nick) === this;
  }

  /** Joins under `nick`, and reads from `offset` on. */
  comes(nick: string, offset = this.#room.first - 1): void {
    this.#claim(nick);
    this.#welcomed(false, offset, true);
    this.#rosterOwed = true;
  }

  /** `from`: starts over there. `withRoster`: as one who asked without an offset. `lost`: so many welcomes do not arrive. */
  returns({ from, withRoster = false, lost = 0 }: { from?: number; withRoster?: boolean; lost?: number } = {}): void {
    if (this.isOnline || this.isOver || this.entries.length === 0) return;
    const wasHeld = this.isHeld;
    if (!wasHeld) this.#claim(this.#room.holders.has(this.nick) ? `${this.name}-again` : this.nick);
    this.#turn += lost;
    this.#welcomed(wasHeld || lost > 0, from ?? this.position, from !== undefined);
    this.#rosterOwed ||= withRoster || !wasHeld;
    for (const text of this.#unanswered.splice(0)) this.entries.push({ kind: "acknowledged", text });
    for (const text of this.#outbox.splice(0)) this.#goesOut(text, true);
  }

  /** `arrives`: the server has it; `answered`: and its answer came back. */
  says(text: string, { arrives = true, answered = true } = {}): void {
    if (this.isOver || this.entries.length === 0) return;
    this.entries.push({ kind: "sent", text });
    if (!this.isOnline || !arrives) {
      this.#outbox.push(text);
      this.cuts();
    } else {
      this.#goesOut(text, answered);
      if (!answered) this.cuts();
    }
  }

  isRefused(text: string): void {
    if (!this.isOnline) return;
    this.entries.push({ kind: "sent", text }, { kind: "refused", text, code: "message-invalid" });
  }

  renames(nick: string): void {
    const { holders } = this.#room;
    if (!this.isOnline || holders.has(nick)) return;
    this.#room.announce();
    holders.delete(this.nick);
    holders.set(nick, this);
    this.#room.append({ kind: "renamed", from: this.nick, to: nick });
    this.nick = nick;
  }

  /** Hears the next `count` packets of the log. */
  hears(count = Number.POSITIVE_INFINITY): void {
    if (!this.isOnline) return;
    const { first, last, log } = this.#room;
    if (this.position + 1 < first) {
      this.entries.push({ kind: "gap", from: this.position + 1, to: first - 1 });
      this.position = first - 1;
      this.#rosterOwed = true;
    }
    for (let heard = 0; heard < count && this.position < last; heard++) {
      const packet = log[this.position++] as HeardPacket;
      if (this.complete || packet.kind !== "clock") this.entries.push({ kind: "heard", offset: this.position, packet });
    }
    if (!this.#rosterOwed || this.position < last) return;
    this.#rosterOwed = false;
    const nicks = [...this.#room.holders.keys()];
    this.entries.push({ kind: "roster", nicks, online: nicks.length });
  }

  cuts(): void {
    this.isOnline = false;
  }

  /** It was away for too long. */
  isLost(): void {
    if (!this.isOnline && this.isHeld) this.#gone("lost");
  }

  leaves(): void {
    if (!this.isOnline) return;
    this.entries.push({ kind: "ended", why: "left" });
    this.isOver = true;
    this.isOnline = false;
    this.#gone("left");
  }

  #claim(nick: string): void {
    this.nick = nick;
    this.#room.holders.set(nick, this);
    this.#room.announceLater({ kind: "joined", nicks: [nick] });
  }

  #gone(why: "left" | "lost"): void {
    this.#room.holders.delete(this.nick);
    this.#room.announceLater({ kind: "left", nicks: [this.nick], why });
  }

  #welcomed(resumed: boolean, offset: number, fresh: boolean): void {
    this.isOnline = true;
    this.position = offset;
    this.entries.push({ kind: "welcomed", log: LOG, offset, fresh, resumed, nick: this.nick, turn: ++this.#turn });
  }

  #goesOut(text: string, answered: boolean): void {
    this.#room.announce();
    const offset = this.#room.append({ kind: "chat", nick: this.nick, text });
    if (answered) this.entries.push({ kind: "acknowledged", text, offset });
    else this.#unanswered.push(text);
  }
}
