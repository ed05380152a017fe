import { type Palabre, startPalabre } from "../app.ts";
import { systemClock } from "../clock.ts";
import { TcpPortError } from "../doors/tcp.ts";
import type { DataDirectory } from "../engine/data-directory.ts";
import { createLog, type Logger } from "../log.ts";
import { openEngine } from "../open-engine.ts";
import type { Settings } from "../settings.ts";

/** Serves the chat until it is told to stop. Gives the exit status; 0 after a stop in good order. */
export async function startCommand(settings: Settings): Promise<number> {
  let log: Logger;
  try {
    log = createLog(settings);
  } catch (cause) {
    return cannotStart(`The log file ${settings.LOG_FILE} can't be written to (${reasonOf(cause)}). Set LOG_FILE to one that can.`);
  }
  let palabre: Palabre;
  let directory: DataDirectory | undefined;
  try {
    const opened = await openEngine(settings, systemClock, log);
    directory = opened.directory;
    try {
      palabre = await startPalabre({ settings, engine: opened.engine, log });
    } catch (cause) {
      await opened.engine.close();
      throw cause;
    }
  } catch (cause) {
    return cannotStart(explain(cause, settings));
  }
  // Before it says that it listens: whoever reads that may tell it to stop at once.
  const stop = stopSignal(log);
  directory?.describe({ pid: process.pid, url: palabre.url });
  process.stdout.write(`Palabre is listening on ${palabre.url}\n`);
  await stop;
  // The timers of a stop do not keep the process alive by themselves, and when the doors are closed nothing else may.
  const alive = setInterval(() => {}, 1000);
  await palabre.stop();
  clearInterval(alive);
  log.info({}, "stopped in good order");
  return 0;
}

function cannotStart(sentence: string): number {
  process.stderr.write(`Palabre did not start: ${sentence}\n`);
  return 1;
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1);
      asked = true;
      log.info({ signal }, "stopping");
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}

function explain(cause: unknown, settings: Settings): string {
  const isTcp = cause instanceof TcpPortError;
  const name = isTcp ? "TCP_PORT" : "PORT";
  const { HOST, [name]: port } = settings;
  const { code, message } = (isTcp ? cause.cause : cause) as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${HOST} is in use. Stop what listens there, or choose another port with ${name}.`;
    case "EACCES":
      return `Port ${port} on ${HOST} may not be used without more rights. Choose one from 1024 on with ${name}.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${HOST} is no address of this machine. Set HOST to one that is, or to 0.0.0.0 for all of them.`;
    default:
      return message;
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
