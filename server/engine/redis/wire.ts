import type { Code } from "../../../shared/codes.ts";
import type { NicknameKey } from "../../../shared/nickname.ts";
import type { RoomName } from "../../../shared/room-name.ts";
import type { LeftWhy } from "../../../shared/service.ts";
import type { Carrier, Chunk, NumberedRefusal, Operation, Outcome, Present, SessionId, SessionRecord, Taken } from "../engine.ts";

/** What a script takes, and what it gives; octets come as Buffers. */
export type Argument = string | Uint8Array;
export type Reply = number | null | Buffer | Reply[];

const text = (reply: Reply | undefined): string => (Buffer.isBuffer(reply) ? reply.toString("utf8") : String(reply));
const number = (reply: Reply | undefined): number => Number(text(reply));
const list = (reply: Reply | undefined): Reply[] => (Array.isArray(reply) ? reply : []);
export const texts = (reply: Reply | undefined): string[] => list(reply).map(text);

/** An operation as commit.lua takes it. `foreign`: its session is in another room. */
export function putOperation(into: Argument[], operation: Operation, foreign: boolean): void {
  const put = (...values: (string | number | Uint8Array)[]) => {
    for (const value of values) into.push(typeof value === "number" ? String(value) : value);
  };
  const packet = (octets: Uint8Array | undefined) => (octets === undefined ? ["0", ""] : ["1", octets]);
  switch (operation.kind) {
    case "hello": {
      const { session, nick, key, maxHeld, graceMs, carrier, settles } = operation;
      return put("hello", session, nick ?? "", key ?? "", maxHeld, graceMs, carrier ?? "", foreign ? "1" : "0", settles ? "1" : "0");
    }
    case "attend":
      return put("attend", operation.session, operation.turn);
    case "chat":
      return put("chat", operation.session, operation.turn, operation.seq, operation.packet);
    case "refuse":
      return put("refuse", operation.session, operation.turn, operation.refusal.seq, JSON.stringify(operation.refusal));
    case "rename":
      return put("rename", operation.session, operation.turn, operation.nick, operation.key, ...packet(operation.packet));
    case "linger":
      return put("linger", operation.session, operation.graceMs);
    case "release":
      return put("release", operation.session, operation.why);
    case "announce": {
      const { joined, left, again } = operation;
      return put("announce", joined.length, ...joined, left.length, ...left, again ? "1" : "0", ...packet(operation.packet));
    }
    case "post":
      return put("post", operation.key ?? "", operation.packet);
    default:
      return operation satisfies never;
  }
}

/** What commit.lua answers. */
export type CommitReply = {
  readonly log: string;
  /** Which of the commits that the nodes are told of this was; the last one where they were not told. */
  readonly revision: number;
  readonly told: boolean;
  readonly first: number;
  readonly outcomes: readonly Outcome[];
  readonly chunk: Chunk | undefined;
  /** Session and how it stands, for each whose place may have changed. */
  readonly places: readonly string[];
  readonly made: boolean;
  /** The name of the last commit that appended anything: before this one, and with it. */
  readonly before: string;
  readonly tag: string;
};

export function readCommit(reply: Reply, room: RoomName, operations: readonly Operation[]): CommitReply {
  const [log, revision, told, first, begins, last, before, at, outcomes, places, extra, made, tagBefore, tag] = list(reply);
  const read = list(outcomes).map((outcome, index) => readOutcome(list(outcome), room, operations[index] as Operation));
  const packets = new Map<number, Uint8Array>(list(extra).map((entry) => [number(list(entry)[0]), list(entry)[1] as Buffer]));
  read.forEach((outcome, index) => {
    if ((outcome.kind === "appended" || outcome.kind === "renamed") && outcome.offset !== undefined)
      packets.set(outcome.offset, (operations[index] as Operation & { packet: Uint8Array }).packet);
  });
  const chunk =
    number(last) < number(begins)
      ? undefined
      : { first: number(begins), last: number(last), before: number(before), at: number(at), octets: joined(packets, number(begins)) };
  return {
    log: text(log),
    revision: number(revision),
    told: number(told) === 1,
    first: number(first),
    outcomes: read,
    chunk,
    places: texts(places),
    made: number(made) === 1,
    before: text(tagBefore),
    tag: text(tag),
  };
}

function joined(packets: ReadonlyMap<number, Uint8Array>, first: number): Uint8Array {
  return Buffer.concat(Array.from({ length: packets.size }, (_, index) => packets.get(first + index) as Uint8Array));
}

