import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../shared/connection/backoff.ts";
import type { Line } from "./line.ts";
import { Listener, type ListenerParts } from "./listener.ts";
import { PollLine } from "./poll-line.ts";
import { SocketLine, TCP, WEB_SOCKET } from "./socket-line.ts";
import { each } from "./until.ts";

export type Kind = "websocket" | "long-poll" | "tcp";
/** A session, and what carries it. */
export type LoadMember = { readonly kind: Kind; readonly listener: Listener; readonly line: Line };

export function newMember(kind: Kind, parts: ListenerParts): LoadMember {
  const listener = new Listener(parts);
  const line = kind === "long-poll" ? new PollLine(listener) : new SocketLine(listener, kind === "tcp" ? TCP : WEB_SOCKET);
  return { kind, listener, line };
}

/** Where a server listens. */
export type Ports = { readonly port: number; readonly tcpPort: number };

/** How often somebody tries to come in. */
const ATTEMPTS = 6;

/** All of them say hello, some at the same time; whoever does not get through tries again as the real client does, spread evenly. */
export async function helloAll(members: readonly LoadMember[], { port, tcpPort }: Ports, atOnce = 50): Promise<void> {
  await each(members, atOnce, async ({ kind, line }, index) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await line.hello(kind === "tcp" ? tcpPort : port);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await sleep(backoffMs(attempt, (index / members.length + 0.618 * attempt) % 1));
      }
    }
  });
}
