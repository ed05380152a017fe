import fc from "fast-check";
import { expect } from "vitest";
import { decode } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { EngineMaker, Running } from "../engine/engine.contract.ts";
import type { Engine, Operation, Outcome, SessionId, SessionRecord } from "../engine/engine.ts";
import {
  announce,
  chat,
  DEN,
  hello,
  helloAgain,
  idOf,
  LOBBY,
  linger,
  post,
  postAs,
  readAll,
  refuse,
  release,
  rename,
  texts,
} from "./engine-samples.ts";

const ROOMS = [LOBBY, DEN];
const NAMES = ["ann", "bob", "cid", "dee"];
const NICKS = ["ann", "Ann", "bob", "zoe"];
const HISTORY = { packets: 20, days: 30 };
const DAY_MS = 24 * 3_600_000;

type Session = { -readonly [Name in keyof SessionRecord]: SessionRecord[Name] } & { endedMs?: number; claims: boolean };
type Log = { said: string[]; at: number };
/** What the system's clock says, and what it would say had it not been set since the engine was started. */
type Times = { readonly wallMs: number; readonly steadyMs: number };

/** What an engine does, in as few words as possible. */
class Model {
  readonly sessions = new Map<SessionId, Session>();
  readonly logs = new Map<RoomName, Log>(ROOMS.map((room) => [room, { said: [], at: 0 }]));

  get held(): number {
    return [...this.sessions.values()].filter((session) => session.held).length;
  }

  #startedAtMs = 0;

  started(wallMs: number): void {
    this.#startedAtMs = wallMs;
  }

  /** Begins a commit; what it gives carries operations out. */
  commit(room: RoomName, { wallMs, steadyMs }: Times): (operation: Operation) => Outcome {
    const log = this.logs.get(room) as Log;
    let appended = 0;
    const put = (packet: Uint8Array) => {
      if (appended++ === 0 && Math.abs(wallMs - log.at) >= 1000) {
        log.at = wallMs;
        log.said.push("clock");
      }
      const decoded = decode(packet);
      log.said.push(...texts(decoded.packets));
      return log.said.length;
    };
    return (operation) => this.#carryOut(room, operation, steadyMs, put);
  }

  #carryOut(room: RoomName, operation: Operation, steadyMs: number, put: (packet: Uint8Array) => number): Outcome {
    const said = (packet: Uint8Array | undefined): Outcome => (packet ? { kind: "appended", offset: put(packet) } : { kind: "noted" });
    if (operation.kind === "post") {
      if (operation.key !== undefined && this.#holder(room, operation.key)) return NICK_TAKEN;
      return said(operation.packet);
    }
    if (operation.kind === "announce") {
      for (const [ids, announced] of [
        [operation.joined, true],
        [operation.left, false],
      ] as const) {
        for (const id of ids) {
          const session = this.sessions.get(id);
          if (session?.room !== room) continue;
          session.announced = announced;
          if (!announced && !session.held) session.claims = false;
        }
      }
      return said(operation.packet);
    }
    if (operation.kind === "hello") return this.#hello(room, operation);
    const session = this.sessions.get(operation.session);
    if (!session?.held || session.room !== room) return { kind: "stale" };
    if (operation.kind === "attend") return { kind: "attended", record: recordOf(session) };
    if (operation.kind === "release") {
      Object.assign(session, { held: false, why: operation.why, endedMs: steadyMs });
      return { kind: "noted" };
    }
    if (operation.kind === "linger") {
      session.graceMs = operation.graceMs;
      return { kind: "noted" };
    }
    if (operation.turn !== session.turn) return { kind: "stale" };
    if (operation.kind === "rename") {
      if (this.#claimant(room, operation.key, session)) return NICK_TAKEN;
      const from = session.nick;
      Object.assign(session, { nick: operation.nick, key: operation.key });
      return operation.packet ? { kind: "renamed", from, offset: put(operation.packet) } : { kind: "renamed", from };
    }
    const seq = operation.kind === "chat" ? operation.seq : operation.refusal.seq;
    if (seq !== session.seq + 1) return { kind: seq <= session.seq ? "duplicate" : "skipped" };
    session.seq = seq;
    if (operation.kind === "chat") return said(operation.packet);
    session.refusals = [...session.refusals, operation.refusal].slice(-64);
    return { kind: "noted" };
  }

  #hello(room: RoomName, { session: id, nick, key, maxHeld, graceMs }: Operation & { kind: "hello" }): Outcome {
    const refused = (code: "wrong-room" | "nick-invalid" | "nick-taken" | "full"): Outcome => ({
      kind: "refused",
      refusal: { code, message: expect.any(String) },
    });
    const known = this.sessions.get(id);
    if (known && known.room !== room) return refused("wrong-room");
    const resumed = known?.held === true;
    let session = known;
    if (!resumed) {
      const wanted = nick !== undefined && key !== undefined ? { nick, key } : known;
      if (!wanted) return refused("nick-invalid");
      if (this.#holder(room, wanted.key)) return refused("nick-taken");
      if (this.held >= maxHeld) return refused("full");
      session ??= { session: id, room, ...wanted, turn: 0, seq: 0, refusals: [], held: true, announced: false, graceMs, claims: true };
      const overtaken = this.#claimant(room, wanted.key);
      if (overtaken) overtaken.claims = false;
      Object.assign(session, { nick: wanted.nick, key: wanted.key, held: true, claims: true });
      delete session.why;
      delete session.endedMs;
      this.sessions.set(id, session);
    }
    const welcomed = session as Session;
    welcomed.turn++;
    welcomed.graceMs = graceMs;
    return { kind: "welcomed", resumed, record: recordOf(welcomed) };
  }

  /** Who holds the nickname, or ended and is not yet said to have left; where somebody came in under it meanwhile, they alone. */
  #claimant(room: RoomName, key: string, but?: Session): Session | undefined {
    return [...this.sessions.values()].find((session) => session !== but && session.claims && session.room === room && session.key === key);
  }

