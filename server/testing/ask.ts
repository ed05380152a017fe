import { type IncomingHttpHeaders, request } from "node:http";
import { request as requestSecurely } from "node:https";
import { decode } from "../../shared/packet.ts";

/** Where a server is: a port of this machine, or the URL of its page, with the path that it has behind a proxy. */
export type Address = { readonly port: number } | URL;

/** The URL of one of its doors; `path` begins with a slash. */
export function urlOf(address: Address, path: string): URL {
  const page = address instanceof URL ? address.href : `http://127.0.0.1:${address.port}/`;
  return new URL(`.${path}`, page.endsWith("/") ? page : `${page}/`);
}

/** A packet as a test looks at it: a service packet's fields, whichever it has, or `{ type: "chat", nick, message }`. */
export type Told = {
  readonly type: string;
  readonly nick?: string;
  readonly message?: string;
  readonly nicks?: readonly string[];
  readonly why?: string;
  readonly from?: string | number;
  readonly to?: string | number;
  readonly at?: number;
  readonly seq?: number;
  readonly of?: string;
  readonly code?: string;
  readonly retryAfter?: number;
  readonly offset?: number;
  readonly online?: number;
  readonly more?: boolean;
  readonly log?: string;
  readonly room?: string;
  readonly turn?: number;
  readonly resumed?: boolean;
  readonly heartbeat?: number;
  readonly limits?: {
    readonly nick: number;
    readonly message: number;
    readonly rate: { readonly burst: number; readonly perSecond: number };
  };
};

/** `told` is the body read as packets, empty where it is something else. */
export type Answer = { status: number; headers: IncomingHttpHeaders; octets: Buffer; told: Told[] };

export type Question = {
  session?: string;
  body?: Uint8Array | string | readonly Uint8Array[];
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/** One HTTP request on a connection of its own, nothing kept, nothing tried again. Rejects when the connection breaks. */
export function ask(house: Address, method: string, path: string, question: Question = {}): Promise<Answer> {
  const { session, body, headers = {}, signal } = question;
  const url = urlOf(house, path);
  const answer = new Promise<Answer>((resolve, reject) => {
    const asked = (url.protocol === "https:" ? requestSecurely : request)(url, {
      method,
      agent: false,
      headers: {
        ...(session === undefined ? {} : { authorization: `Bearer ${session}` }),
        ...(body === undefined ? {} : { "content-type": "text/plain; charset=utf-8" }),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    asked.once("error", reject);
    asked.once("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.once("error", reject);
      response.once("end", () => {
        const octets = Buffer.concat(pieces);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, octets, told: tell(octets)?.map(([told]) => told) ?? [] });
      });
    });
    asked.end(Array.isArray(body) ? Buffer.concat(body) : body);
  });
  answer.catch(() => undefined); // who waits for it is told; a poll that a test leaves behind is nobody's
  return answer;
}

/** The packets in `octets`, each with its own octets; undefined where they are not whole packets. */
export function tell(octets: Uint8Array): [told: Told, octets: Uint8Array][] | undefined {
  const decoded = decode(octets);
  if (!decoded.ok || decoded.rest.length > 0) return undefined;
  return decoded.packets.map((packet) => [
    packet.kind === "chat" ? { type: "chat", nick: packet.nick, message: packet.message } : (packet.fields as Told),
    packet.octets,
  ]);
}

/** `promise`, or after `ms` an error that says what was waited for. */
export async function within<Value>(promise: Promise<Value>, what: string, ms = 6000): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Round trips on new connections: what reached the server before them (a request, the end of a connection) is handled after them. */
export async function settled(house: Address): Promise<void> {
  for (let round = 0; round < 4; round++) await within(ask(house, "GET", "/readyz"), "a round trip");
}
