import type { ClientHistory, Entry, HeardPacket, History } from "./record.ts";

/** Breaks a correct history in one place, chosen by `seed`. Undefined where there is nothing to break in that way. */
export type Mutation = (history: History, seed: number) => History | undefined;

type Place = { readonly client: ClientHistory; readonly index: number };
type Heard = Entry & { kind: "heard" };

/** One for each way in which a room can break its promises, or a record of it can lie. */
export const mutations = {
  "one heard packet dropped": (history, seed) => {
    // What only a client heard that leaves packets out, and nobody keeps, may have been such a packet.
    const surely = ({ client, index }: Place) => client.complete || (client.entries[index] as Heard).offset >= history.end.first;
    const place = pick(
      heards(history).filter((one) => goesOn(one) && surely(one)),
      seed,
    );
    return place && change(history, place, () => []);
  },
  "the last heard packets dropped": (history, seed) => {
    const client = pick(
      history.clients.filter(({ entries }) => entries.length > 0 && entries.every(({ kind }) => kind !== "ended")),
      seed,
    );
    if (client === undefined) return undefined;
    const index = client.entries.findLastIndex((entry) => entry.kind === "heard");
    return index < 0 ? undefined : change(history, { client, index }, () => []);
  },
  "two heard packets swapped": (history, seed) => {
    const place = pick(
      heards(history).filter(({ client, index }) => client.entries[index + 1]?.kind === "heard"),
      seed,
    );
    if (place === undefined) return undefined;
    const next = place.client.entries[place.index + 1] as Heard;
    const swapped = change(history, { ...place, index: place.index + 1 }, () => [entryAt(place)]);
    const client = swapped.clients[history.clients.indexOf(place.client)] as ClientHistory;
    return change(swapped, { client, index: place.index }, () => [next]);
  },
  "what two heard packets hold swapped": (history, seed) => {
    const place = pick(
      heards(history).filter(({ client, index }) => {
        const next = client.entries[index + 1];
        // What only one heard, and nobody keeps, may have been so.
        return (
          next?.kind === "heard" &&
          next.offset >= history.end.first &&
          JSON.stringify(next.packet) !== JSON.stringify((client.entries[index] as Heard).packet)
        );
      }),
      seed,
    );
    if (place === undefined) return undefined;
    const [one, next] = [entryAt(place), place.client.entries[place.index + 1]] as [Heard, Heard];
    const changed = change(history, { ...place, index: place.index + 1 }, () => [{ ...next, packet: one.packet }]);
    const client = changed.clients[history.clients.indexOf(place.client)] as ClientHistory;
    return change(changed, { client, index: place.index }, () => [{ ...one, packet: next.packet }]);
  },
  "one heard packet heard twice": (history, seed) => {
    const place = pick(heards(history), seed);
    return place && change(history, place, (entry) => [entry, entry]);
  },
  "the text of one heard packet changed": (history, seed) => {
    const place = pick(
      heards(history).filter((heard) => (entryAt(heard) as Heard).packet.kind === "chat"),
      seed,
    );
    return place && change(history, place, (entry) => [{ ...(entry as Heard), packet: { kind: "chat", nick: "ann", text: "another" } }]);
  },
  "one text in the log changed": (history, seed) => {
    const offset = pick(offsetsOf(history, "chat"), seed);
    return offset === undefined
      ? undefined
      : everywhere(history, offset, { ...(packetAt(history, offset) as HeardPacket & { kind: "chat" }), text: "another" });
  },
  "one message in the log under another's name": (history, seed) => {
    const offset = pick(offsetsOf(history, "chat"), seed);
    return offset === undefined
      ? undefined
      : everywhere(history, offset, { ...(packetAt(history, offset) as HeardPacket & { kind: "chat" }), nick: "nobody" });
  },
  "one message in the log in place of another": (history, seed) => {
    const offsets = offsetsOf(history, "chat");
    const offset = pick(offsets, seed);
    const other = pick(
      offsets.filter((one) => one !== offset),
      seed,
    );
    return offset === undefined || other === undefined ? undefined : everywhere(history, offset, packetAt(history, other));
  },
  "one acknowledged message lost": (history, seed) => {
    // Without its offset it may be among what is gone.
    const acknowledged = new Set(
      places(history, "acknowledged").map((place) => {
        const { text, offset } = entryAt(place) as Entry & { kind: "acknowledged" };
        return offset === undefined && history.end.first > 1 ? undefined : text;
      }),
    );
    const offset = pick(
      offsetsOf(history, "chat").filter((one) => acknowledged.has((packetAt(history, one) as HeardPacket & { kind: "chat" }).text)),
      seed,
    );
    return offset === undefined ? undefined : everywhere(history, offset, NOTHING);
  },
  "the offset of one ack moved": (history, seed) => {
    const kept = new Set(history.end.packets.map((packet) => (packet.kind === "chat" ? packet.text : undefined)));
    const place = pick(
      places(history, "acknowledged").filter((one) => {
        const { text, offset } = entryAt(one) as Entry & { kind: "acknowledged" };
        return offset !== undefined && kept.has(text);
      }),
      seed,
    );
    const by = seed % 2 === 0 ? 1 : -1;
    return place && change(history, place, (entry) => [{ ...entry, offset: (entry as { offset: number }).offset + by } as Entry]);
  },
  "one message that is in the log refused": (history, seed) => {
    const kept = new Set(history.end.packets.map((packet) => (packet.kind === "chat" ? packet.text : undefined)));
    const place = pick(
      places(history, "sent").filter((one) => kept.has((entryAt(one) as Entry & { kind: "sent" }).text)),
      seed,
    );
    return (
      place &&
      change(history, place, (entry) => [
        entry,
        { kind: "refused", text: (entry as Entry & { kind: "sent" }).text, code: "message-invalid" },
      ])
    );
  },
  "two messages sent the other way round": (history, seed) => {
    const kept = new Set(history.end.packets.map((packet) => (packet.kind === "chat" ? packet.text : undefined)));
    const sent = places(history, "sent").filter((one) => kept.has((entryAt(one) as Entry & { kind: "sent" }).text));
    const place = pick(
      sent.filter((one, index) => sent[index + 1]?.client === one.client),
      seed,
    );
    if (place === undefined) return undefined;
    const other = sent[sent.indexOf(place) + 1] as Place;
    const changed = change(history, place, () => [entryAt(other)]);
    const client = changed.clients[history.clients.indexOf(place.client)] as ClientHistory;
    return change(changed, { client, index: other.index }, () => [entryAt(place)]);
  },
  "one `left` never said": (history, seed) => {
    const offset = history.end.first === 1 ? pick(offsetsOf(history, "left"), seed) : undefined;
    return offset === undefined ? undefined : everywhere(history, offset, NOTHING);
  },
  "one `joined` never said": (history, seed) => {
    const offset = history.end.first === 1 ? pick(offsetsOf(history, "joined"), seed) : undefined;
    return offset === undefined ? undefined : everywhere(history, offset, NOTHING);
  },
  "one `renamed` never said": (history, seed) => {
    const offset = history.end.first === 1 ? pick(offsetsOf(history, "renamed"), seed) : undefined;
    return offset === undefined ? undefined : everywhere(history, offset, NOTHING);
  },
  "one who is there missing in the last roster": (history) => {
    const { roster } = history;
    return roster && { ...history, roster: { nicks: roster.nicks.slice(1), online: roster.online - 1 } };
  },
  "a gap that goes one too far": (history, seed) => {
    const place = pick(places(history, "gap"), seed);
    return place && change(history, place, (entry) => [{ ...entry, to: (entry as Entry & { kind: "gap" }).to + 1 } as Entry]);
  },
  "a gap where nothing is gone": (history, seed) => {
    const place = pick(
      heards(history).filter((one) => (entryAt(one) as Heard).offset >= history.end.first),
      seed,
    );
    return place && change(history, place, (entry) => [{ kind: "gap", from: (entry as Heard).offset, to: (entry as Heard).offset }]);
  },
} satisfies Record<string, Mutation>;