  restart(): void {
    const sessions = [...this.sessions.values()].sort((a, b) => (a.session < b.session ? -1 : 1));
    for (const session of sessions) session.claims = session.held;
    for (const session of sessions)
      if (!session.held && session.announced) session.claims = this.#claimant(session.room, session.key) === undefined;
  }

  #holder(room: RoomName, key: string, but?: Session): Session | undefined {
    return [...this.sessions.values()].find((session) => session !== but && session.held && session.room === room && session.key === key);
  }

  tidy({ steadyMs }: Times): void {
    for (const [id, { held, announced, endedMs = 0 }] of this.sessions) {
      // What an earlier run noted may be wrong by half a day; but it was before this one.
      const exact = endedMs >= this.#startedAtMs && endedMs <= steadyMs;
      const latest = exact ? endedMs : Math.min(this.#startedAtMs, endedMs + DAY_MS / 2);
      if (!held && !announced && latest < steadyMs - DAY_MS) this.sessions.delete(id);
    }
  }
}

function recordOf({ endedMs: _, claims: __, ...record }: Session): SessionRecord {
  return { ...record };
}

const NICK_TAKEN: Outcome = { kind: "refused", refusal: { code: "nick-taken", message: expect.any(String) } };

/** An operation in the making: it wants to know how the sessions stand by then. */
type Draft = (model: Model) => Operation;
type Step =
  | { kind: "commits"; commits: { room: RoomName; operations: Draft[] }[] }
  | { kind: "time"; ms: number; step: boolean }
  | { kind: "tidy" }
  | { kind: "restart" };

const name = fc.constantFrom(...NAMES);
const turnOf = (model: Model, who: string, behind: number) => (model.sessions.get(idOf(who))?.turn ?? 1) - behind;
const seqOf = (model: Model, who: string, ahead: number) => (model.sessions.get(idOf(who))?.seq ?? 0) + ahead;
/** Mostly right. */
const mostly = <Value>(right: Value, ...wrong: Value[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: fc.constantFrom(...wrong) });

const draft: fc.Arbitrary<Draft> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({ who: name, nick: fc.constantFrom(...NICKS), maxHeld: fc.constantFrom(2, 3, 100), graceMs: fc.constantFrom(60_000, 1000) })
      .map(
        ({ who, ...more }) =>
          () =>
            hello(who, more),
      ),
  },
  { weight: 1, arbitrary: name.map((who) => () => helloAgain(who)) },
  {
    weight: 8,
    arbitrary: fc.record({ who: name, ahead: mostly(1, -1, 0, 2), behind: mostly(0, 1) }).map(
      ({ who, ahead, behind }) =>
        (model: Model) =>
          chat(who, seqOf(model, who, ahead), { turn: turnOf(model, who, behind) }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ who: name, ahead: mostly(1, 0, 2), behind: mostly(0, 1) }).map(
      ({ who, ahead, behind }) =>
        (model: Model) =>
          refuse(who, seqOf(model, who, ahead), { turn: turnOf(model, who, behind) }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ who: name, nick: fc.constantFrom(...NICKS), behind: mostly(0, 1), silent: fc.boolean() }).map(
      ({ who, nick, behind, silent }) =>
        (model: Model) =>
          rename(who, nick, { turn: turnOf(model, who, behind), silent }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ who: name, graceMs: fc.constantFrom(10, 60_000) }).map(
      ({ who, graceMs }) =>
        () =>
          linger(who, graceMs),
    ),
  },
  { weight: 2, arbitrary: name.map((who) => () => release(who, "lost")) },
  {
    weight: 2,
    arbitrary: fc
      .record({ joined: fc.uniqueArray(name), left: fc.uniqueArray(name), silent: fc.boolean() })
      .map((said) => () => announce(said)),
  },
  {
    weight: 2,
    arbitrary: fc.record({ text: fc.string({ minLength: 1, maxLength: 20 }), nick: fc.constantFrom(undefined, ...NICKS) }).map(
      ({ text, nick }) =>
        () =>
          nick === undefined ? post(text) : postAs(nick, text),
    ),
  },
);

