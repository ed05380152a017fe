/** Where Redis is, as `REDIS_URL` says it. */
export type RedisPlace = {
  readonly kind: "single" | "sentinel" | "cluster";
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  /** What Sentinel calls the primary. */
  readonly primary?: string;
};

const SCHEMES: Readonly<Record<string, Pick<RedisPlace, "kind" | "tls">>> = {
  redis: { kind: "single", tls: false },
  rediss: { kind: "single", tls: true },
  "redis+sentinel": { kind: "sentinel", tls: false },
  "rediss+sentinel": { kind: "sentinel", tls: true },
  "redis+cluster": { kind: "cluster", tls: false },
  "rediss+cluster": { kind: "cluster", tls: true },
};
const PORTS = { single: 6379, sentinel: 26379, cluster: 6379 } as const;

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`, `redis+sentinel://…host,host,…/primary[/database]` and `redis+cluster://…host,host,…`;
 * with `rediss` for TLS. Undefined where it is none of them.
 */
export function parseRedisUrl(text: string): RedisPlace | undefined {
  const [, name = "", credentials, list = "", path = ""] = /^([a-z+]+):\/\/(?:([^@/]*)@)?([^/]*)(\/.*)?$/.exec(text) ?? [];
  const scheme = SCHEMES[name];
  if (scheme === undefined) return undefined;
  const hosts = list.split(",").map((entry) => parseHost(entry, PORTS[scheme.kind]));
  const rest = path.split("/").slice(1);
  const primary = scheme.kind === "sentinel" ? rest.shift() : undefined;
  const database = rest.join("/") || "0";
  const login = parseCredentials(credentials);
  if (login === undefined || hosts.some((host) => host === undefined) || !/^\d{1,5}$/.test(database)) return undefined;
  if ((scheme.kind === "single" && hosts.length > 1) || (scheme.kind === "cluster" && database !== "0")) return undefined;
  const called = primary === undefined ? undefined : decoded(primary);
  if (scheme.kind === "sentinel" && !called) return undefined;
  return {
    ...scheme,
    hosts: hosts as RedisPlace["hosts"],
    database: Number(database),
    ...login,
    ...(called === undefined ? {} : { primary: called }),
  };
}

function parseHost(entry: string, usualPort: number): RedisPlace["hosts"][number] | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]?#]+))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? usualPort) > 65535) return undefined;
  return { host, port: Number(port ?? usualPort) };
}

function parseCredentials(text: string | undefined): Pick<RedisPlace, "username" | "password"> | undefined {
  if (text === undefined || text === "") return {};
  try {
    const [username = "", ...password] = text.split(":");
    const secret = password.length > 0 ? { password: decodeURIComponent(password.join(":")) } : {};
    return username === "" ? secret : { username: decodeURIComponent(username), ...secret };
  } catch {
    return undefined;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The place without what is secret, for logs. */
export function describePlace({ kind, hosts, tls, primary }: RedisPlace): string {
  const list = hosts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`).join(",");
  const suffix = kind === "single" ? "" : `+${kind}`;
  return `${tls ? "rediss" : "redis"}${suffix}://${list}${primary === undefined ? "" : `/${primary}`}`;
}
