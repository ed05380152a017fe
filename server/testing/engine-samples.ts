import { nicknameKey } from "../../shared/nickname.ts";
import { decode, encodeChat, encodeService, type Packet } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { LeftWhy } from "../../shared/service.ts";
import type { Engine, Offset, Operation, Outcome, SessionId, SessionRecord } from "../engine/engine.ts";

export const LOBBY = "lobby" as RoomName;
export const DEN = "den" as RoomName;
export const GRACE_MS = 60_000;

/** A session's id, as long as a real one. */
export function idOf(name: string): SessionId {
  return Buffer.from(name.padEnd(32, "~")).toString("base64url").slice(0, 43) as SessionId;
}

type Hello = Operation & { kind: "hello" };

export function hello(name: string, { nick = name, ...more }: Partial<Omit<Hello, "key">> = {}): Hello {
  return { kind: "hello", session: idOf(name), nick, key: nicknameKey(nick), maxHeld: 1000, graceMs: GRACE_MS, ...more };
}

/** A hello that names nobody: of who comes back. */
export function helloAgain(name: string, more: Partial<Omit<Hello, "nick" | "key">> = {}): Hello {
  return { kind: "hello", session: idOf(name), maxHeld: 1000, graceMs: GRACE_MS, ...more };
}

export function chat(name: string, seq: number, { turn = 1, text = `${name} ${seq}` } = {}): Operation {
  return { kind: "chat", session: idOf(name), turn, seq, packet: encodeChat(name, text) };
}

export function refuse(name: string, seq: number, { turn = 1 } = {}): Operation {
  return { kind: "refuse", session: idOf(name), turn, refusal: { seq, code: "message-invalid", message: `no ${seq}` } };
}

export function rename(name: string, nick: string, { turn = 1, silent = false } = {}): Operation {
  const operation = { kind: "rename", session: idOf(name), turn, nick, key: nicknameKey(nick) } as const;
  return silent ? operation : { ...operation, packet: encodeService({ type: "renamed", from: name, to: nick } as { type: string }) };
}

export function linger(name: string, graceMs: number): Operation {
  return { kind: "linger", session: idOf(name), graceMs };
}

export function release(name: string, why: LeftWhy = "left"): Operation {
  return { kind: "release", session: idOf(name), why };
}

export function announce({ joined = [], left = [], silent = false }: { joined?: string[]; left?: string[]; silent?: boolean }): Operation {
  const operation = { kind: "announce", joined: joined.map(idOf), left: left.map(idOf) } as const;
  return silent ? operation : { ...operation, packet: encodeService({ type: "joined", nicks: joined } as { type: string }) };
}

export function post(text: string): Operation {
  return { kind: "post", packet: encodeChat("cron", text) };
}

/** A post under a nickname. */
export function postAs(nick: string, text: string): Operation {
  return { kind: "post", key: nicknameKey(nick), packet: encodeChat(nick, text) };
}

/** The log as a reader meets it: every packet that is kept, by its offset. Fails where offsets have gaps. */
export async function readAll(engine: Engine, room: RoomName, maxOctets = 1_000_000): Promise<Map<Offset, Packet>> {
  const packets = new Map<Offset, Packet>();
  const { first, last } = await engine.open(room);
  let after = first - 1;
  while (after < last) {
    const chunks = await engine.read(room, after, maxOctets);
    if (chunks.length === 0) throw new Error(`nothing after ${after}, though the log goes on to ${last}`);
    for (const chunk of chunks) {
      if (chunk.first !== after + 1) throw new Error(`a chunk begins at ${chunk.first} after ${after}`);
      const decoded = decode(chunk.octets);
      if (!decoded.ok || decoded.rest.length > 0) throw new Error(`the chunk from ${chunk.first} on is not of whole packets`);
      for (const packet of decoded.packets) packets.set(++after, packet);
      if (chunk.last !== after) throw new Error(`a chunk says that it ends at ${chunk.last}, and ends at ${after}`);
    }
  }
  return packets;
}

/** What packets say: messages as they are, others by their type. */
export function texts(packets: Iterable<Packet>): string[] {
  return [...packets].map((packet) => (packet.kind === "chat" ? packet.message : packet.type));
}

/** Commits one operation, and gives what became of it. */
export async function one(engine: Engine, room: RoomName, operation: Operation): Promise<Outcome> {
  const { outcomes } = await engine.commit(room, [operation]);
  if (outcomes.length !== 1) throw new Error(`${outcomes.length} outcomes for one operation`);
  return outcomes[0] as Outcome;
}

/** Says hello, and gives the record; fails where it is refused. */
export async function join(engine: Engine, name: string, room: RoomName = LOBBY): Promise<SessionRecord> {
  const outcome = await one(engine, room, hello(name));
  if (outcome.kind !== "welcomed") throw new Error(`${name} was not let in: ${JSON.stringify(outcome)}`);
  return outcome.record;
}

/** How an outcome reads in a test: its kind, or the code of a refusal. */
export function briefly(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.refusal.code : outcome.kind));
}