const NOTHING: HeardPacket = { kind: "notice", text: "nothing" };

function pick<Value>(list: readonly Value[], seed: number): Value | undefined {
  return list[seed % list.length];
}

function places({ clients }: History, kind: Entry["kind"]): Place[] {
  return clients.flatMap((client) => client.entries.flatMap((entry, index) => (entry.kind === kind ? [{ client, index }] : [])));
}

function heards(history: History): Place[] {
  return places(history, "heard");
}

/** It hears or is told something of the log after this, and does not start over before: what is lost here was surely lost. */
function goesOn({ client, index }: Place): boolean {
  const next = client.entries.slice(index + 1).find(({ kind }) => kind === "heard" || kind === "gap" || kind === "welcomed");
  if (next === undefined) return client.entries.every(({ kind }) => kind !== "ended");
  return next.kind !== "welcomed" || !next.fresh;
}

function entryAt({ client, index }: Place): Entry {
  return client.entries[index] as Entry;
}

function change(history: History, { client, index }: Place, into: (entry: Entry) => Entry[]): History {
  const entries = client.entries.flatMap((entry, at) => (at === index ? into(entry) : [entry]));
  return { ...history, clients: history.clients.map((one) => (one === client ? { ...client, entries } : one)) };
}

function offsetsOf({ end }: History, kind: HeardPacket["kind"]): number[] {
  return end.packets.flatMap((packet, index) => (packet.kind === kind ? [end.first + index] : []));
}

function packetAt({ end }: History, offset: number): HeardPacket {
  return end.packets[offset - end.first] as HeardPacket;
}

/** The log has `packet` at `offset`, and everybody heard it there. */
function everywhere(history: History, offset: number, packet: HeardPacket): History {
  const { end } = history;
  return {
    ...history,
    clients: history.clients.map((client) => ({
      ...client,
      entries: client.entries.map((entry) => (entry.kind === "heard" && entry.offset === offset ? { ...entry, packet } : entry)),
    })),
    end: { ...end, packets: end.packets.map((one, index) => (end.first + index === offset ? packet : one)) },
  };
}
