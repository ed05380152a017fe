import { nodeEnvironment } from "../../server/testing/node-environment.ts";
import { ChatConnection } from "../../shared/connection/chat-connection.ts";
import type { ConnectionState } from "../../shared/connection/connection-state.ts";
import type { Environment, WebSocketLike } from "../../shared/connection/environment.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { Random } from "../chaos/random.ts";
import { Host, HostileServer } from "./hostile-server.ts";
import type { Finding } from "./siege.ts";
import { identity } from "./utterance.ts";

/** Time for the clients goes so much faster, so that waiting for a server that lies is soon over. */
const SPEED = 20;
const CLIENTS = 48;
const RECOVERS_WITHIN_MS = 30_000;
/** What no timer of a browser takes: it would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MAX_FINDINGS = 10;
/** What the client may keep of what it was told: far above what a few payloads hold. */
const MAX_OUTBOX = 50;

export type Duped = { readonly cases: number; readonly payloads: number; readonly ended: number; readonly findings: Finding[] };

/** Feeds ChatConnection what no server would say, then lets an honest one answer: each client has to come back, or say why not. */
export async function dupe(seed: string, from: number, payloads: number): Promise<Duped> {
  const server = new HostileServer();
  const url = await server.open();
  const findings: Finding[] = [];
  let number = from;
  let fed = 0;
  let ended = 0;
  const work = async () => {
    while (fed < payloads && findings.length < MAX_FINDINGS) {
      const mine = number++;
      const random = new Random(`${seed}/client/${mine}`);
      const hostile = random.between(1, 12);
      fed += hostile;
      const host = new Host(random.fork("host"), hostile);
      server.hosts.set(`c${mine}`, host);
      const { fault, state } = await meet(`${url}/c${mine}`, seed, random, host);
      server.hosts.delete(`c${mine}`);
      if (state.kind === "ended") ended++;
      if (fault !== undefined) findings.push({ door: "client", number: mine, what: fault });
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, work));
  } finally {
    await server.close();
  }
  return { cases: number - from, payloads: fed, ended, findings };
}

/** One client and its server. */
async function meet(url: string, seed: string, random: Random, host: Host): Promise<{ fault: string | undefined; state: ConnectionState }> {
  let fault: string | undefined;
  const fail = (what: string) => {
    fault ??= what;
  };
  const heard = new Set<string>();
  let entries = 0;
  const only = random.pick([undefined, "websocket", "long-poll"] as const);
  const session = identity(seed, 0).secret as never;
  const options = { url, session, nick: "ana", room: "lobby" as RoomName, ...(only === undefined ? {} : { only }) };
  const connection = new ChatConnection(options, guarded(fail), {
    events: (events) => {
      for (const event of events) if (event.kind === "message") heard.add(event.message);
    },
    state: () => {},
    outbox: (outbox) => {
      entries = outbox.length;
    },
  });
  const call = (run: () => void) => {
    try {
      run();
    } catch (cause) {
      fail(`threw ${(cause as Error).stack}`);
    }
  };
  call(() => connection.start());
  call(() => connection.send("first"));
  if (random.chance(0.3)) call(() => connection.rename("anabel"));
  const deadline = performance.now() + RECOVERS_WITHIN_MS;
  let said = 0;
  for (;;) {
    const { state } = connection;
    if (fault !== undefined || state.kind === "ended" || heard.has("still here")) break;
    if (performance.now() > deadline) {
      fail(`did not come back: ${JSON.stringify(state)}, honest: ${host.honest}, said ${said}`);
      break;
    }
    if (state.kind === "idle") fail("went back to idle");
    if (state.kind === "waiting") {
      if (!Number.isFinite(state.retryAtMs)) fail(`waits until ${state.retryAtMs}`);
      call(() => connection.probe());
    } else if (state.kind === "open" && host.honest) {
      if (said++ % 100 === 0) call(() => connection.send("still here"));
    } else if (state.kind === "open") call(() => connection.probe());
    if (entries > MAX_OUTBOX) fail(`the outbox has ${entries} entries`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { state } = connection;
  call(() => connection.stop());
  return { fault, state };
}

/** Node as it is, faster; and whatever the connection throws where it is called back comes here. */
function guarded(fail: (what: string) => void): Environment {
  const guard = <Arguments extends unknown[]>(run: (...given: Arguments) => void) => {
    return (...given: Arguments): void => {
      try {
        run(...given);
      } catch (cause) {
        fail(`threw ${(cause as Error).stack}`);
      }
    };
  };
  const plain = nodeEnvironment();
  return nodeEnvironment({
    clock: {
      now: () => performance.now() * SPEED,
      wall: () => Date.now(),
      after(delayMs, run) {
        if (!(delayMs >= 0 && delayMs <= LONGEST_TIMER_MS)) fail(`asks for a timer of ${delayMs} ms`);
        const timer = setTimeout(guard(run), Math.min(delayMs, LONGEST_TIMER_MS) / SPEED);
        return () => clearTimeout(timer);
      },
    },
    connectWebSocket: (url, protocol) => {
      const socket = plain.connectWebSocket?.(url, protocol) as WebSocketLike;
      return {
        get binaryType() {
          return socket.binaryType;
        },
        set binaryType(type) {
          socket.binaryType = type;
        },
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
        send: (octets) => socket.send(octets),
        close: (code, reason) => socket.close(code, reason),
        get onopen() {
          return socket.onopen;
        },
        set onopen(run) {
          socket.onopen = run && guard(run);
        },
        get onmessage() {
          return socket.onmessage;
        },
        set onmessage(run) {
          socket.onmessage = run && guard(run);
        },
        get onclose() {
          return socket.onclose;
        },
        set onclose(run) {
          socket.onclose = run && guard(run);
        },
        get onerror() {
          return socket.onerror;
        },
        set onerror(run) {
          socket.onerror = run && guard(run);
        },
      };
    },
  });
}
