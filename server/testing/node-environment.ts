import WebSocket from "ws";
import type { Environment, FetchLike, WebSocketLike } from "../../shared/connection/environment.ts";

/** How long the peer may take to hang up, ms. */
const CLOSE_WITHIN_MS = 1000;

/** Node as the connection needs it: ws, the built-in fetch, real time. `changes` puts something else in the place of a part. */
export function nodeEnvironment(changes: Partial<Environment> = {}): Environment {
  return {
    clock: {
      now: () => performance.now(),
      wall: () => Date.now(),
      after(delayMs, run) {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
    },
    random: Math.random,
    connectWebSocket: openWebSocket,
    fetch: nodeFetch,
    ...changes,
  };
}

function openWebSocket(url: string, protocol: string): WebSocketLike {
  const webSocket = new WebSocket(url, protocol, { perMessageDeflate: false });
  const close = webSocket.close.bind(webSocket);
  webSocket.close = (code, reason) => {
    close(code, reason);
    const timer = setTimeout(() => webSocket.terminate(), CLOSE_WITHIN_MS);
    timer.unref();
    webSocket.once("close", () => clearTimeout(timer));
  };
  return webSocket as unknown as WebSocketLike;
}

const nodeFetch: FetchLike = (url, { method, headers, body, keepalive }) => {
  const abort = new AbortController();
  const init = { method, headers, signal: abort.signal, keepalive: keepalive ?? false, redirect: "manual" } as const;
  const answer = fetch(url, body === undefined ? init : { ...init, body }).then(async (response) => ({
    status: response.status,
    header: (name: string) => response.headers.get(name),
    body: new Uint8Array(await response.arrayBuffer()),
  }));
  return { answer, cancel: () => abort.abort() };
};
