import { randomBytes } from "node:crypto";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import { type Address, settled, type Told, tell } from "./ask.ts";

/** How the server ended it: the code of its last `error`, if any, and the close code (WebSocket) or the status (long polling). */
export type End = { code: string | undefined; number: number };

export type HelloFields = Readonly<Record<string, unknown>>;

/** What is counted in a room's log. Source: L2. */
const COUNTED = new Set(["chat", "joined", "left", "renamed", "clock", "notice"]);

export function newSecret(): string {
  return randomBytes(16).toString("base64url");
}

/** A chat packet. */
export const chat = encodeChat;
/** A service packet. */
export const service = encodeService;
/** Octets as they are written here: for what no encoder would make. */
export const raw = (text: string) => Buffer.from(text, "utf8");

/**
 * Someone in a room, by whatever transport: speaks and hears packets as they are, counts what it hears as L1 says, and checks that count against
 * every number the server says. Nothing is tried again by itself.
 */
export abstract class Member {
  protected readonly house: Address;
  readonly nick: string;
  readonly room: string;
  readonly session: string;
  /** All packets heard, in the order they came, and beside each its octets. */
  readonly told: Told[] = [];
  readonly octets: Uint8Array[] = [];
  /** The log and the place in it that this member has come to. */
  log = "";
  offset = 0;
  turn = 0;
  /** The last number that this member gave to a chat packet. */
  seq = 0;
  end: End | undefined;
  /** How long it waits for what has to come, ms. */
  patienceMs = 6000;
  /** Called with each packet that is heard, and its octets. */
  onTold: ((told: Told, octets: Uint8Array) => void) | undefined;
  #read = 0;
  #faults: string[] = [];
  #watchers = new Set<() => void>();

  constructor(house: Address, nick: string, room: string, session = newSecret()) {
    this.house = house;
    this.nick = nick;
    this.room = room;
    this.session = session;
  }

  /** Says `hello` with these fields and `session`; gives the `welcome`, or the `error` that came instead. */
  abstract says(fields: HelloFields): Promise<Told>;
  /** Sends packets as they are, in one message or one request. The numbers of those that are chat packets count on. */
  abstract sends(...packets: Uint8Array[]): Promise<void>;
  /** Breaks the connection, without a word. */
  abstract drops(): void;

  /** The connection breaks, without a word. Resolves when the server must have seen it. */
  async cuts(): Promise<void> {
    this.drops();
    await settled(this.house);
  }

  /** The first `hello`. */
  comes(fields: HelloFields = {}): Promise<Told> {
    return this.says({ nick: this.nick, room: this.room, ...fields });
  }

  /** Says `hello` again from where it is, as a client that lost its connection does. */
  returns(fields: HelloFields = {}): Promise<Told> {
    return this.says({ log: this.log, offset: this.offset, seq: this.answered(), ...fields });
  }

  /** Says `text`; gives its `ack` or `refused`. */
  async speaks(text: string, nick = this.nick): Promise<Told> {
    const number = this.seq + 1;
    await this.sends(chat(nick, text));
    return this.answerTo(number);
  }

  async renames(nick: string): Promise<Told> {
    const before = this.told.length;
    await this.sends(service({ type: "rename", nick }));
    return this.until(() => this.told.slice(before).find((told) => told.type === "you" || told.of === "rename"), "the answer to a rename");
  }

  /** Says `leave`; resolves when the server has taken it. */
  async leaves(fields: { linger?: number } = {}): Promise<void> {
    await this.sends(service({ type: "leave", ...fields }));
    await settled(this.house);
  }

  /** The next packet of one of these types after the last one that `next` gave; those between are passed over. */
  next(...types: string[]): Promise<Told> {
    return this.until(() => {
      const index = this.told.findIndex((told, at) => at >= this.#read && types.includes(told.type));
      if (index < 0) return undefined;
      this.#read = index + 1;
      return this.told[index];
    }, types.join(" or "));
  }

  /** Passes over all that was heard until now. */
  forgets(): void {
    this.#read = this.told.length;
  }

  /** What has come since the last `next` or `forgets`. */
  since(): Told[] {
    return this.told.slice(this.#read);
  }

  /** The texts heard, in order. */
  heard(): string[] {
    return this.told.filter(({ type }) => type === "chat").map(({ message }) => String(message));
  }

  hears(text: string): Promise<true> {
    return this.until(() => this.heard().includes(text) || undefined, JSON.stringify(text));
  }

  answerTo(seq: number): Promise<Told> {
    return this.until(
      () =>
        this.told.findLast((told) => told.type === "refused" && told.seq === seq) ??
        this.told.find((told) => told.type === "ack" && Number(told.seq) >= seq),
      `an answer to number ${seq}`,
    );
  }

  ends(): Promise<End> {
    return this.until(() => this.end, "the end", { evenAfterEnd: true });
  }

  /** Waits, bounded, until `find` finds something in what has come. */
  async until<Found>(find: () => Found | undefined, what: string, { evenAfterEnd = false } = {}): Promise<Found> {
    const deadline = Date.now() + this.patienceMs;
    for (;;) {
      const [fault] = this.#faults;
      if (fault !== undefined) throw new Error(`${this.nick}: ${fault}`);
      const found = find();
      if (found !== undefined) return found;
      const why =
        this.end !== undefined && !evenAfterEnd ? `it ended, ${JSON.stringify(this.end)}` : Date.now() >= deadline ? "in vain" : undefined;
      if (why !== undefined) {
        const last = this.told.slice(-8).map((told) => JSON.stringify(told));
        throw new Error(`${this.nick} waited for ${what}: ${why}; the last that came:\n${last.join("\n")}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#watchers.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** How far this member knows the answers. */
  protected answered(): number {
    const answers = this.told.filter(({ type, seq }) => (type === "ack" || type === "refused" || type === "welcome") && seq !== undefined);
    return Math.max(0, ...answers.map(({ seq }) => Number(seq)));
  }

  protected hear(octets: Uint8Array): void {
    const heard = tell(octets);
    if (heard === undefined) this.fault(`what came is not whole packets: ${Buffer.from(octets).toString("latin1")}`);
    for (const [told, itsOctets] of heard ?? []) {
      this.told.push(told);
      this.octets.push(itsOctets);
      this.onTold?.(told, itsOctets);
      this.#count(told);
    }
    this.#wake();
  }

  protected finish(number: number): void {
    const error = this.told.findLast(({ type }) => type === "error");
    this.end ??= { code: error?.code, number };
    this.#wake();
  }

  /** What the server said does not go together: the next wait fails with it. */
  protected fault(what: string): void {
    this.#faults.push(what);
    this.#wake();
  }

  #count(told: Told): void {
    if (told.type === "welcome") {
      this.log = String(told.log);
      this.offset = Number(told.offset);
      this.seq = Number(told.seq);
      this.turn = Number(told.turn);
    }
    if (COUNTED.has(told.type)) this.offset++;
    if (told.type === "gap") {
      if (told.from !== this.offset + 1) this.fault(`a gap from ${told.from} where ${this.offset + 1} comes next`);
      this.offset = Number(told.to);
    }
    if (told.type === "ping" && told.offset !== this.offset) this.fault(`a ping says ${told.offset}, but ${this.offset} were counted`);
  }

  #wake(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const wake of watchers) wake();
  }
}
