import type { Faults } from "./faults.ts";
import type { Speaker } from "./speaker.ts";
import type { Transcript } from "./transcript.ts";

/** Every message of the speakers stands in the log once and in the order said, those acknowledged are there, and where it was said. */
export function checkSaid(transcript: Transcript, speakers: readonly Speaker[], faults: Faults): void {
  const next = new Map(speakers.map(({ listener }) => [listener.nick, 0]));
  const offsets = new Map(speakers.map(({ listener }) => [listener.nick, [] as number[]]));
  for (const [offset, packet] of transcript.after(0)) {
    const nickOctets = Number(packet.toString("latin1", 0, 2));
    if (nickOctets === 0) continue;
    const nick = packet.toString("utf8", 5, 5 + nickOctets);
    const expected = next.get(nick);
    if (expected === undefined) continue;
    const number = Number.parseInt(packet.toString("latin1", 5 + nickOctets, 5 + nickOctets + 12), 10);
    if (number !== expected) faults.add(`${nick}: ${number} stands at ${offset}, where ${expected} comes next`);
    next.set(nick, number + 1);
    offsets.get(nick)?.push(offset);
  }
  for (const { listener, acknowledged } of speakers) {
    const found = offsets.get(listener.nick) ?? [];
    if (acknowledged.length > found.length)
      faults.add(`${listener.nick}: ${acknowledged.length} were acknowledged, ${found.length} are there`);
    acknowledged.forEach((offset, number) => {
      if (offset !== 0 && found[number] !== offset)
        faults.add(`${listener.nick}: ${number} was acknowledged at ${offset} and is at ${found[number]}`);
    });
  }
}