const commit = fc.record({ room: fc.constantFrom(...ROOMS), operations: fc.array(draft, { maxLength: 6 }) });

function steps(lasting: boolean): fc.Arbitrary<Step[]> {
  const step: fc.WeightedArbitrary<Step>[] = [
    {
      weight: 12,
      arbitrary: fc.record({ kind: fc.constant("commits" as const), commits: fc.array(commit, { minLength: 1, maxLength: 4 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("time" as const),
        ms: fc.constantFrom(-5000, -1, 1, 999, 1000, DAY_MS),
        step: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "tidy" as const }) },
  ];
  if (lasting) step.push({ weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) });
  return fc.array(fc.oneof(...step), { maxLength: 25 });
}

/** Random operations, on an engine and on the model: they agree about everything, all the time. */
export async function checkAgainstModel(maker: EngineMaker, numRuns = 60): Promise<void> {
  await fc.assert(
    fc.asyncProperty(steps(maker.lasting), async (all) => {
      const running = await maker.start(HISTORY);
      try {
        await walk(all, running);
      } finally {
        await running.dispose();
      }
    }),
    { numRuns },
  );
}

async function walk(all: readonly Step[], running: Running): Promise<void> {
  const { clock } = running;
  const model = new Model();
  let { engine } = running;
  let aheadMs = 0;
  const starts = () => {
    aheadMs = clock.wall() - clock.now();
    model.started(clock.wall());
  };
  const times = () => ({ wallMs: clock.wall(), steadyMs: clock.now() + aheadMs });
  starts();
  for (const step of all) {
    switch (step.kind) {
      case "commits":
        await commitAll(step.commits, model, engine, times());
        break;
      case "time":
        if (step.step || step.ms < 0) clock.stepWall(step.ms);
        else clock.advance(step.ms);
        break;
      case "tidy":
        await engine.tidy();
        model.tidy(times());
        break;
      case "restart":
        if ("reopen" in running) engine = await (running as Running & { reopen(): Promise<Engine> }).reopen();
        starts();
        model.restart();
        model.tidy(times());
        break;
    }
    await compare(model, engine);
  }
}

async function commitAll(
  commits: readonly { room: RoomName; operations: readonly Draft[] }[],
  model: Model,
  engine: Engine,
  times: Times,
): Promise<void> {
  const expected: Outcome[][] = [];
  const committing = commits.map(({ room, operations: drafts }) => {
    const carryOut = model.commit(room, times);
    const outcomes: Outcome[] = [];
    const operations = drafts.map((make) => {
      const operation = make(model);
      outcomes.push(carryOut(operation));
      return operation;
    });
    expected.push(outcomes);
    return engine.commit(room, operations);
  });
  expect((await Promise.all(committing)).map(({ outcomes }) => outcomes)).toEqual(expected);
}

async function compare(model: Model, engine: Engine): Promise<void> {
  expect(await engine.held()).toBe(model.held);
  for (const who of NAMES) {
    const session = model.sessions.get(idOf(who));
    expect(await engine.find(idOf(who))).toEqual(session && recordOf(session));
  }
  for (const [room, { said, at }] of model.logs) {
    const log = await engine.open(room);
    expect(log).toMatchObject({ last: said.length, at });
    const kept = log.last - log.first + 1;
    expect(kept).toBeGreaterThanOrEqual(Math.min(said.length, HISTORY.packets));
    expect(kept).toBeLessThanOrEqual(2 * HISTORY.packets);
    expect(texts((await readAll(engine, room)).values())).toEqual(said.slice(log.first - 1));
  }
}
