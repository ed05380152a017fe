import { isIP } from "node:net";
import { parseArgs } from "node:util";
import * as z from "zod";
import { parseRoomName } from "../shared/room-name.ts";
import { parseRedisUrl } from "./engine/redis/redis-url.ts";

/** A whole number within bounds. */
function wholeNumber(least: number, most: number) {
  return z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most, `a whole number from ${least} to ${most}`)
    .transform(Number);
}

function whole(least: number, most: number, fallback: number) {
  return wholeNumber(least, most).default(fallback);
}

/** A comma list, each entry read by `read`, which gives undefined for what it does not take. */
function list<Entry>(read: (text: string) => Entry | undefined, what: string) {
  return z
    .string()
    .transform((text, context): Entry[] => {
      const entries = text.split(",").map((entry) => read(entry.trim()));
      if (entries.some((entry) => entry === undefined)) context.addIssue({ code: "custom", message: `a comma list of ${what}` });
      return entries as Entry[];
    })
    .optional();
}

const REDIS_URLS =
  "redis://[user:password@]host[:port][/database], redis+sentinel://host,host/primary or redis+cluster://host,host (rediss for TLS)";

/** A setting that this version knows of and cannot serve yet: better said than ignored. */
const later = z
  .string()
  .refine(() => false, "nothing for now: this version does not have it yet")
  .optional();

/**
 * Every setting: its name as an environment variable, what it takes, its default, what it means. The command line has a flag for each:
 * `--max-clients 50` is `MAX_CLIENTS=50`, and wins.
 */
export const SETTINGS = z.object({
  HOST: z.string().default("127.0.0.1").describe("The address to listen on. `0.0.0.0` is every one of this machine's."),
  PORT: whole(0, 65535, 9814).describe("The port for HTTP and WebSocket. 0 takes any free one."),
  TCP_PORT: wholeNumber(0, 65535).optional().describe("The port for raw TCP. 0 takes any free one. Unset: there is none."),
  UDP_PORT: later.describe("The port for datagrams."),
  MAX_CLIENTS: whole(1, 10_000_000, 1000).describe("Sessions present at once, all rooms and all nodes together."),
  MAX_CLIENTS_PER_ADDRESS: whole(0, 10_000_000, 200).describe("Of those, from one address (IPv6: one /64). 0 lifts it."),
  ROOMS: list(parseRoomName, "room names (a-z, 0-9 and -, 1 to 32 characters)").describe("Closes the set of rooms. Unset: any."),
  DATA_DIR: z.string().default("data").describe("Where the logs are kept. `:memory:` keeps nothing."),
  REDIS_URL: z
    .string()
    .refine((text) => parseRedisUrl(text) !== undefined, REDIS_URLS)
    .optional()
    .describe(
      "Keeps the logs in a Redis instead, which several nodes may share: `redis://host`; also Sentinel and Cluster (docs/operating.md).",
    ),
  REDIS_REPLICAS: whole(0, 100, 0).describe("With Redis: how many of its replicas have a message before it is acknowledged."),
  DURABILITY: z
    .enum(["disk", "process"], "disk or process")
    .default("disk")
    .describe("What acknowledged means: `disk`, safe from a loss of power; `process`, safe from a crash of the process only."),
  HISTORY_PACKETS: whole(1, 10_000_000, 10_000).describe("How many packets a room's log keeps at least; at most twice as many."),
  HISTORY_DAYS: whole(1, 36_500, 30).describe("For how many days a room's log keeps them."),
  HEARTBEAT_MS: whole(100, 3_600_000, 25_000).describe("How often clients are asked whether they are there."),
  GRACE_MS: whole(1000, 86_400_000, 60_000).describe("How long a nickname is kept for who lost the connection."),
  DRAIN_MS: whole(0, 600_000, 3000).describe("How long a stop waits for slow receivers."),
  RATE_BURST: whole(0, 1_000_000, 20).describe("Messages of one session at once. 0 lifts the limit."),
  RATE_PER_SECOND: whole(0, 1_000_000, 5).describe("Messages of one session a second, in the long run. 0 lifts the limit."),
  JOINS_PER_MINUTE: whole(0, 1_000_000, 60).describe("New sessions from one address; resuming is free. 0 lifts it."),
  NOTICE_LIMIT: whole(0, 10_000_000, 10_000).describe("Above this many present in a room, coming and going is not said."),
  ALLOWED_ORIGINS: list(parseOrigin, "origins (https://example.org)").describe(
    "Other origins that may use the chat. The page's own always may.",
  ),
  TRUST_PROXY: list(parseNetwork, "addresses or networks (10.0.0.0/8)").describe("Proxies whose `X-Forwarded-*` are believed."),
  ADMIN_TOKEN: later.describe("Opens the operator's page."),
  LOG_LEVEL: z
    .enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"], "silent, fatal, error, warn, info, debug or trace")
    .default("info")
    .describe("How much is written down."),
  LOG_FILE: z.string().optional().describe("Where it is written. Unset: standard output."),
});

export type Settings = z.infer<typeof SETTINGS>;

export type ReadSettings = { ok: true; settings: Settings } | { ok: false; faults: string[] };

/** Reads flags and environment, once, at start. An empty variable counts as unset. Every wrong one is named. */
export function readSettings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): ReadSettings {
  const flags = readFlags(args);
  const texts: Record<string, string> = {};
  for (const name of Object.keys(SETTINGS.shape)) {
    const text = flags.values[flagOf(name)] ?? environment[name];
    if (text !== undefined && text !== "") texts[name] = text;
  }
  const result = SETTINGS.safeParse(texts);
  if (result.success && flags.faults.length === 0) return { ok: true, settings: result.data };
  const wrong = result.success ? [] : result.error.issues.map((issue) => describe(String(issue.path[0]), texts, issue.message));
  return { ok: false, faults: [...flags.faults, ...wrong] };
}

/** `MAX_CLIENTS` is `max-clients` on the command line. */
export function flagOf(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/** A secret is not said even where it is wrong; and REDIS_URL may have one in it. */
function describe(name: string, texts: Record<string, string>, takes: string): string {
  const value = name === "ADMIN_TOKEN" || name === "REDIS_URL" ? "" : ` is ${JSON.stringify(texts[name])}, but`;
  return `${name}${value} takes ${takes}.`;
}

function readFlags(args: readonly string[]): { values: Record<string, string>; faults: string[] } {
  const options = Object.fromEntries(Object.keys(SETTINGS.shape).map((name) => [flagOf(name), { type: "string" as const }]));
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const values: Record<string, string> = {};
  const faults: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional")
      faults.push(`${JSON.stringify(token.value)} is not understood here. Flags look like --max-clients 50.`);
    if (token.kind !== "option") continue;
    if (!(token.name in options))
      faults.push(
        `There is no flag ${token.rawName}. There are: ${Object.keys(options)
          .map((name) => `--${name}`)
          .join(", ")}.`,
      );
    else if (token.value === undefined) faults.push(`${token.rawName} needs a value.`);
    else values[token.name] = token.value;
  }
  return { values, faults };
}

function parseOrigin(text: string): string | undefined {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && text === url.origin ? text : undefined;
  } catch {
    return undefined;
  }
}

function parseNetwork(text: string): string | undefined {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return undefined;
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))) return undefined;
  return text;
}
