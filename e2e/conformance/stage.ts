import { type Answer, ask, type Question, type Told, within } from "../../server/testing/ask.ts";
import { LongPollMember } from "../../server/testing/long-poll-member.ts";
import { chat, type End, type HelloFields, type Member, newSecret, service } from "../../server/testing/member.ts";
import { TcpMember } from "../../server/testing/tcp-member.ts";
import { WebSocketMember } from "../../server/testing/websocket-member.ts";
import { CODES, type Code } from "../../shared/codes.ts";
import { Pace } from "../../shared/connection/pace.ts";
import { decode } from "../../shared/packet.ts";
import { parseServerService } from "../../shared/service.ts";
import type { Transport } from "./check.ts";
import { fits, Mismatch } from "./mismatch.ts";
import type { Pair, Pairs } from "./pairs.ts";
import type { Entrance, Server } from "./server.ts";
import { Transcript } from "./transcript.ts";

/** What all checks of a run share. */
export type Run = { readonly server: Server; readonly entrance: Entrance; readonly pairs: Pairs; readonly paces: Map<string, Pace> };

let rooms = 0;
let lastWords = 0;

/** What one check is handed: people of one transport at the server, who keep to its limits, and of whom none is left behind. */
export class Stage {
  readonly transport: Transport;
  readonly server: Server;
  readonly transcript = new Transcript();
  readonly #run: Run;
  readonly #people: Member[] = [];
  readonly #unpaced = new Set<Member>();
  #pair: { alice: Member; bob: Member } | undefined;

  constructor(run: Run, transport: Transport) {
    this.#run = run;
    this.server = run.server;
    this.transport = transport;
  }

  /** A room that nobody was in. */
  newRoom(): string {
    return `c-${this.server.run}-${++rooms}`;
  }

  /** Somebody who has not said anything yet. */
  somebody(nick: string, room = this.newRoom(), session = newSecret()): Member {
    return this.#watched(createMember(this.transport, this.server, nick, room, session));
  }

  /** Says `hello` for the first time; who is told to come later does. Gives `welcome`, or the `error` that came instead. */
  enters(member: Member, fields: HelloFields = {}): Promise<Told> {
    return this.#run.entrance.enter(member, () => member.comes(fields));
  }

  /** Somebody who came in, and whose roster is there. */
  async joins(nick: string, room = this.newRoom(), fields: HelloFields = {}): Promise<Member> {
    const member = this.somebody(nick, room);
    fits(await this.enters(member, fields), { type: "welcome" }, `${nick} comes in`);
    await member.next("roster");
    return member;
  }

  /** People who came into a new room one after the other, each announced to all. */
  async gathers(...nicks: readonly string[]): Promise<Member[]> {
    const room = this.newRoom();
    const members: Member[] = [];
    for (const nick of nicks) {
      members.push(await this.joins(nick, room));
      for (const member of members) await member.until(() => member.told.find((told) => isJoinedOf(told, nick)), `joined of ${nick}`);
    }
    for (const member of members) member.forgets();
    return members;
  }

  /** Alice and bob in a room of their own, where nothing happens but what the check does. */
  async pair(): Promise<{ alice: Member; bob: Member }> {
    const pair = this.#run.pairs.take(this.transport);
    const resumed = pair === undefined ? undefined : await this.#resumes(pair);
    if (resumed !== undefined) this.#pair = resumed;
    else {
      const [alice, bob] = (await this.gathers("alice", "bob")) as [Member, Member];
      this.#pair = { alice, bob };
    }
    return this.#pair;
  }

