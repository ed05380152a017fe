import { pino } from "pino";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { EmbeddedEngine } from "../engine/embedded.ts";
import type { Engine } from "../engine/engine.ts";
import type { Store } from "../engine/store.ts";
import { type Told, within } from "./ask.ts";
import { type House, openHouse } from "./house.ts";
import { LongPollMember } from "./long-poll-member.ts";
import { ManualClock } from "./manual-clock.ts";
import type { End, HelloFields, Member } from "./member.ts";
import { TcpMember } from "./tcp-member.ts";
import { WebSocketMember } from "./websocket-member.ts";

type NewMember<Kind extends Member> = new (house: House, nick: string, room: string, session?: string) => Kind;
export type TransportCase<Kind extends Member = Member> = { readonly name: string; readonly Kind: NewMember<Kind> };

export const webSocket: TransportCase<WebSocketMember> = { name: "WebSocket", Kind: WebSocketMember };
export const longPolling: TransportCase<LongPollMember> = { name: "long polling", Kind: LongPollMember };
export const tcp: TransportCase<TcpMember> = { name: "TCP", Kind: TcpMember };
/** For rules that hold on every transport: `describe.each(transports)("… over $name", (transport) => …)`. */
export const transports: readonly TransportCase[] = [webSocket, longPolling, tcp];

let rooms = 0;

/** Members of one kind, in one house where time stands still until a test moves it. */
export class Company<Kind extends Member = Member> {
  readonly #Kind: NewMember<Kind>;
  house!: House;
  clock!: ManualClock;

  constructor({ Kind }: TransportCase<Kind>) {
    this.#Kind = Kind;
  }

  /** A room that nobody was in. */
  newRoom(): string {
    return `room-${++rooms}`;
  }

  /** Somebody who has not said anything yet. */
  somebody(nick: string, room = this.newRoom(), session?: string): Kind {
    const member = new this.#Kind(this.house, nick, room, session);
    onTestFinished(() => member.drops());
    return member;
  }

  /** Somebody who came in, and whose roster is there. */
  async joins(nick: string, room = this.newRoom(), fields: HelloFields = {}): Promise<Kind> {
    const member = this.somebody(nick, room);
    expectWelcome(await member.comes(fields));
    await member.next("roster");
    return member;
  }

  /** People who came into a new room one after the other, each announced to all. */
  async gathers<Nicks extends readonly string[]>(...nicks: Nicks): Promise<{ -readonly [Place in keyof Nicks]: Kind }> {
    const room = this.newRoom();
    const members: Kind[] = [];
    for (const nick of nicks) {
      members.push(await this.joins(nick, room));
      this.clock.advance(250);
      for (const member of members) await member.until(() => member.told.find((told) => isJoinedOf(told, nick)), `joined of ${nick}`);
    }
    for (const member of members) member.forgets();
    return members as { -readonly [Place in keyof Nicks]: Kind };
  }
}

/** How it ends with this code: its close code by WebSocket, its status by long polling; TCP has no number for it. */
export function endWith(transport: TransportCase, code: string, { close, status }: { close: number; status: number }): End {
  return { code, number: transport === tcp ? 0 : transport === webSocket ? close : status };
}

export function isJoinedOf(told: Told, nick: string): boolean {
  return told.type === "joined" && told.nicks?.includes(nick) === true;
}

/** A house that stands for all tests of a `describe`. Tests keep apart by rooms of their own. */
export function standingCompany<Kind extends Member>(
  transport: TransportCase<Kind>,
  settings: Readonly<Record<string, string>> = {},
): Company<Kind> {
  const company = new Company(transport);
  beforeAll(async () => {
    company.clock = new ManualClock();
    company.house = await openHouse(settings, { clock: company.clock });
  });
  afterAll(() => company.house.stop());
  return company;
}

const stops: Promise<void>[] = [];
// A stop takes a second (D3): the houses of single tests stop together, when the file is through.
afterAll(async () => void (await within(Promise.all(stops), "the houses to stop", 15_000)));

/** A house of one test's own. */
export async function openCompany<Kind extends Member>(
  transport: TransportCase<Kind>,
  settings: Readonly<Record<string, string>> = {},
  parts: { engine?: Engine; clock?: ManualClock } = {},
): Promise<Company<Kind>> {
  const company = new Company(transport);
  company.clock = parts.clock ?? new ManualClock();
  company.house = await openHouse(settings, { ...parts, clock: company.clock });
  onTestFinished(() => void stops.push(company.house.stop()));
  return company;
}

/** An engine on what `store` keeps: a second one on the same store is what a restart finds. */
export function engineOn(store: Store, clock: ManualClock): Promise<Engine> {
  return EmbeddedEngine.start({ store, clock, history: { packets: 10_000, days: 30 }, log: pino({ level: "silent" }) });
}

function expectWelcome(told: Told): void {
  if (told.type !== "welcome") throw new Error(`no welcome, but ${JSON.stringify(told)}`);
}