function readOutcome([kind, ...rest]: Reply[], room: RoomName, operation: Operation): Outcome {
  const session = "session" in operation ? operation.session : ("" as SessionId);
  switch (text(kind)) {
    case "welcomed":
      return { kind: "welcomed", resumed: number(rest[0]) === 1, record: readRecord(session, room, list(rest[1])) };
    case "attended":
      return { kind: "attended", record: readRecord(session, room, list(rest[0])) };
    case "refused":
      return { kind: "refused", refusal: { code: text(rest[0]) as Code, message: text(rest[1]) } };
    case "appended":
      return { kind: "appended", offset: number(rest[0]) };
    case "renamed": {
      const offset = number(rest[1]);
      return offset === 0 ? { kind: "renamed", from: text(rest[0]) } : { kind: "renamed", from: text(rest[0]), offset };
    }
    case "stale":
      return rest.length === 0 ? { kind: "stale" } : { kind: "stale", sessions: texts(rest[0]) as SessionId[] };
    default:
      return { kind: text(kind) as "noted" | "duplicate" | "skipped" };
  }
}

/** What is kept of a session, as the scripts give it. */
export function readRecord(session: SessionId, room: RoomName, fields: Reply[]): SessionRecord {
  const [nick, key, turn, seq, refusals, held, announced, why, graceMs, carrier] = fields;
  return {
    session,
    room,
    nick: text(nick),
    key: text(key) as NicknameKey,
    turn: number(turn),
    seq: number(seq),
    refusals: texts(refusals).map((refusal) => JSON.parse(refusal) as NumberedRefusal),
    held: number(held) === 1,
    announced: number(announced) === 1,
    graceMs: number(graceMs),
    ...(text(why) === "" ? {} : { why: text(why) as LeftWhy }),
    ...(text(carrier) === "" ? {} : { carrier: text(carrier) as Carrier }),
  };
}

/** A record of a log, and the revision and the name of the commit that it belongs to. */
export type ReadChunk = Chunk & { readonly revision: number; readonly tag: string };

export function readChunks(reply: Reply): ReadChunk[] {
  const fields = list(reply);
  const chunks: ReadChunk[] = [];
  for (let at = 0; at < fields.length; at += 7) {
    const [first, last, before, time, revision] = fields.slice(at, at + 5).map(number) as [number, number, number, number, number];
    chunks.push({ first, last, before, at: time, revision, octets: fields[at + 5] as Buffer, tag: text(fields[at + 6]) });
  }
  return chunks;
}

/** A room as open.lua gives it. `rev`: what the nodes had been told of by then. */
export type OpenedRoom = {
  readonly state: { readonly log: string; readonly first: number; readonly last: number; readonly at: number };
  readonly revision: number;
  readonly present: readonly (Present & { readonly node: string })[];
  readonly made: boolean;
  /** The name of the last commit that appended anything. */
  readonly tag: string;
};

export function readOpened(reply: Reply): OpenedRoom {
  const [log, first, last, at, revision, people, made, tag] = list(reply);
  const fields = texts(people);
  const present: (Present & { node: string })[] = [];
  for (let index = 0; index < fields.length; index += 4) {
    const [session, nick, key, node] = fields.slice(index, index + 4) as [string, string, string, string];
    present.push({ session: session as SessionId, nick, key: key as NicknameKey, node });
  }
  return {
    state: { log: text(log), first: number(first), last: number(last), at: number(at) },
    revision: number(revision),
    present,
    made: number(made) === 1,
    tag: text(tag),
  };
}

/** What the nodes are told of a commit: a line of JSON, and the packets. */
export type Told = {
  readonly node: string;
  readonly revision: number;
  readonly first: number;
  /** As in `CommitReply`. */
  readonly before: string;
  readonly tag: string;
  readonly chunk: Chunk | undefined;
  readonly came: readonly Present[];
  readonly went: readonly NicknameKey[];
  readonly taken: readonly Taken[];
};

type Header = {
  n: string;
  r: number;
  k: number;
  p: string;
  g: string;
  f?: number;
  l?: number;
  b?: number;
  a?: number;
  c?: [string, string, string][];
  w?: string[];
  t?: [string, string][];
};

export function readTold(message: Buffer): Told {
  const end = message.indexOf(0x0a);
  const { n, r, k, p, g, f, l, b, a, c = [], w = [], t = [] } = JSON.parse(message.toString("utf8", 0, end)) as Header;
  const chunk =
    f === undefined ? undefined : { first: f, last: l as number, before: b as number, at: a as number, octets: message.subarray(end + 1) };
  return {
    node: n,
    revision: r,
    first: k,
    before: p,
    tag: g,
    chunk,
    came: c.map(([session, nick, key]) => ({ session: session as SessionId, nick, key: key as NicknameKey })),
    went: w as NicknameKey[],
    taken: t.map(([session, by]) => ({ session: session as SessionId, by: by as Taken["by"] })),
  };
}
