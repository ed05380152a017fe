import { readFileSync } from "node:fs";
import { table } from "./table.ts";

type Snapshot = {
  readonly snapshot: { readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] } };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
};
type Kept = { count: number; octets: number };

/** Whose names say what they are; of the others the type says it. */
const NAMED: ReadonlySet<string> = new Set(["object", "closure", "native"]);
const SHOWN = 25;

/** What there is more of in the second of two heap snapshots, by constructor: the most octets first. */
export function compareHeaps(before: string, after: string): string {
  const [earlier, later] = [keptIn(before), keptIn(after)];
  const more = [...later].map(([name, { count, octets }]): [string, number, number] => {
    const had = earlier.get(name) ?? { count: 0, octets: 0 };
    return [name, count - had.count, octets - had.octets];
  });
  more.sort((a, b) => b[2] - a[2]);
  return table([["more of", "objects", "octets"], ...more.slice(0, SHOWN)]);
}

function keptIn(path: string): Map<string, Kept> {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(path, "utf8")) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field)) as [number, number, number];
  const kept = new Map<string, Kept>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[0][nodes[at + type] as number] as string;
    const key = NAMED.has(kind) ? `${kind} ${strings[nodes[at + name] as number]?.slice(0, 60)}` : kind;
    const sum = kept.get(key) ?? { count: 0, octets: 0 };
    sum.count++;
    sum.octets += nodes[at + size] as number;
    kept.set(key, sum);
  }
  return kept;
}
