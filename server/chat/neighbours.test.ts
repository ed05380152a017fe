import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { nicknameKey } from "../../shared/nickname.ts";
import { decode, encodeChat, encodeService, type Packet } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { EmbeddedEngine } from "../engine/embedded.ts";
import { EngineError, type Operation, type Present, type SessionId, USUAL_GRACE_MS } from "../engine/engine.ts";
import { MemoryStore } from "../engine/memory-store.ts";
import { openBareHub } from "../testing/bare-hub.ts";
import { hello as operationOfHello, post } from "../testing/engine-samples.ts";
import { Hearer } from "../testing/hearer.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { SharedEngine } from "../testing/shared-engine.ts";
import { Conversation } from "./conversation.ts";
import { type Hub, sessionId } from "./hub.ts";

const LOBBY = "lobby" as RoomName;
const secret = (nick: string) => nick.padEnd(22, "s");
const idBy = (nick: string): SessionId => sessionId(secret(nick));
const present = (nick: string, session = idBy(nick)): Present => ({ session, nick, key: nicknameKey(nick) });

async function open(limits = {}) {
  const clock = new ManualClock();
  const log = pino({ level: "silent" });
  const engine = new SharedEngine(
    await EmbeddedEngine.start({ store: new MemoryStore(), clock, history: { packets: 1000, days: 30 }, log }),
  );
  const { hub } = await openBareHub(limits, { engine, clock });
  const comes = async (nick: string, fields = {}) => {
    const guest = new Guest(hub, nick);
    guest.comes(fields);
    await settle();
    clock.advance(300);
    await settle();
    return guest;
  };
  const whole = async (people: readonly (Present & { own: boolean })[]) =>
    engine.tell(LOBBY, { kind: "whole", log: await engine.inner.open(LOBBY), present: people });
  const said = async () => (await engine.inner.read(LOBBY, 0, 1e6)).flatMap(({ octets }) => decode(octets).packets.map(line));
  return { hub, engine, clock, comes, whole, said };
}

/** Somebody on a stream of their own. */
class Guest {
  readonly hearer = new Hearer();
  readonly nick: string;
  readonly #conversation: Conversation;

  constructor(hub: Hub, nick: string) {
    this.nick = nick;
    this.#conversation = new Conversation(hub, this.hearer, "192.0.2.1");
    this.hearer.onClose = () => this.#conversation.closed();
  }

  comes(fields: object): void {
    this.tells(encodeService({ type: "hello", session: secret(this.nick), nick: this.nick, ...fields }));
  }

  tells(octets: Uint8Array): void {
    this.#conversation.receive(octets, true);
  }

  told(type: string): Record<string, unknown>[] {
    return this.hearer.packets.flatMap((packet) => (packet.kind === "service" && packet.type === type ? [packet.fields] : []));
  }

