import type { Environment, FetchLike, WebSocketLike } from "../shared/connection/environment.ts";

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
    redirect: "error",
    signal: abort.signal,
  }).then(async (response) => ({
    status: response.status,
    header: (name: string) => response.headers.get(name),
    body: new Uint8Array(await response.arrayBuffer()),
  }));
  return { answer, cancel: () => abort.abort() };
};