  /** One HTTP request; `member`, if any, says who asks. What its packets spend is waited for. */
  async ask(member: Member | undefined, method: string, path: string, question: Question = {}): Promise<Answer> {
    const who = member?.nick ?? "somebody";
    const { body } = question;
    const octets = Buffer.concat(body === undefined ? [] : Array.isArray(body) ? body : [Buffer.from(body as Uint8Array)]);
    if (member !== undefined && !this.#unpaced.has(member)) await this.pays(member, decode(octets).packets.length);
    this.transcript.note(who, `→ ${method} ${path} ${octets.toString("utf8")}`);
    const session = member === undefined ? {} : { session: member.session };
    const answer = await within(ask(this.server.url, method, path, { ...session, ...question }), `the answer to ${method} ${path}`, 20_000);
    this.transcript.note(who, `← ${answer.status} ${answer.octets.toString("utf8")}`);
    return answer;
  }

  /** Waits until `member` may send `count` packets. */
  async pays(member: Member, count: number): Promise<void> {
    const pace = this.#paceOf(member);
    const least = Math.min(count, this.burst);
    while (pace.allowance(performance.now()) < least) await pause(pace.waitMs(performance.now()));
    pace.spend(count, performance.now());
  }

  /** From here on `member` sends without regard to the server's limits. */
  hurries(member: Member): void {
    this.#unpaced.add(member);
  }

  /** How many packets a rested session may send at once, at most 400. */
  get burst(): number {
    const { burst, perSecond } = this.server.rate;
    return burst === 0 || perSecond === 0 ? 400 : Math.max(1, Math.min(burst - 2, 400));
  }

  /** Sends many packets, as fast as the server takes them. */
  async pours(member: Member, packets: readonly Uint8Array[]): Promise<void> {
    const batch = Math.min(this.burst, 50);
    for (let at = 0; at < packets.length; at += batch) await member.sends(...packets.slice(at, at + batch));
  }

  /** How the server ends it with this code. */
  endWith(code: Code): End {
    return { code, number: this.transport === "long-poll" ? CODES[code].status : this.transport === "tcp" ? 0 : CODES[code].close };
  }

  /** Everybody leaves. A pair that nothing happened to is left to the next check. Throws what the server said wrongly and nobody waited for. */
  async close(passed: boolean): Promise<void> {
    try {
      if (passed) for (const member of this.#people) await this.#looksBack(member);
      if (passed && this.#pair !== undefined) await this.#leavesPair(this.#pair);
    } finally {
      const left = new Set(this.#run.pairs.sessions);
      for (const member of this.#people) member.drops();
      await leaveAll(
        this.server,
        [...new Set(this.#people.map(({ session }) => session))].filter((session) => !left.has(session)),
      );
    }
  }

  async #looksBack(member: Member): Promise<void> {
    await member.until(() => true, "nothing", { evenAfterEnd: true });
    for (const told of member.told) {
      const { type } = told;
      if (type === "chat") continue;
      const parsed = parseServerService({ kind: "service", type, fields: told as Record<string, unknown>, octets: new Uint8Array(0) });
      if (parsed.kind === "malformed") throw new Mismatch("every packet has the fields of its type", `(${parsed.why})`, told);
    }
  }

  async #leavesPair({ alice, bob }: { alice: Member; bob: Member }): Promise<void> {
    const touched = this.#people.some((member) => member !== alice && member !== bob && member.room === alice.room);
    const renamed = [alice, bob].some(({ told }) => told.some(({ type }) => type === "you"));
    const ended = alice.end !== undefined || bob.end !== undefined || this.#unpaced.size > 0;
    if (touched || renamed || ended) return;
    for (const member of [alice, bob]) member.patienceMs = 1500;
    try {
      // Heard by both: nothing is on its way any more.
      const lastWord = `(check ${++lastWords} is through)`;
      await alice.sends(chat("alice", lastWord));
      for (const member of [alice, bob]) await member.hears(lastWord);
      await alice.until(() => alice.told.findLast(({ type, offset }) => type === "ack" && offset === alice.offset), "its ack");
      if (alice.offset !== bob.offset) return;
      const sessions = [alice.session, bob.session] as const;
      const { room, log } = alice;
      const numbers = [answeredTo(alice), answeredTo(bob)] as const;
      const at = { offset: alice.offset, numbers, releasedAtMs: performance.now() };
      this.#run.pairs.leave(this.transport, { room, log, sessions, ...at });
    } catch {
      // What the check did to them makes them no good for another.
    }
  }

  async #resumes({ room, sessions, log, offset, numbers }: Pair): Promise<{ alice: Member; bob: Member } | undefined> {
    const alice = this.somebody("alice", room, sessions[0]);
    const bob = this.somebody("bob", room, sessions[1]);
    for (const [index, member] of [alice, bob].entries()) {
      const told = await member.says({ log, offset, seq: numbers[index] });
      if (told.type !== "welcome" || told.offset !== offset) return undefined;
    }
    for (const member of [alice, bob]) member.forgets();
    return { alice, bob };
  }

  #paceOf({ session }: Member): Pace {
    let pace = this.#run.paces.get(session);
    if (pace === undefined) {
      pace = new Pace();
      pace.limit(this.server.rate, performance.now());
      this.#run.paces.set(session, pace);
    }
    return pace;
  }

  /** What it sends is paced and written down. */
  #watched(member: Member): Member {
    this.#people.push(member);
    member.patienceMs = 10_000;
    member.onTold = (_, octets) => this.transcript.heard(member.nick, octets);
    const says = member.says.bind(member);
    const sends = member.sends.bind(member);
    member.says = async (fields) => {
      if (!this.#unpaced.has(member)) await this.pays(member, 1);
      this.transcript.said(member.nick, service({ type: "hello", session: member.session, ...fields }));
      return says(fields);
    };
    member.sends = async (...packets) => {
      if (!this.#unpaced.has(member)) await this.pays(member, packets.length);
      for (const packet of packets) this.transcript.said(member.nick, packet);
      return sends(...packets);
    };
    return member;
  }
}

function createMember(transport: Transport, server: Server, nick: string, room: string, session: string): Member {
  if (transport === "tcp") {
    const { host, port } = server.tcp ?? {};
    return new TcpMember(Object.assign(new URL(server.url), { tcpHost: host ?? server.url.hostname, tcpPort: port }), nick, room, session);
  }
  const Kind = transport === "websocket" ? WebSocketMember : LongPollMember;
  return new Kind(server.url, nick, room, session);
}

/** Ends these sessions, wherever they are, as a closing page does. */
export async function leaveAll({ url }: { readonly url: URL }, sessions: readonly string[]): Promise<void> {
  await Promise.allSettled(
    sessions.map((session) => within(ask(url, "POST", "/poll", { body: service({ type: "leave", session }) }), "the end", 5000)),
  );
}

/** The highest number of its that was answered, whoever numbered it. */
function answeredTo({ told }: Member): number {
  return Math.max(0, ...told.flatMap(({ type, seq }) => (type === "ack" || type === "refused" || type === "welcome" ? [seq ?? 0] : [])));
}

export function isJoinedOf(told: Told, nick: string): boolean {
  return told.type === "joined" && told.nicks?.includes(nick) === true;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
