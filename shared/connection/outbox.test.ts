import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Code } from "../codes.ts";
import { MAX_REFUSALS } from "../limits.ts";
import { decode } from "../packet.ts";
import { Outbox, type SavedEntry } from "./outbox.ts";

const RATE = { code: "rate-limited", message: "Too much at once." } as const;
const INVALID = { code: "message-invalid", message: "No." } as const;

function shown(outbox: Outbox): string[] {
  return outbox.entries().map(({ text, state }) => `${text} ${state.kind}`);
}

function sent(outbox: Outbox, allowance = 64, nick = "ana"): string {
  const outgoing = outbox.take(nick, allowance);
  if (outgoing === undefined) return "nothing";
  const decoded = decode(outgoing.octets);
  return `${outgoing.seq}: ${decoded.packets.map((packet) => (packet.kind === "chat" ? packet.message : packet.type)).join(" ")}`;
}

function outboxWith(...texts: string[]): Outbox {
  const outbox = new Outbox();
  for (const text of texts) outbox.add(text, 0);
  return outbox;
}

describe("numbers", () => {
  it("[S14] counts what is sent from 1, in the order typed", () => {
    const outbox = outboxWith("a", "b", "c");
    expect(sent(outbox, 2)).toBe("1: a b");
    expect(sent(outbox, 2)).toBe("3: c");
    expect(sent(outbox, 2)).toBe("nothing");
  });

  it("[S15] drops what welcome covers and numbers the rest anew", () => {
    const outbox = outboxWith("a", "b", "c", "d");
    sent(outbox, 3);
    outbox.welcome(2);
    outbox.settle();
    expect(shown(outbox)).toEqual(["a accepted", "b accepted", "c pending", "d pending"]);
    expect(sent(outbox)).toBe("3: c d");
  });

  it("[S20] takes nothing as accepted before all that came with welcome was read", () => {
    const outbox = outboxWith("a", "b");
    sent(outbox);
    outbox.welcome(2);
    expect(shown(outbox)).toEqual(["a pending", "b pending"]);
    outbox.refuse(1, INVALID, "ana");
    outbox.settle();
    expect(shown(outbox)).toEqual(["a refused", "b accepted"]);
  });

  it("[S20] knows how far it knows the answers", () => {
    const outbox = outboxWith("a", "b", "c", "d");
    expect(outbox.knownSeq).toBe(0);
    sent(outbox);
    outbox.ack(1, 10);
    outbox.refuse(3, INVALID, "ana");
    expect(outbox.knownSeq).toBe(1);
    outbox.ack(2, 11);
    expect(outbox.knownSeq).toBe(3);
    outbox.ack(4, 12);
    expect(outbox.knownSeq).toBe(4);
  });

  it("[S20] has no more on its way than the server remembers refusals", () => {
    const outbox = outboxWith(...Array.from({ length: 100 }, (_, index) => `${index}`));
    expect(outbox.take("ana", Number.POSITIVE_INFINITY)?.count).toBe(MAX_REFUSALS);
    expect(sent(outbox)).toBe("nothing");
    outbox.ack(10, 1);
    expect(outbox.take("ana", Number.POSITIVE_INFINITY)?.count).toBe(10);
  });

  it("[H14] gives no more at once than a body may hold", () => {
    const outbox = outboxWith(...Array.from({ length: 64 }, () => "x".repeat(999)));
    let count = 0;
    for (;;) {
      const outgoing = outbox.take("n".repeat(99), Number.POSITIVE_INFINITY);
      if (outgoing === undefined) break;
      expect(outgoing.octets.length).toBeLessThanOrEqual(64 * 1024);
      count += outgoing.count;
    }
    expect(count).toBe(64);
  });
});

