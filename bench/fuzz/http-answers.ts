import { CODES } from "../../shared/codes.ts";
import { indiscretion, judgePackets } from "./packet-judge.ts";
import type { Known } from "./script.ts";

/** Of the protocol's table, without `internal`; and those of plain HTTP. */
const STATUSES: ReadonlySet<number> = new Set([
  ...Object.values(CODES).map(({ status }) => status as number),
  ...[100, 200, 204, 206, 304, 404, 405, 412, 416, 417, 431],
]);
/** The protocol has it for a room that is full and for a stop; neither happens here but the former. */
const UNAVAILABLE = CODES.full.status;

/** Reads HTTP answers one after the other, and finds what no server should send. */
export class HttpAnswers {
  fault: string | undefined;
  /** How many came whole. */
  count = 0;
  /** The last one said that what follows speaks WebSocket; what has come of that is in `rest`. */
  upgraded = false;
  rest: Buffer = Buffer.alloc(0);
  readonly #known: Known;
  /** Answers may have no body although they say how long it would be. */
  readonly #mayBeHeads: boolean;

  constructor(known: Known, mayBeHeads: boolean) {
    this.#known = known;
    this.#mayBeHeads = mayBeHeads;
  }

  push(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (this.fault === undefined && !this.upgraded && this.#readAnswer());
  }

  #readAnswer(): boolean {
    if (this.rest.length === 0) return false;
    const end = this.rest.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const head = this.rest.toString("latin1", 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (!STATUSES.has(status) && status !== 101) return this.#fail(`no status of ours: ${head.slice(0, 200)}`);
    if (status === CODES.internal.status) return this.#fail("status 500");
    const start = end + 4;
    const length = this.#bodyOctets(head, start);
    if (length === undefined) return false;
    const body = status === 304 ? this.rest.subarray(start, start) : this.rest.subarray(start, start + length);
    this.rest = this.rest.subarray(start + body.length);
    if (status !== 100) this.count++;
    this.upgraded = status === 101;
    const offset = /\r\npalabre-offset: (\d+)/i.exec(head)?.[1];
    this.fault = indiscretion(head) ?? (length === 0 ? undefined : this.#judgeBody(status, head, body));
    // A page of history is about another place.
    if (offset !== undefined && !/\r\npalabre-first-offset/i.test(head)) this.#known.offset = Number(offset);
    return true;
  }

  /** How many octets the body has that begins at `start`; undefined while they are not all there. */
  #bodyOctets(head: string, start: number): number | undefined {
    const next = this.rest.toString("latin1", start, start + 7);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#mayBeHeads && (next === "" || next === "HTTP/1.")) return 0;
    if (!/\r\ntransfer-encoding: chunked/i.test(head)) return start + length <= this.rest.length ? length : undefined;
    const last = this.rest.indexOf("0\r\n\r\n", start);
    return last < 0 ? undefined : last + 5 - start;
  }

  #judgeBody(status: number, head: string, body: Buffer): string | undefined {
    const type = /\r\ncontent-type: ([^\r]*)/i.exec(head)?.[1] ?? "";
    const text = body.toString("utf8");
    if (type.startsWith("text/plain") && !PLAIN.test(text)) {
      const fault = judgePackets(body, this.#known);
      if (fault !== undefined) return `${fault} (${head.slice(0, 40)})`;
    } else if (status >= 500) return `${status} without a code: ${text}`;
    else if (body.length < 4096 && indiscretion(text) !== undefined) return indiscretion(text);
    if (status === UNAVAILABLE && !text.includes('"code":"full"')) return `${status}: ${text}`;
    return undefined;
  }

  #fail(fault: string): false {
    this.fault = fault;
    return false;
  }
}

/** What is plain text and no packets: health, and an address at which there is nothing. */
const PLAIN = /^(?:ok|ready|There is nothing at this address\. The chat is at \/)\n$/;
