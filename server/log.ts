import { type DestinationStream, type Logger, pino } from "pino";
import type { Settings } from "./settings.ts";

export type { Logger };

/**
 * The structured log: a JSON object a line, to standard output or to `LOG_FILE`. Where the file can't be written to, it throws with the
 * system's reason.
 */
export function createLog(settings: Pick<Settings, "LOG_LEVEL" | "LOG_FILE">): Logger {
  const { LOG_LEVEL: level, LOG_FILE: dest } = settings;
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime } as const;
  const stream: DestinationStream =
    dest === undefined ? pino.destination({ sync: false }) : pino.destination({ dest, append: true, sync: true });
  // A disk that is full must not take the chat with it: what can't be written down is lost, and the next line is tried again.
  (stream as NodeJS.EventEmitter & DestinationStream).on("error", () => {});
  return pino(options, stream);
}
