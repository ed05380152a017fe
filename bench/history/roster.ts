import type { NicknameKey } from "../../shared/nickname.ts";
import type { Course } from "./course.ts";
import type { Findings } from "./findings.ts";
import { keyOf, type Presence } from "./presence.ts";
import type { ClientHistory, Entry, HeardPacket, History } from "./record.ts";

type Nicks = Map<NicknameKey, string>;

/**
 * Who is there at the end, as each client counts it from its last roster and what it heard after that, and as the log alone says, is who a
 * fresh join was told. Source: S35 to S37.
 */
export function checkRosters(
  { clients, roster }: History,
  courses: ReadonlyMap<ClientHistory, Course>,
  presence: Presence,
  findings: Findings,
): void {
  if (roster === undefined || roster.nicks.length !== roster.online) return;
  const expected = nicksOf(roster.nicks);
  for (const client of clients) {
    const counted = courses.get(client)?.arrived ? countedBy(client) : undefined;
    const difference = counted && differenceOf(counted, expected);
    if (difference !== undefined) findings.add("roster", () => `at the end ${difference}`, { client: client.name });
  }
  const difference = differenceOf(saidBy(presence, expected), expected);
  if (difference !== undefined) findings.add("roster", () => `by the log alone, at the end ${difference}`);
}

/** Who is there by the log; of whom it does not say it, what is expected is believed. */
function saidBy({ end }: Presence, expected: Nicks): Nicks {
  const said = nicksOf(end.here);
  const { gone } = end;
  if (gone !== undefined) for (const [key, nick] of expected) if (!said.has(key) && !gone.has(key)) said.set(key, nick);
  return said;
}

/** Undefined where it never was told of all who are there. */
function countedBy({ entries }: ClientHistory): Nicks | undefined {
  const begin = entries.findLastIndex(({ kind }) => kind === "roster");
  const roster = entries[begin] as (Entry & { kind: "roster" }) | undefined;
  if (roster === undefined || roster.nicks.length !== roster.online) return undefined;
  const nicks = nicksOf(roster.nicks);
  for (let index = begin + 1; index < entries.length; index++) {
    const entry = entries[index] as Entry;
    if (entry.kind === "heard") change(nicks, entry.packet);
  }
  return nicks;
}

/** Operations on a set: what is known already changes nothing. Source: S36. */
function change(nicks: Nicks, packet: HeardPacket): void {
  if (packet.kind === "joined") for (const nick of packet.nicks) nicks.set(keyOf(nick), nick);
  else if (packet.kind === "left") for (const nick of packet.nicks) nicks.delete(keyOf(nick));
  else if (packet.kind === "renamed") {
    nicks.delete(keyOf(packet.from));
    nicks.set(keyOf(packet.to), packet.to);
  }
}

function nicksOf(nicks: readonly string[]): Nicks {
  return new Map(nicks.map((nick) => [keyOf(nick), nick]));
}

function differenceOf(counted: Nicks, expected: Nicks): string | undefined {
  const missing = [...expected].filter(([key, nick]) => counted.get(key) !== nick).map(([, nick]) => nick);
  const tooMany = [...counted].filter(([key, nick]) => expected.get(key) !== nick).map(([, nick]) => nick);
  if (missing.length === 0 && tooMany.length === 0) return undefined;
  const parts = [...(missing.length > 0 ? [`${list(missing)} missing`] : []), ...(tooMany.length > 0 ? [`${list(tooMany)} too many`] : [])];
  return parts.join(", ");
}

function list(nicks: readonly string[]): string {
  return nicks.length > 10 ? `${nicks.slice(0, 10).join(", ")} and ${nicks.length - 10} others` : nicks.join(", ");
}
