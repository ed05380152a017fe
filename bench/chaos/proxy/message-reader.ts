/** Longer than this is no head that is understood here. */
const MAX_HEAD_OCTETS = 64 * 1024;
const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** The head of a request or an answer. Names of headers are in lower case. */
export type Head = { readonly first: string; readonly headers: ReadonlyMap<string, string> };

/** `last`: the message ends with it. After `plain` everything is plain: it was not understood, or ends only with the connection. */
export type Part =
  | { readonly kind: "head"; readonly head: Head; readonly octets: Buffer; readonly bodyOctets: number; readonly last: boolean }
  | { readonly kind: "body"; readonly octets: Buffer; readonly last: boolean }
  | { readonly kind: "plain"; readonly octets: Buffer };

/** Finds the boundaries of HTTP/1.1 messages: no more of it than Content-Length. Nothing is checked, nothing is changed. */
export class MessageReader {
  readonly #start: RegExp;
  readonly #bodyOctets: (head: Head) => number | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #rest = 0;
  #state: "head" | "body" | "plain" = "head";

  /** `bodyOctets` gives the length of the body behind a head; undefined where that cannot be known. */
  private constructor(start: RegExp, bodyOctets: (head: Head) => number | undefined) {
    this.#start = start;
    this.#bodyOctets = bodyOctets;
  }

  static ofRequests(): MessageReader {
    return new MessageReader(/^[A-Z]{1,20}( |$)/, (head) => (isChunked(head) ? undefined : (contentLength(head) ?? 0)));
  }

  /** `method` is that of the request that is answered next. */
  static ofAnswers(method: () => string): MessageReader {
    return new MessageReader(/^(H|HT|HTT|HTTP|HTTP\/|HTTP\/1|HTTP\/1\..*)$/s, (head) => {
      const status = statusOf(head);
      if (status < 200 || status === 204 || status === 304 || method() === "HEAD") return 0;
      return isChunked(head) ? undefined : contentLength(head);
    });
  }

  /** What was pushed and not given by `next` yet. */
  get waitingOctets(): number {
    return this.#buffer.length;
  }

  push(octets: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? octets : Buffer.concat([this.#buffer, octets]);
  }

  /** All that is left, as it came. */
  takeRest(): Buffer {
    return this.#take(this.#buffer.length);
  }

  next(): Part | undefined {
    if (this.#buffer.length === 0) return undefined;
    if (this.#state === "head") return this.#nextHead();
    if (this.#state === "plain") return { kind: "plain", octets: this.takeRest() };
    const octets = this.#take(Math.min(this.#rest, this.#buffer.length));
    this.#rest -= octets.length;
    const last = this.#rest === 0;
    if (last) this.#state = "head";
    return { kind: "body", octets, last };
  }

  #nextHead(): Part | undefined {
    const end = this.#buffer.indexOf(END_OF_HEAD);
    const tooLong = (end < 0 ? this.#buffer.length : end) > MAX_HEAD_OCTETS;
    if (tooLong || !this.#start.test(this.#buffer.toString("latin1", 0, 21))) return this.#plain();
    if (end < 0) return undefined;
    const head = parseHead(this.#buffer.toString("latin1", 0, end));
    const bodyOctets = this.#bodyOctets(head);
    if (bodyOctets === undefined) return this.#plain();
    const octets = this.#take(end + END_OF_HEAD.length);
    this.#rest = bodyOctets;
    if (bodyOctets > 0) this.#state = "body";
    return { kind: "head", head, octets, bodyOctets, last: bodyOctets === 0 };
  }

  #plain(): Part {
    this.#state = "plain";
    return { kind: "plain", octets: this.takeRest() };
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }
}

/** 0 where there is none. */
export function statusOf({ first }: Head): number {
  return Number(/^HTTP\/1\.\d (\d{3})/.exec(first)?.[1] ?? 0);
}

function parseHead(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { first, headers };
}

function isChunked({ headers }: Head): boolean {
  return headers.has("transfer-encoding");
}

function contentLength({ headers }: Head): number | undefined {
  const told = headers.get("content-length");
  return told !== undefined && /^\d{1,15}$/.test(told) ? Number(told) : undefined;
}
