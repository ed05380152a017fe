import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

export type Options = {
  /** The page of the chat: `/ws`, `/poll` and `/history` are beside it. */
  readonly url: URL;
  readonly tcp: { readonly host: string; readonly port: number } | undefined;
  /** Only what quotes this rule. */
  readonly rule: string | undefined;
  readonly json: boolean;
  /** How long the server keeps the place of who lost the connection, ms. */
  readonly graceMs: number;
  /** How many sessions it lets in. */
  readonly cap: number | undefined;
  /** The process of the server, where the kit may stop it at the end. */
  readonly stop: number | undefined;
  /** What has to wait longer is left out, ms. */
  readonly maxMs: number;
  /** Begins the names of this run's rooms, so that two runs do not meet. */
  readonly run: string;
};

export const USAGE = `npm run conformance -- URL [options]

  URL                  the page of the chat, such as http://127.0.0.1:9814/
  --tcp HOST:PORT      its port for raw TCP, where it has one
  --rule S16           only what shows this rule
  --json               the result as JSON
  --grace MS           how long it keeps the place of who lost the connection (60000)
  --max-seconds N      leave out what has to wait longer
  --cap N              it lets in N sessions: fill it at the end
  --stop PID           stop it with SIGTERM at the end, and look at how it goes`;

const HINT = `For a quick run start Palabre with
  DATA_DIR=:memory: TCP_PORT=9815 JOINS_PER_MINUTE=0 MAX_CLIENTS_PER_ADDRESS=0 HEARTBEAT_MS=2000 GRACE_MS=4000 RATE_BURST=100 RATE_PER_SECOND=20 npm start
and say --tcp 127.0.0.1:9815 --grace 4000 here. With default settings all of it passes as well, and takes some minutes.`;

export const HINTS = HINT.split("\n");

/** Reads the command line; a string says what is wrong with it. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        tcp: { type: "string" },
        rule: { type: "string" },
        json: { type: "boolean", default: false },
        grace: { type: "string", default: "60000" },
        cap: { type: "string" },
        stop: { type: "string" },
        "max-seconds": { type: "string" },
      },
    });
    const [address, ...others] = positionals;
    if (address === undefined || others.length > 0) return USAGE;
    const url = new URL(address);
    if (!/^https?:$/.test(url.protocol)) return "The URL has to begin with http:// or https://.";
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return {
      url,
      tcp: values.tcp === undefined ? undefined : readPlace(values.tcp),
      rule: values.rule,
      json: values.json,
      graceMs: readWhole("--grace", values.grace),
      cap: values.cap === undefined ? undefined : readWhole("--cap", values.cap),
      stop: values.stop === undefined ? undefined : readWhole("--stop", values.stop),
      maxMs: values["max-seconds"] === undefined ? Number.POSITIVE_INFINITY : 1000 * readWhole("--max-seconds", values["max-seconds"]),
      run: randomBytes(4).toString("hex"),
    };
  } catch (cause) {
    return `${(cause as Error).message}\n\n${USAGE}`;
  }
}

function readWhole(name: string, text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new Error(`${name} takes a whole number from 1.`);
  return Number(text);
}

function readPlace(text: string): { host: string; port: number } {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new Error("--tcp takes HOST:PORT.");
  return { host, port: Number(match?.[3]) };
}