describe("answers", () => {
  it("[S18] an ack covers all up to its number, but what was refused", () => {
    const outbox = outboxWith("a", "b", "c");
    sent(outbox);
    outbox.refuse(2, INVALID, "ana");
    outbox.ack(3, 7);
    expect(shown(outbox)).toEqual(["a accepted", "b refused", "c accepted"]);
    outbox.read(6);
    expect(shown(outbox)).toHaveLength(3);
    outbox.read(7);
    expect(shown(outbox)).toEqual(["b refused"]);
  });

  it("[S22] what was refused for the rate goes out again in its old order, and nobody is told", () => {
    const outbox = outboxWith("a", "b", "c", "d");
    sent(outbox, 3);
    outbox.refuse(2, RATE, "ana");
    // Number 3 is still on its way: what waits must not overtake it.
    expect(sent(outbox)).toBe("nothing");
    outbox.refuse(3, RATE, "ana");
    outbox.ack(1, 5);
    expect(shown(outbox)).toEqual(["a accepted", "b pending", "c pending", "d pending"]);
    expect(sent(outbox)).toBe("4: b c d");
  });

  it("[S23] what a rename crossed goes out once more under the new name, and no third time", () => {
    const outbox = outboxWith("a");
    const mismatch = { code: "nick-mismatch", message: "" } as const;
    sent(outbox, 1, "ana");
    outbox.refuse(1, mismatch, "bea");
    expect(sent(outbox, 1, "bea")).toBe("2: a");
    outbox.refuse(2, mismatch, "cleo");
    expect(shown(outbox)).toEqual(["a refused"]);
  });

  it("shows what was refused until the person decides", () => {
    const outbox = outboxWith("a", "b", "c");
    sent(outbox, 2);
    outbox.refuse(1, INVALID, "ana");
    outbox.refuse(2, INVALID, "ana");
    const [a, b] = outbox.entries();
    outbox.sendAgain(a?.id ?? 0);
    outbox.discard(b?.id ?? 0);
    expect(shown(outbox)).toEqual(["c pending", "a pending"]);
    expect(sent(outbox)).toBe("3: c a");
    outbox.discard(a?.id ?? 0); // on its way: not to be taken back
    expect(shown(outbox)).toEqual(["c pending", "a pending"]);
  });

  it("leaves the outbox when it shows in the room, even before its answer", () => {
    const outbox = outboxWith("a", "a", "b");
    sent(outbox);
    outbox.heard("ANA", "a", "ana");
    outbox.heard("zoe", "b", "ana");
    expect(shown(outbox)).toEqual(["a pending", "b pending"]);
    outbox.refuse(1, INVALID, "ana"); // it was the other one
    expect(shown(outbox)).toEqual(["a refused", "a pending", "b pending"]);
  });

  it("accepted at no known place, it leaves when it shows, or when all was read", () => {
    const outbox = outboxWith("a", "b");
    sent(outbox);
    outbox.welcome(2);
    outbox.settle();
    outbox.read(1_000);
    expect(shown(outbox)).toEqual(["a accepted", "b accepted"]);
    outbox.heard("ana", "a", "ana");
    expect(shown(outbox)).toEqual(["b accepted"]);
    outbox.caughtUp();
    expect(shown(outbox)).toEqual([]);
  });
});

// What a client does with its outbox, and what may happen to it on the way.
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "type" } as const) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), count: fc.integer({ min: 1, max: 6 }), kept: fc.boolean() }) },
  {
    weight: 9,
    arbitrary: fc.record({ do: fc.constant("serve" as const), verdict: fc.constantFrom("take", "take", "take", "rate", "no") }),
  },
  { weight: 9, arbitrary: fc.constant({ do: "hear" } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cut" as const), served: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reload" as const), served: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: "again" } as const) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

type Kept = { entries: readonly SavedEntry[]; knownSeq: number; nextId: number };
type Answer = { seq: number; code?: Code };

/** A server in a dozen lines, a client, and the wires between them. */
class World {
  outbox = new Outbox();
  readonly log: string[] = [];
  typed = 0;
  readonly refusedOnce = new Set<string>();
  #seq = 0;
  #blocked = false;
  #refusals: Answer[] = [];
  #toServer: { seq: number; text: string }[] = [];
  #toClient: Answer[] = [];
  #kept: Kept = { entries: [], knownSeq: 0, nextId: 1 };

