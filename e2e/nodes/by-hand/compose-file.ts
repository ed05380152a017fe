import { readFileSync } from "node:fs";
import { parse } from "yaml";
import * as z from "zod";

const durationMs = z
  .string()
  .regex(/^\d+(ms|s|m)$/)
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith("ms") ? 1 : text.endsWith("m") ? 60_000 : 1000));

const onNetwork = z.strictObject({ ipv4_address: z.string().optional() });

const service = z.strictObject({
  image: z.string(),
  build: z.literal(".").optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.enum(["service_healthy", "service_started"]) })).default({}),
  networks: z.union([
    z.array(z.string()).transform((names) => Object.fromEntries(names.map((name) => [name, {}]))),
    z.record(z.string(), onNetwork),
  ]) as z.ZodType<Record<string, z.infer<typeof onNetwork>>>,
  ports: z.array(z.string().regex(/^\d+:\d+$/)).default([]),
  volumes: z.array(z.string().regex(/^[\w-]+:\/[\w/-]+$/)).default([]),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
  healthcheck: z.strictObject({
    test: z.tuple([z.literal("CMD")], z.string()),
    interval: durationMs,
    timeout: durationMs,
    retries: z.number(),
    start_period: durationMs,
  }),
  restart: z.literal("unless-stopped"),
  stop_grace_period: durationMs,
});

const network = z
  .strictObject({
    internal: z.boolean().optional(),
    ipam: z.strictObject({ config: z.tuple([z.strictObject({ subnet: z.string(), ip_range: z.string().optional() })]) }).optional(),
  })
  .nullable();

/** As much of a compose file as ours uses. What else is in it is refused, so that nothing is left out without a word. */
const composeFile = z
  .strictObject({
    services: z.record(z.string(), service),
    configs: z.record(z.string(), z.strictObject({ content: z.string() })).default({}),
    volumes: z.record(z.string(), z.null()).default({}),
    networks: z.record(z.string(), network),
  })
  .readonly();

export type ComposeFile = z.infer<typeof composeFile>;
export type Service = z.infer<typeof service>;

/** Reads a compose file. `variables` stand where it has `${NAME:-otherwise}`. */
export function readComposeFile(path: string, variables: Readonly<Record<string, string | undefined>>): ComposeFile {
  const text = readFileSync(path, "utf8").replace(
    /\$\{(\w+):-([^}]*)\}/g,
    (_, name: string, otherwise: string) => variables[name] || otherwise,
  );
  const content = parse(text, { merge: true }) as Record<string, unknown>;
  return composeFile.parse(Object.fromEntries(Object.entries(content).filter(([name]) => !name.startsWith("x-"))));
}

/** Groups of services to be started one after the other: each depends on earlier ones only. They are stopped the other way round. */
export function inOrder({ services }: ComposeFile): string[][] {
  const groups: string[][] = [];
  const left = new Set(Object.keys(services));
  while (left.size > 0) {
    const group = [...left].filter((name) => Object.keys(services[name]?.depends_on ?? {}).every((other) => !left.has(other)));
    if (group.length === 0) throw new Error(`these wait for each other: ${[...left].join(", ")}`);
    for (const name of group) left.delete(name);
    groups.push(group);
  }
  return groups;
}
