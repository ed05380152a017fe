import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";

export type Transport = "websocket" | "long-poll" | "tcp";

export const EVERYWHERE: readonly Transport[] = ["websocket", "long-poll", "tcp"];
export const STREAMS: readonly Transport[] = ["websocket", "tcp"];

/** One thing that has to be so, on each of its transports. */
export type Check = {
  /** Begins with the rules that it shows: `[S16, H7] …`. */
  readonly name: string;
  readonly rules: readonly string[];
  readonly over: readonly Transport[];
  readonly run: (stage: Stage) => Promise<void>;
  /** How long it waits for time to pass, ms. */
  readonly waitsMs: (server: Server) => number;
  /** Why it cannot be seen at this server, where that is so. */
  readonly unless: (server: Server) => string | undefined;
  /** What it does to the server would disturb the others: it runs alone, when they are through, in the order of the list. */
  readonly alone: boolean;
};

type Terms = { readonly waitsMs?: Check["waitsMs"]; readonly unless?: Check["unless"]; readonly alone?: boolean };

export function check(over: readonly Transport[], name: string, run: Check["run"], terms: Terms = {}): Check {
  const rules = /^\[([^\]]+)\] /.exec(name)?.[1]?.split(", ") ?? [];
  return {
    name,
    rules,
    over,
    run,
    waitsMs: terms.waitsMs ?? (() => 0),
    unless: terms.unless ?? (() => undefined),
    alone: terms.alone ?? false,
  };
}
