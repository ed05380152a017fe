import { pino } from "pino";
import { type Palabre, startPalabre } from "../app.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Engine } from "../engine/engine.ts";
import { readSettings, type Settings } from "../settings.ts";
import { freshEngine } from "./fresh-engine.ts";

/** Settings for a test: any free port, nothing written down, and limits that a test does not meet by accident. */
export function testSettings(changes: Readonly<Record<string, string>> = {}): Settings {
  const read = readSettings([], {
    PORT: "0",
    TCP_PORT: "0",
    LOG_LEVEL: "silent",
    JOINS_PER_MINUTE: "0",
    MAX_CLIENTS_PER_ADDRESS: "0",
    ...changes,
  });
  if (!read.ok) throw new Error(read.faults.join("\n"));
  return read.settings;
}

export type House = Palabre & { readonly engine: Engine; readonly lines: LogLine[] };
export type LogLine = Record<string, unknown> & { msg: string };

/** A real server on a free port of this machine, in this process, that keeps nothing on disk unless it is handed an engine. */
export async function openHouse(
  changes: Readonly<Record<string, string>> = {},
  parts: { engine?: Engine; clock?: Clock; page?: string | null } = {},
): Promise<House> {
  const settings = testSettings(changes);
  const lines: LogLine[] = [];
  const log = pino({ level: "info", base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const clock = parts.clock ?? systemClock;
  const engine =
    parts.engine ?? (await freshEngine({ clock, log, history: { packets: settings.HISTORY_PACKETS, days: settings.HISTORY_DAYS } }));
  const palabre = await startPalabre({ settings, engine, log, clock, page: parts.page ?? null });
  return { ...palabre, engine, lines };
}
