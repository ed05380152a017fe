import type { Environment, FetchLike, WebSocketLike } from "../shared/connection/environment.ts";
import { concatOctets } from "../shared/octets.ts";

/** More than any answer of the server has. What is longer comes from elsewhere, and need not be read to its end, if it has one. */
const MAX_BODY_OCTETS = 2 ** 21;

/** The browser, as the connection needs it. Where it has no WebSocket, there is none. */
export function browserEnvironment(): Environment {
  const Socket: typeof WebSocket | undefined = globalThis.WebSocket;
  return {
    clock: {
      now: () => performance.now(),
      wall: () => Date.now(),
      after(delayMs, run) {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
    },
    random: () => Math.random(),
    fetch: exchange,
    ...(Socket && {
      connectWebSocket: (url: string, protocol: string) => new Socket(url, protocol) as WebSocketLike,
    }),
  };
}

const exchange: FetchLike = (url, { method, headers, body, keepalive }) => {
  const abort = new AbortController();
  const answer = fetch(url, {
    method,
    headers,
    body: body ?? null,
    keepalive: keepalive ?? false,
    cache: "no-store",
    credentials: "same-origin",
    // Not followed, but known to be one: with "error" it would look like a dead network.
    redirect: "manual",
    signal: abort.signal,
  }).then(async (response) => ({
    status: response.status,
    header: (name: string) => response.headers.get(name),
    body: await read(response),
  }));
  return { answer, cancel: () => abort.abort() };
};

async function read({ body }: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const reader = body?.getReader();
  for (let octets = 0; reader && octets <= MAX_BODY_OCTETS; ) {
    const { done, value } = await reader.read();
    if (done) return concatOctets(pieces);
    octets += value.length;
    pieces.push(value);
  }
  void reader?.cancel().catch(() => {});
  return concatOctets(pieces);
}
