import type { Environment, FetchLike, FetchRequest, WebSocketLike } from "../../shared/connection/environment.ts";
import { decode, type Packet } from "../../shared/packet.ts";
import type { Answers } from "./answers.ts";

/** `environment`, but `answers` hears all that travels, before the client does. */
export function tapped(environment: Environment, answers: Answers): Environment {
  const { connectWebSocket, fetch } = environment;
  return {
    ...environment,
    connectWebSocket: connectWebSocket && ((url, protocol) => new TappedWebSocket(connectWebSocket(url, protocol), answers)),
    fetch: tapFetch(fetch, answers),
  };
}

/** Passes everything on, and looks at it. */
class TappedWebSocket implements WebSocketLike {
  readonly #inner: WebSocketLike;
  readonly #answers: Answers;
  #turn = 0;
  #heard: WebSocketLike["onmessage"] = null;

  constructor(inner: WebSocketLike, answers: Answers) {
    this.#inner = inner;
    this.#answers = answers;
    // Also what comes after the client stopped listening is what the server said.
    inner.onmessage = (event) => {
      this.#turn = read(answers, this.#turn, event.data);
      this.#heard?.(event);
    };
  }

  get binaryType(): string {
    return this.#inner.binaryType;
  }

  set binaryType(type: string) {
    this.#inner.binaryType = type;
  }

  get bufferedAmount(): number {
    return this.#inner.bufferedAmount;
  }

  send(octets: Uint8Array<ArrayBuffer>): void {
    const texts = textsIn(octets);
    if (texts.length > 0) this.#answers.said(this.#turn, texts);
    this.#inner.send(octets);
  }

  close(code?: number, reason?: string): void {
    this.#inner.close(code, reason);
  }

  get onopen(): WebSocketLike["onopen"] {
    return this.#inner.onopen;
  }

  set onopen(run: WebSocketLike["onopen"]) {
    this.#inner.onopen = run;
  }

  get onmessage(): WebSocketLike["onmessage"] {
    return this.#heard;
  }

  set onmessage(run: WebSocketLike["onmessage"]) {
    this.#heard = run;
  }

  get onclose(): WebSocketLike["onclose"] {
    return this.#inner.onclose;
  }

  set onclose(run: WebSocketLike["onclose"]) {
    this.#inner.onclose = run;
  }

  get onerror(): WebSocketLike["onerror"] {
    return this.#inner.onerror;
  }

  set onerror(run: WebSocketLike["onerror"]) {
    this.#inner.onerror = run;
  }
}

function tapFetch(fetch: FetchLike, answers: Answers): FetchLike {
  return (url, request) => {
    const { searchParams } = new URL(url);
    const turn = Number(searchParams.get("turn") ?? 0);
    const texts = request.method === "POST" ? textsIn(request.body) : [];
    if (texts.length > 0) answers.said(turn, texts, Number(searchParams.get("seq")));
    const { answer, cancel } = fetch(url, request);
    return {
      answer: answer.then((answered) => {
        if (answered.status === 200 && bringsAnswers(request, texts)) read(answers, turn, answered.body);
        return answered;
      }),
      cancel,
    };
  };
}

/** A GET brings none: only packets of the room, which settle what the `hello` before it brought. */
function bringsAnswers({ method, headers }: FetchRequest, texts: readonly string[]): boolean {
  return method === "GET" || texts.length > 0 || headers.Authorization === undefined;
}

function textsIn(octets: Uint8Array | undefined): string[] {
  if (octets === undefined) return [];
  return decode(octets).packets.flatMap((packet) => (packet.kind === "chat" ? [packet.message] : []));
}

/** Gives the turn that the line is of afterwards. */
function read(answers: Answers, turn: number, data: unknown): number {
  const octets = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
  if (!(octets instanceof Uint8Array)) return turn;
  const packets: readonly Packet[] = decode(octets).packets;
  return packets.reduce((current, packet) => answers.read(current, packet), turn);
}
