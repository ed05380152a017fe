import type { NicknameKey } from "../../shared/nickname.ts";
import { octetLength } from "../../shared/octets.ts";
import { encodeService } from "../../shared/packet.ts";
import type { LeftWhy } from "../../shared/service.ts";
import type { Operation, SessionId } from "../engine/engine.ts";
import { splitList } from "./roster.ts";

/** How old a room's last notice of coming or going must be before the next is said at once, ms. Source: L8. */
export const GATHER_MS = 250;

/** Who came or went. */
export type Person = { readonly id: SessionId; readonly nick: string; readonly key: NicknameKey };
/** `known` holds the sessions and the nicknames of its people: what a later group must not overtake. */
type Group = {
  readonly kind: "joined" | "left";
  readonly why: LeftWhy;
  /** True where it may be in the log already: it failed before, or another node may have said it. */
  readonly again: boolean;
  readonly people: Person[];
  readonly known: Set<string>;
};

/** What says that people came or went; `sayAgain` puts it back: all of it where it could not be kept, or those who are not among `done`. */
export type Announced = {
  readonly operation: Operation & { kind: "announce" };
  readonly sayAgain: (done?: readonly SessionId[]) => void;
};

/** Who came and who went since it was last said, gathered into as few packets as their order allows. */
export class Notices {
  #groups: Group[] = [];
  /** What was taken, and was not said: it comes before all else, in its order. */
  #unsaid: Group[] = [];

  get waiting(): boolean {
    return this.#groups.length > 0 || this.#unsaid.length > 0;
  }

  /** True where something waits that is to be said before: of the nickname, or of the session. */
  isAbout(person: Person): boolean {
    return [...this.#unsaid, ...this.#groups].some((group) => isAbout(group, person));
  }

  joined(person: Person): void {
    this.#add("joined", "left", person, false);
  }

  /** Another node may have had to say it first: to let somebody else come in under the name. */
  left(person: Person, why: LeftWhy): void {
    this.#add("left", why, person, true);
  }

  /** Somebody else says what there is to say of this session. */
  forget(id: SessionId): void {
    const others = (group: Group) => ({ ...group, people: group.people.filter((person) => person.id !== id) });
    this.#unsaid = this.#unsaid.map(others).filter(isSomebody);
    this.#groups = this.#groups.map(others).filter(isSomebody);
  }

  /**
   * What says it all, and nothing waits any more. `silent`: only note it, say nothing. `apart`: where other nodes may have something to say in it, those
   * about whom something follows are said by themselves: what another node has to say of somebody else must not delay it.
   */
  take(silent: boolean, apart?: { readonly speaker: SessionId | undefined }): Announced[] {
    const unsaid = apart === undefined ? this.#unsaid : this.#unsaid.flatMap(each);
    const waiting = [...unsaid, ...this.#groups];
    const groups = apart === undefined ? waiting : waiting.flatMap((group, index) => split(group, waiting.slice(index + 1), apart.speaker));
    this.#unsaid = [];
    this.#groups = [];
    return groups.flatMap((group) => {
      const packets = silent ? [{ people: group.people }] : say(group);
      return packets.map(({ people, packet }) => ({
        operation: { ...announce(group, people), ...(packet === undefined ? {} : { packet }) },
        sayAgain: (done) => {
          const others = people.filter(({ id }) => !done?.includes(id));
          this.#unsaid.push({ ...group, people: others, again: true });
          this.#unsaid = this.#unsaid.filter(isSomebody);
        },
      }));
    });
  }

  /**
   * What is about one nickname, or one session, stays in order. Anything else may be said together: coming and going are operations
   * on a set.
   */
  #add(kind: Group["kind"], why: LeftWhy, person: Person, again: boolean): void {
    let earliest = 0;
    for (const [index, group] of this.#groups.entries()) if (isAbout(group, person)) earliest = index + 1;
    let group = this.#groups
      .slice(earliest)
      .find((candidate) => candidate.kind === kind && candidate.why === why && candidate.again === again);
    if (group === undefined) {
      group = { kind, why, again, people: [], known: new Set() };
      this.#groups.push(group);
    }
    group.people.push({ id: person.id, nick: person.nick, key: person.key });
    group.known.add(sessionMark(person)).add(nickMark(person));
  }
}

function isAbout({ known }: Group, person: Person): boolean {
  return known.has(sessionMark(person)) || known.has(nickMark(person));
}

const isSomebody = ({ people }: Group): boolean => people.length > 0;

/** Those about whom something follows, each by themselves; and the rest together. */
function split(group: Group, later: readonly Group[], speaker: SessionId | undefined): Group[] {
  const isFollowed = (person: Person) => person.id === speaker || later.some((other) => isAbout(other, person));
  const rest = { ...group, people: group.people.filter((person) => !isFollowed(person)) };
  return [...each({ ...group, people: group.people.filter(isFollowed) }), rest].filter(isSomebody);
}

function each(group: Group): Group[] {
  return group.people.map((person) => ({ ...group, people: [person] }));
}

// A session's identity is base64url, so a mark tells which of the two it is.
const sessionMark = ({ id }: Person): string => id;
const nickMark = ({ key }: Person): string => `@${key}`;

function say(group: Group): { people: readonly Person[]; packet?: Uint8Array }[] {
  const service = (nicks: readonly string[]) =>
    group.kind === "joined" ? { type: "joined", nicks } : { type: "left", nicks, why: group.why };
  const lists = splitList(
    group.people.map(({ nick }) => nick),
    octetLength(JSON.stringify(service([]))),
  );
  let said = 0;
  return lists.map((nicks) => {
    const people = group.people.slice(said, said + nicks.length);
    said += nicks.length;
    return { people, packet: encodeService(service(nicks)) };
  });
}

function announce(group: Group, people: readonly Person[]): Operation & { kind: "announce" } {
  const sessions = people.map(({ id }) => id);
  const who = group.kind === "joined" ? { joined: sessions, left: [] } : { joined: [], left: sessions };
  return group.again ? { kind: "announce", ...who, again: true } : { kind: "announce", ...who };
}