  get lines(): string[] {
    return this.hearer.packets.map(line);
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function line(packet: Packet): string {
  return packet.kind === "chat" ? `${packet.nick}: ${packet.message}` : `${packet.type} ${packet.fields.nicks ?? ""}`.trim();
}

describe("what other nodes do in a room", () => {
  it("[L1] is heard by everybody in its place, as the same octets, and newcomers are told of it", async () => {
    const { engine, comes } = await open();
    const [ana, bo] = [await comes("ana"), await comes("bo")];
    await engine.does(LOBBY, [post("from elsewhere")], { came: [present("cid")] });
    await settle();
    expect(ana.lines.at(-1)).toBe("cron: from elsewhere");
    expect(bo.hearer.payloads.at(-1)).toBe(ana.hearer.payloads.at(-1));
    ana.tells(encodeChat("ana", "and from here"));
    await settle();
    expect(bo.lines.slice(-2)).toEqual(["cron: from elsewhere", "ana: and from here"]);
    const dee = await comes("dee", { history: 2 });
    expect(dee.lines.slice(1, 3)).toEqual(["cron: from elsewhere", "ana: and from here"]);
    expect(dee.told("roster").at(-1)).toMatchObject({ nicks: ["ana", "bo", "cid", "dee"], online: 4 });
    engine.tell(LOBBY, { kind: "changed", first: 1, went: [nicknameKey("cid")], came: [present("cyd", idBy("cid"))], taken: [] });
    expect((await comes("eve")).told("roster").at(-1)).toMatchObject({ nicks: ["ana", "bo", "dee", "cyd", "eve"] });
  });

  it("[L1] goes out together where much comes at once, and before what this node adds to it", async () => {
    const { engine, comes } = await open();
    const [ana, bo] = [await comes("ana"), await comes("bo")];
    const before = bo.hearer.payloads.length;
    const chunks = [];
    for (const text of ["one", "two", "three"]) chunks.push((await engine.inner.commit(LOBBY, [post(text)])).chunk);
    for (const chunk of chunks)
      engine.tell(LOBBY, { kind: "changed", first: 1, came: [], went: [], taken: [], ...(chunk === undefined ? {} : { chunk }) });
    ana.tells(encodeChat("ana", "four"));
    await settle();
    expect(bo.lines.slice(-4)).toEqual(["cron: one", "cron: two", "cron: three", "ana: four"]);
    expect(bo.hearer.payloads.length - before).toBe(2);
  });

  it("[L1] is not heard twice; and where something is missing before it, everybody comes back and nobody is ended", async () => {
    const { hub, engine, comes, whole, said, clock } = await open();
    const ana = await comes("ana");
    const { chunk, first } = await engine.inner.commit(LOBBY, [post("one")]);
    const news = { kind: "changed", first, came: [], went: [], taken: [], ...(chunk === undefined ? {} : { chunk }) } as const;
    engine.tell(LOBBY, news);
    engine.tell(LOBBY, news);
    await settle();
    expect(ana.lines.filter((said) => said === "cron: one")).toHaveLength(1);
    await engine.inner.commit(LOBBY, [post("two, of which nobody was told")]);
    await engine.does(LOBBY, [post("three")]);
    expect(ana.lines).not.toContain("cron: three");
    expect(ana.hearer.ending).toMatchObject({ code: "internal", retryAfterMs: 1000 });
    expect(hub.sessions.size).toBe(0);
    await settle();
    expect(engine.isFollowed(LOBBY)).toBe(true); // opened anew: somebody is to be looked after
    await whole([{ ...present("ana"), own: true }]);
    await settle();
    expect([...hub.sessions.keys()]).toEqual([idBy("ana")]);
    const again = await comes("ana", { history: 10 });
    expect(again.told("welcome")).toMatchObject([{ resumed: true }]);
    expect(again.lines).toEqual(expect.arrayContaining(["cron: one", "cron: two, of which nobody was told", "cron: three"]));
    clock.advance(1000);
    await settle();
    expect((await said()).filter((text) => /joined|left/.test(text))).toEqual(["joined ana"]);
  });

  it.each([
    ["stream", { code: "replaced" }],
    ["poll", { code: "replaced" }],
    ["attended", { code: "left" }],
    ["node", { code: "internal", retryAfterMs: 1000 }],
  ] as const)("[S5, S7] who is taken over by another node (%s) is let go, and not said to have left", async (by, ending) => {
    const { hub, engine, comes, said, clock } = await open();
    const [ana, bo] = [await comes("ana"), await comes("bo")];
    engine.tell(LOBBY, { kind: "changed", first: 1, came: [], went: [], taken: [{ session: idBy("ana"), by }] });
    expect(ana.hearer.ending).toMatchObject(ending);
    expect([...hub.sessions.keys()]).toEqual([idBy("bo")]);
    ana.tells(encodeChat("ana", "unheard"));
    clock.advance(200_000);
    bo.tells(encodeService({ type: "pong" }));
    await settle();
    expect((await said()).filter((text) => /ana/.test(text))).toEqual(["joined ana"]);
    expect((await engine.find(idBy("ana")))?.held).toBe(true);
    expect((await comes("cid")).told("roster").at(-1)).toMatchObject({ nicks: expect.arrayContaining(["ana"]) });
  });

  it("[L8] of who is taken over before their joined was said, another node says it", async () => {
    const { hub, engine, comes, said, clock } = await open();
    await comes("ana");
    new Guest(hub, "bo").comes({}); // said at once
    await settle();
    new Guest(hub, "cid").comes({}); // to be said in a moment
    await settle();
    engine.tell(LOBBY, { kind: "changed", first: 1, came: [], went: [], taken: [{ session: idBy("cid"), by: "stream" }] });
    clock.advance(1000);
    await settle();
    expect((await said()).filter((text) => text.startsWith("joined"))).toEqual(["joined ana", "joined bo"]);
  });

  it("whoever is there after something was missed: who is gone comes anew, who was kept is adopted, who is elsewhere is let go", async () => {
    const { hub, engine, comes, whole, said, clock } = await open({ graceMs: 5000 });
    const [ana, bo, cid] = [await comes("ana"), await comes("bo"), await comes("cid")];
    await engine.inner.commit(LOBBY, [{ kind: "release", session: idBy("ana"), why: "lost" }]);
    // A hello of this node's that was kept, though it failed.
    await engine.inner.commit(LOBBY, [operationOfHello("dee", { session: idBy("dee"), graceMs: USUAL_GRACE_MS })]);
    const people = [
      { ...present("bo"), own: true },
      { ...present("cid"), own: false },
      { ...present("dee"), own: true },
    ];
    await whole(people);
    expect(ana.hearer.ending).toMatchObject({ code: "unknown-session" });
    expect(cid.hearer.ending).toMatchObject({ code: "internal", retryAfterMs: 1000 });
    expect(bo.hearer.ending).toBeUndefined();
    await settle();
    clock.advance(300);
    await settle();
    expect([...hub.sessions.keys()].toSorted()).toEqual([idBy("bo"), idBy("dee")].toSorted());
    expect((await said()).slice(-2).toSorted()).toEqual(["joined dee", "left ana"]);
    expect((await comes("eve")).told("roster").at(-1)).toMatchObject({ nicks: ["bo", "cid", "dee", "eve"] });
    clock.advance(5500);
    await settle();
    clock.advance(300);
    await settle();
    expect((await said()).at(-1)).toBe("left dee");
    expect(await said()).not.toContain("left cid");
  });

  it("[S5] a hello that is on its way here when another node's comes first takes the session back", async () => {
    const { hub, engine, comes } = await open();
    const ana = await comes("ana");
    const again = new Guest(hub, "ana");
    engine.before = () => {
      engine.before = undefined;
      engine.tell(LOBBY, { kind: "changed", first: 1, came: [], went: [], taken: [{ session: idBy("ana"), by: "stream" }] });
    };
    again.comes({});
    await settle();
    expect(ana.hearer.ending).toMatchObject({ code: "replaced" });
    expect(again.hearer.ending).toBeUndefined();
    expect(again.told("welcome")).toMatchObject([{ resumed: true, turn: 2 }]);
    expect([...hub.sessions.keys()]).toEqual([idBy("ana")]);
    again.tells(encodeChat("ana", "here"));
    await settle();
    expect(again.lines).toContain("ana: here");
  });

  it("[S28] sessions of a node that died are taken over, with their grace", async () => {
    const { hub, engine, comes, said, clock } = await open({ graceMs: 5000 });
    const bo = await comes("bo");
    await engine.does(LOBBY, [operationOfHello("ana", { session: idBy("ana"), graceMs: USUAL_GRACE_MS })], { came: [present("ana")] });
    await engine.does(LOBBY, [
      { kind: "announce", joined: [idBy("ana")], left: [], packet: encodeService({ type: "joined", nicks: ["ana"] } as never) },
    ]);
    const record = await engine.find(idBy("ana"));
    engine.leave(record === undefined ? [] : [record]);
    await settle();
    expect(hub.sessions.has(idBy("ana"))).toBe(true);
    clock.advance(4900);
    await settle();
    expect(await said()).not.toContain("left ana");
    clock.advance(700);
    await settle();
    clock.advance(300);
    await settle();
    expect(bo.lines.filter((text) => text === "left ana")).toHaveLength(1);
  });
});

describe("what this node did, and another one too", () => {
  it("[L9] what may have been said, though it failed, is not said twice", async () => {
    const { engine, comes, said, clock } = await open();
    const ana = await comes("ana");
    let failures = 0;
    engine.after = (operations) => {
      if (failures > 0 || !operations.some(({ kind }) => kind === "announce")) return;
      failures++;
      throw new EngineError("no answer");
    };
    await comes("bo");
    expect(failures).toBe(1);
    // What was kept is told as what others did is.
    const read = await engine.inner.read(LOBBY, (await engine.inner.open(LOBBY)).last - 1, 1e6);
    for (const chunk of read) engine.tell(LOBBY, { kind: "changed", chunk, first: 1, came: [], went: [], taken: [] });
    clock.advance(1000);
    await settle();
    ana.tells(encodeChat("ana", "well"));
    await settle();
    expect((await said()).filter((text) => text === "joined bo")).toHaveLength(1);
    expect(ana.lines.filter((text) => text === "joined bo")).toHaveLength(1);
  });

  it("[L9] of whom another node speaks nothing is said here, and the others are said all the same", async () => {
    const { hub, engine, comes, said, clock } = await open();
    await comes("ana");
    const notOurs = (operation: Operation) =>
      operation.kind === "announce" && operation.joined.includes(idBy("bo"))
        ? ({ kind: "stale", sessions: [idBy("bo")] } as const)
        : undefined;
    engine.instead = notOurs;
    for (const nick of ["bo", "cid", "dee"]) new Guest(hub, nick).comes({});
    for (let time = 0; time < 4; time++) {
      await settle();
      clock.advance(300);
    }
    await settle();
    const joined = (await said()).filter((text) => text.startsWith("joined")).join();
    expect(joined).not.toContain("bo");
    for (const nick of ["cid", "dee"]) expect(joined.split(nick)).toHaveLength(2);
  });

  it("[S26] who is another node's does not leave because of what this one believes", async () => {
    const { hub, engine, comes, said, clock } = await open({ graceMs: 5000 });
    const ana = await comes("ana");
    engine.instead = (operation) => (operation.kind === "release" ? { kind: "stale" } : undefined);
    ana.hearer.close({ code: "left" });
    clock.advance(6000);
    await settle();
    clock.advance(1000);
    await settle();
    expect(hub.sessions.size).toBe(0);
    expect(await said()).not.toContain("left ana");
    expect((await engine.find(idBy("ana")))?.held).toBe(true);
  });

  it("[S41] a rename of which nobody knows whether it was kept ends the transport: the next hello tells the name", async () => {
    const { engine, comes } = await open();
    const ana = await comes("ana");
    engine.after = (operations) => {
      if (!operations.some(({ kind }) => kind === "rename")) return;
      engine.after = undefined;
      throw new EngineError("no answer");
    };
    ana.tells(encodeService({ type: "rename", nick: "anna" }));
    await settle();
    expect(ana.hearer.ending).toMatchObject({ code: "internal" });
    const read = await engine.inner.read(LOBBY, (await engine.inner.open(LOBBY)).last - 1, 1e6);
    for (const chunk of read)
      engine.tell(LOBBY, { kind: "changed", chunk, first: 1, came: [present("anna", idBy("ana"))], went: [nicknameKey("ana")], taken: [] });
    const again = await comes("ana");
    expect(again.told("welcome")).toMatchObject([{ nick: "anna", resumed: true }]);
    again.tells(encodeChat("anna", "it is me"));
    await settle();
    expect(again.lines).toContain("anna: it is me");
    expect(again.told("roster").at(-1)).toMatchObject({ nicks: ["anna"] });
  });
});
