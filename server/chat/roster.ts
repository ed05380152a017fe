import { MAX_MESSAGE_OCTETS, MAX_ROSTER_NICKS } from "../../shared/limits.ts";
import type { NicknameKey } from "../../shared/nickname.ts";
import { octetLength } from "../../shared/octets.ts";
import { encodeService } from "../../shared/packet.ts";

/** Who is in a room, those who are away in their grace included. */
export class Roster {
  readonly #nicks = new Map<NicknameKey, string>();
  #encoded: Buffer | undefined;

  get online(): number {
    return this.#nicks.size;
  }

  add(key: NicknameKey, nick: string): void {
    this.#nicks.set(key, nick);
    this.#encoded = undefined;
  }

  remove(key: NicknameKey): void {
    this.#nicks.delete(key);
    this.#encoded = undefined;
  }

  /** These are here, and nobody else. */
  replace(people: Iterable<{ readonly key: NicknameKey; readonly nick: string }>): void {
    this.#nicks.clear();
    for (const { key, nick } of people) this.#nicks.set(key, nick);
    this.#encoded = undefined;
  }

  /** The `roster` packets, joined: of the first 1,000 people, and the count of all. Kept until somebody comes or goes. Source: S37. */
  encode(): Buffer {
    this.#encoded ??= this.#encode();
    return this.#encoded;
  }

  #encode(): Buffer {
    const online = this.online;
    const lists = splitList(
      [...this.#nicks.values()].slice(0, MAX_ROSTER_NICKS),
      octetLength(JSON.stringify({ type: "roster", nicks: [], more: true, online })),
    );
    return Buffer.concat(
      lists.map((nicks, index) =>
        encodeService(index < lists.length - 1 ? { type: "roster", nicks, more: true, online } : { type: "roster", nicks, online }),
      ),
    );
  }
}

/** Cuts `texts` into lists of which each fits, as JSON, into one packet beside `around` octets of other JSON. One empty list for none. Source: P3. */
export function splitList(texts: readonly string[], around: number): string[][] {
  const lists: string[][] = [];
  let list: string[] = [];
  let octets = around;
  for (const text of texts) {
    const more = octetLength(JSON.stringify(text)) + 1; // and a comma
    if (list.length > 0 && octets + more > MAX_MESSAGE_OCTETS) {
      lists.push(list);
      list = [];
      octets = around;
    }
    list.push(text);
    octets += more;
  }
  lists.push(list);
  return lists;
}
