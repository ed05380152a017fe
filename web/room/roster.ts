import { type NicknameKey, nicknameKey } from "../../shared/nickname.ts";

/** Who is here: a set by key, each as its owner spells it, and how many more there are than the server names. */
export type Roster = { readonly people: ReadonlyMap<NicknameKey, string>; readonly unlisted: number };

export const NOBODY: Roster = { people: new Map(), unlisted: 0 };

export function rosterOf(nicks: readonly string[], online: number): Roster {
  const people = new Map(nicks.map((nick) => [nicknameKey(nick), nick]));
  return { people, unlisted: Math.max(0, online - people.size) };
}

export function withPeople(roster: Roster, nicks: readonly string[]): Roster {
  const people = new Map(roster.people);
  for (const nick of nicks) people.set(nicknameKey(nick), nick);
  return { ...roster, people };
}

export function withoutPeople(roster: Roster, nicks: readonly string[]): Roster {
  const people = new Map(roster.people);
  const unknown = nicks.filter((nick) => !people.delete(nicknameKey(nick))).length;
  return { people, unlisted: Math.max(0, roster.unlisted - unknown) };
}

export function withRenamed(roster: Roster, from: string, to: string): Roster {
  const people = new Map(roster.people);
  // Who was not listed under the old name is still one of those who are not listed.
  if (people.delete(nicknameKey(from)) || roster.unlisted === 0) people.set(nicknameKey(to), to);
  return { ...roster, people };
}

/** The server's own count, which is right also where it does not name everybody. */
export function withOnline(roster: Roster, online: number): Roster {
  return { ...roster, unlisted: Math.max(0, online - roster.people.size) };
}

export function count(roster: Roster): number {
  return roster.people.size + roster.unlisted;
}

/** Everybody's nickname in the order of the person's language, oneself first (also before the server has named anybody). */
export function sorted(roster: Roster, self: string, compare: (a: string, b: string) => number): string[] {
  const own = nicknameKey(self);
  const others = [...roster.people].filter(([key]) => key !== own).map(([, nick]) => nick);
  others.sort(compare);
  return self === "" ? others : [self, ...others];
}
