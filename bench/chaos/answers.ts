import type { Packet, ServicePacket } from "../../shared/packet.ts";

/** Who wants to know what became of what was said. */
export interface AnswerListener {
  /** The server said that it is in the log; `offset` where it said which. */
  acknowledged(text: string, offset: number | undefined): void;
  /** The server said that it is not in the log under that number. */
  refused(text: string, code: string, retryAfterMs: number | undefined): void;
  /** The server said, by `welcome`, that it never had it: its number is another's now. */
  unsaid(text: string): void;
  /** What the server said cannot be. */
  fault(what: string): void;
}

type Numbered = { readonly text: string; readonly seq: number; answer: "none" | "acknowledged" | "refused"; offset: number | undefined };
type Turn = { readonly after: number; readonly said: Numbered[] };

/** Turns whose late answers are still understood. */
const KEPT_TURNS = 8;

/**
 * Reads from the wire what the server said of each message of one session, without asking the client that sent it. Numbers are counted from each
 * `welcome`, turn by turn. Source: S14 to S20.
 */
export class Answers {
  readonly #listener: AnswerListener;
  readonly #turns = new Map<number, Turn>();
  #latest = 0;
  /** What the last `welcome` dealt with: in the log, unless one of the refusals right behind it says otherwise. */
  #settling: Numbered[] = [];

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** Chat packets went out on a line whose last `welcome` was of `turn`; `first` is their number where the request says it. */
  said(turn: number, texts: readonly string[], first?: number): void {
    const entry = this.#turns.get(turn);
    if (entry === undefined) return this.#listener.fault(`said ${JSON.stringify(texts[0])} in turn ${turn}, which never began`);
    let seq = first ?? entry.after + entry.said.length + 1;
    for (const text of texts) {
      const before = entry.said[seq - entry.after - 1];
      if (before === undefined) {
        if (seq !== entry.after + entry.said.length + 1) this.#listener.fault(`number ${seq} of turn ${turn} skips one`);
        entry.said.push({ text, seq, answer: "none", offset: undefined });
      } else if (before.text !== text) this.#listener.fault(`number ${seq} of turn ${turn} is ${before.text} and ${text}`);
      seq++;
    }
  }

  /** Reads one packet that came on a line of `turn`. Gives the turn that the line is of from there on. */
  read(turn: number, packet: Packet): number {
    const type = packet.kind === "service" ? packet.type : "chat";
    if (type !== "refused" && type !== "welcome") this.#settle(turn);
    if (packet.kind === "chat") return turn;
    if (type === "welcome") return this.#welcome(packet);
    if (type === "ack") this.#ack(turn, number(packet, "seq") ?? 0, number(packet, "offset"));
    if (type === "refused") this.#refused(turn, packet);
    return turn;
  }

  #welcome(packet: ServicePacket): number {
    const turn = number(packet, "turn") ?? 0;
    const seq = number(packet, "seq") ?? 0;
    // One that was given before the one by which the session goes on says nothing any more.
    if (turn <= this.#latest) return turn;
    for (const item of this.#turns.get(this.#latest)?.said ?? []) {
      if (item.answer !== "none") continue;
      if (item.seq <= seq) this.#settling.push(item);
      else this.#listener.unsaid(item.text);
    }
    this.#turns.set(turn, { after: seq, said: [] });
    this.#latest = turn;
    for (const old of this.#turns.keys()) if (this.#turns.size > KEPT_TURNS && old < turn) this.#turns.delete(old);
    return turn;
  }

  /** The refusals come right behind `welcome`: at the first other packet they are all there. Source: S20. */
  #settle(turn: number): void {
    if (turn !== this.#latest || this.#settling.length === 0) return;
    for (const item of this.#settling.splice(0)) this.#accept(item, undefined);
  }

  #ack(turn: number, seq: number, offset: number | undefined): void {
    const entry = this.#turns.get(turn);
    if (entry === undefined) return;
    if (seq > entry.after + entry.said.length) this.#listener.fault(`ack of number ${seq} in turn ${turn}, which was never said`);
    for (const item of entry.said) {
      if (item.seq > seq) break;
      if (item.seq === seq) this.#accept(item, offset);
      else if (item.answer === "none") this.#accept(item, undefined);
    }
  }

  #accept(item: Numbered, offset: number | undefined): void {
    const known = item.answer === "acknowledged" && (offset === undefined || offset === item.offset);
    if (known || (item.answer === "refused" && offset === undefined)) return;
    item.answer = "acknowledged";
    item.offset = offset ?? item.offset;
    this.#listener.acknowledged(item.text, offset);
  }

  #refused(turn: number, packet: ServicePacket): void {
    const seq = number(packet, "seq");
    if (seq === undefined) return;
    const settling = turn === this.#latest ? this.#settling.findIndex((item) => item.seq === seq) : -1;
    const entry = this.#turns.get(turn);
    const item = settling < 0 ? entry?.said[seq - entry.after - 1] : this.#settling.splice(settling, 1)[0];
    if (item === undefined || item.answer === "refused") return;
    if (item.answer === "acknowledged")
      this.#listener.fault(`number ${seq} of turn ${turn} was acknowledged, and then refused: ${item.text}`);
    item.answer = "refused";
    const code = packet.fields.code;
    this.#listener.refused(item.text, typeof code === "string" ? code : "", number(packet, "retryAfter"));
  }
}

function number({ fields }: ServicePacket, name: string): number | undefined {
  const value = fields[name];
  return typeof value === "number" ? value : undefined;
}