  do(step: Step): void {
    switch (step.do) {
      case "type":
        this.outbox.add(`${this.typed++}`, 0);
        return this.#keep();
      case "send":
        return this.send(step.count, step.kept);
      case "serve":
        return this.serve(step.verdict);
      case "hear":
        return this.hear();
      case "cut":
        for (let packet = 0; packet < step.served; packet++) this.serve("take");
        return this.comeBack();
      case "reload": {
        for (let packet = 0; packet < step.served; packet++) this.serve("take");
        const { entries, knownSeq, nextId } = JSON.parse(JSON.stringify(this.#kept)) as Kept;
        this.outbox = new Outbox();
        this.outbox.restore(entries, knownSeq, nextId);
        return this.comeBack();
      }
      case "again": {
        const refused = this.outbox.entries().find(({ state }) => state.kind === "refused");
        if (refused !== undefined) this.outbox.sendAgain(refused.id);
        return this.#keep();
      }
      default:
        return step satisfies never;
    }
  }

  send(count: number, kept: boolean): void {
    const outgoing = this.outbox.take("ana", count);
    if (outgoing === undefined) return;
    // The page may die before it has written down that this went out: the numbers that it kept are right all the same.
    if (kept) this.#keep();
    decode(outgoing.octets).packets.forEach((packet, index) => {
      if (packet.kind === "chat") this.#toServer.push({ seq: outgoing.seq + index, text: packet.message });
    });
  }

  serve(verdict: string): void {
    const packet = this.#toServer.shift();
    if (packet === undefined) {
      // Time has passed. A refusal is heard before its `retryAfter` is over: on a line slower than that, the order cannot be kept.
      if (this.#toClient.length === 0) this.#blocked = false;
      return;
    }
    expect(packet.seq).toBe(++this.#seq);
    const code: Code | undefined = verdict === "no" ? "message-invalid" : verdict === "rate" || this.#blocked ? "rate-limited" : undefined;
    if (code === "rate-limited") this.#blocked = true;
    if (code === "message-invalid") this.refusedOnce.add(packet.text);
    if (code === undefined) this.log.push(packet.text);
    else this.#refusals = [...this.#refusals, { seq: packet.seq, code }].slice(-MAX_REFUSALS);
    this.#toClient.push(code === undefined ? { seq: packet.seq } : { seq: packet.seq, code });
  }

  hear(): void {
    const answer = this.#toClient.shift();
    if (answer !== undefined) this.#read(answer);
    this.#keep();
  }

  /** All that is on its way arrives, and some time passes. */
  rest(): void {
    while (this.#toServer.length > 0) this.serve("take");
    while (this.#toClient.length > 0) this.hear();
    this.#blocked = false;
  }

  comeBack(): void {
    this.#toServer = [];
    this.#toClient = [];
    this.#blocked = false;
    const { knownSeq } = this.outbox;
    this.outbox.welcome(this.#seq);
    for (const refusal of this.#refusals) if (refusal.seq > knownSeq) this.#read(refusal);
    this.outbox.settle();
    this.#keep();
  }

  #read({ seq, code }: Answer): void {
    if (code === undefined) this.outbox.ack(seq, this.log.length);
    else this.outbox.refuse(seq, { code, message: "" }, "ana");
  }

  #keep(): void {
    this.#kept = { entries: this.outbox.save(), knownSeq: this.outbox.knownSeq, nextId: this.outbox.nextId };
  }
}

it("[S15, S16, S20] whatever is refused, lost, cut or reloaded, all that was typed is in the log exactly once and in order, or shown as refused", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const world = new World();
      for (const step of steps) world.do(step);
      // From here on all goes well.
      for (let round = 0; round < 3; round++) {
        for (let turn = 0; world.outbox.entries().some(({ state }) => state.kind === "pending"); turn++) {
          expect(turn).toBeLessThan(100);
          world.rest();
          world.send(64, true);
        }
        world.comeBack();
      }
      world.outbox.caughtUp();
      world.outbox.read(world.log.length);
      const refused = world.outbox.entries().map(({ text, state }) => {
        expect(state.kind).toBe("refused");
        return text;
      });
      const all = [...world.log, ...refused].sort((a, b) => Number(a) - Number(b));
      expect(all).toEqual(Array.from({ length: world.typed }, (_, index) => `${index}`));
      const inOrder = world.log.filter((text) => !world.refusedOnce.has(text));
      expect(inOrder).toEqual([...inOrder].sort((a, b) => Number(a) - Number(b)));
    }),
    { numRuns: 500 },
  );
});

describe("[S20] doubts", () => {
  function answered(...heard: string[]): Outbox {
    const outbox = outboxWith("a", "b", "c");
    sent(outbox);
    outbox.ack(2, 8);
    outbox.ack(3, 9);
    for (const text of heard) outbox.heard("ana", text, "ana");
    return outbox;
  }

  it("none of what was heard, and none of what the room's packets have not come to", () => {
    const outbox = answered("a", "b");
    expect(outbox.doubts(8)).toBe(false);
    expect(outbox.knownSeq).toBe(3);
    outbox.read(8);
    expect(shown(outbox)).toEqual(["c accepted"]);
  });

  it("all that one answer covered, where some of it was not heard", () => {
    const outbox = answered("b", "c");
    expect(outbox.doubts(8)).toBe(true);
    expect(outbox.knownSeq).toBe(0);
    outbox.read(8);
    // "b" is in the room: it need not be shown twice.
    expect(shown(outbox)).toEqual(["a pending", "c accepted"]);
    expect(sent(outbox)).toBe("nothing");
    outbox.welcome(3);
    outbox.refuse(1, INVALID, "ana");
    outbox.settle();
    expect(shown(outbox)).toEqual(["a refused", "c accepted"]);
    expect(outbox.doubts(9)).toBe(false);
    outbox.read(9);
    expect(shown(outbox)).toEqual(["a refused"]);
    expect(outbox.knownSeq).toBe(3);
  });

  it("nothing a second time: what is not refused then is in the log", () => {
    const outbox = answered();
    expect(outbox.doubts(9)).toBe(true);
    outbox.welcome(3);
    outbox.settle();
    expect(outbox.doubts(99)).toBe(false);
    outbox.caughtUp();
    expect(shown(outbox)).toEqual([]);
  });

  it("nothing that is refused, or sent again, by words that were heard before", () => {
    const outbox = outboxWith("a");
    sent(outbox);
    outbox.refuse(1, INVALID, "ana");
    outbox.heard("bo", "a", "ana");
    outbox.sendAgain(1);
    sent(outbox);
    outbox.ack(2, 5);
    expect(outbox.doubts(5)).toBe(true);
  });

  it("nothing that may be among what is no longer kept", () => {
    const outbox = answered();
    outbox.missed();
    expect(outbox.doubts(9)).toBe(false);
  });
});
