import { connect, type Socket } from "node:net";
import { PacketDecoder } from "../../shared/packet.ts";
import { HttpAnswers } from "./http-answers.ts";
import { indiscretion, judgePackets } from "./packet-judge.ts";
import { fillMarks, type Known, type Script } from "./script.ts";
import { WebSocketAnswers } from "./websocket-answers.ts";

/** How long a script waits, ms. */
export type Waits = {
  /** For an answer that has to come, and for the end after a FIN. */
  readonly answerMs: number;
  /** For an answer that may come: a poll may be parked, and a body that lies about its length is never whole. */
  readonly patienceMs: number;
};

/** Generous with what has to come, as the machine may be busy with others. */
const WAITS: Waits = { answerMs: 20_000, patienceMs: 60 };

/** What became of a script: `fault` says what should not have been; `sent` are the octets as they went out. */
export type Played = { readonly fault: string | undefined; readonly sent: Uint8Array[]; readonly answers: number };

/** Reads what one connection is answered, whatever it speaks. */
interface Answers {
  readonly fault: string | undefined;
  /** Goes up with every answer. */
  readonly count: number;
  push(chunk: Buffer): void;
}

/** Says a script on a connection of its own, hears what is answered, and judges it. `known`: what is known of its session, kept up to date. */
export async function play(port: number, script: Script, known: Known, { answerMs, patienceMs } = WAITS): Promise<Played> {
  const sent: Uint8Array[] = [];
  const line = new Line(port, answersOf(script, known));
  let fault: string | undefined;
  try {
    await line.opened(answerMs);
    for (const { octets, awaits } of script.steps) {
      if (line.closed || line.answers.fault !== undefined) break;
      const before = line.answers.count;
      const filled = fillMarks(octets, known);
      sent.push(filled);
      line.write(filled);
      if (awaits === "nothing") continue;
      const answered = await line.until(() => line.answers.count > before, awaits === "answer" ? answerMs : patienceMs);
      if (!answered && awaits === "answer") fault ??= `number ${sent.length} of its octets, which is well formed, was not answered`;
    }
    if (script.end === "half-close" && !line.closed) {
      line.finish();
      if (!(await line.until(() => false, answerMs))) fault ??= "the server does not hang up";
    }
  } finally {
    line.destroy();
  }
  return { fault: line.answers.fault ?? fault, sent, answers: line.answers.count };
}

/** A socket whose end, by whichever side and however, is no error. */
class Line {
  readonly answers: Answers;
  closed = false;
  readonly #socket: Socket;
  #wake: (() => void) | undefined;

  constructor(port: number, answers: Answers) {
    this.answers = answers;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: false });
    this.#socket.on("data", (chunk) => {
      answers.push(chunk);
      this.#wake?.();
    });
    this.#socket.on("error", () => {}); // "close" follows
    this.#socket.on("close", () => {
      this.closed = true;
      this.#wake?.();
    });
  }

  opened(withinMs: number): Promise<boolean> {
    this.#socket.once("connect", () => this.#wake?.());
    return this.until(() => !this.#socket.connecting, withinMs);
  }

  write(octets: Uint8Array): void {
    this.#socket.write(octets);
  }

  finish(): void {
    this.#socket.end();
  }

  destroy(): void {
    if (!this.closed) this.#socket.resetAndDestroy();
  }

  /** Resolves to true as soon as `done` is, or the line is closed; to false when `withinMs` have passed. */
  until(done: () => boolean, withinMs: number): Promise<boolean> {
    if (done() || this.closed) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (reached: boolean) => {
        clearTimeout(overdue);
        this.#wake = undefined;
        resolve(reached);
      };
      const overdue = setTimeout(() => finish(false), withinMs);
      this.#wake = () => {
        if (done() || this.closed) finish(true);
      };
    });
  }
}

function answersOf({ door, steps }: Script, known: Known): Answers {
  if (door === "tcp") return new StreamAnswers(known);
  const mayBeHeads = steps.some(({ octets }) => Buffer.from(octets).includes("HEAD"));
  return new UpgradableAnswers(known, mayBeHeads);
}

/** HTTP, and WebSocket from an upgrade on. */
class UpgradableAnswers implements Answers {
  readonly #http: HttpAnswers;
  readonly #webSocket: WebSocketAnswers;

  constructor(known: Known, mayBeHeads: boolean) {
    this.#http = new HttpAnswers(known, mayBeHeads);
    this.#webSocket = new WebSocketAnswers(known);
  }

  get fault(): string | undefined {
    return this.#http.fault ?? this.#webSocket.fault;
  }

  get count(): number {
    return this.#http.count + this.#webSocket.frames;
  }

  push(chunk: Buffer): void {
    const wasUpgraded = this.#http.upgraded;
    if (!wasUpgraded) this.#http.push(chunk);
    if (this.#http.upgraded) this.#webSocket.push(wasUpgraded ? chunk : this.#http.rest);
  }
}

/** A stream of packets. */
class StreamAnswers implements Answers {
  fault: string | undefined;
  count = 0;
  readonly #known: Known;
  readonly #decoder = new PacketDecoder();

  constructor(known: Known) {
    this.#known = known;
  }

  push(chunk: Buffer): void {
    const decoded = this.#decoder.push(chunk);
    if (!decoded.ok) this.fault ??= `an answer is no packets: ${decoded.fault} ${indiscretion(chunk.toString("latin1")) ?? ""}`;
    for (const { octets } of decoded.packets) {
      this.count++;
      this.fault ??= judgePackets(octets, this.#known);
    }
  }
}
