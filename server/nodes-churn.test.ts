import { describe, expect, it } from "vitest";
import { longPolling, transports, webSocket } from "./testing/company.ts";
import type { Member } from "./testing/member.ts";
import { standingNodes } from "./testing/nodes.ts";

const SEEDS = [1, 2, 3, 5, 10];
const ROUNDS = 25;
const PEOPLE = 9;

/** Numbers that look random, and are the same each time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

describe("people who come, speak, are cut off, go elsewhere and leave, at three nodes", () => {
  const all = standingNodes({ RATE_BURST: "0", GRACE_MS: "20000", MAX_CLIENTS: "100" });

  it.each(SEEDS)(
    "[L1, L8, L9, S16] hear one log in which everything is once (%i)",
    async (seed) => {
      const nodes = all.nodes;
      if (nodes.houses.length < 3) await nodes.open();
      const room = nodes.newRoom();
      const roll = dice(seed);
      const anywhere = () => nodes.houses[roll(nodes.houses.length)] as (typeof nodes.houses)[number];
      const listener = await nodes.joins(webSocket, all.a, "listener", room);
      const said: string[] = [];

      /** One person's time in the room. Each comes by a transport of their own, at a node that chance decides; some polls go to each node in turn. */
      async function lives(index: number): Promise<void> {
        const nick = `p${index}`;
        const transport = transports[index % transports.length] as (typeof transports)[number];
        const at = () => (transport === longPolling && index % 2 === 0 ? nodes.inTurn() : anywhere());
        let member: Member | undefined;
        for (let round = 0; round < ROUNDS; round++) {
          if (member === undefined) {
            member = nodes.somebody(transport, at(), nick, room);
            expect(await member.comes()).toMatchObject({ type: "welcome", resumed: false });
          }
          const what = roll(10);
          if (what < 6) {
            const text = `${nick} ${round}`;
            expect(await member.speaks(text)).toMatchObject({ type: "ack" });
            said.push(text);
          } else if (what < 9) {
            const { session, log, offset, seq } = member;
            member.drops();
            member = nodes.somebody(transport, at(), nick, room, session);
            expect(await member.says({ log, offset, seq })).toMatchObject({ type: "welcome", resumed: true, seq });
          } else {
            await member.leaves();
            await member.until(() => member?.end ?? (transport === longPolling ? { code: undefined, number: 0 } : undefined), "the end", {
              evenAfterEnd: true,
            });
            member.drops();
            member = undefined;
          }
        }
        await member?.leaves();
      }

      await Promise.all(Array.from({ length: PEOPLE }, (_, index) => lives(index)));
      await listener.until(() => (listener.heard().length >= said.length ? true : undefined), "all that was said");
      await listener.speaks("the end");
      await listener.hears("the end");
      expect(listener.heard().toSorted()).toEqual([...said, "the end"].toSorted());
      // Of each person: came in, spoke, left, in this order, until all but the listener have gone.
      const check = () => {
        const present = new Set<string>();
        for (const { type, nick, message, nicks = [], why } of listener.told) {
          if (type === "chat") expect(present, `${nick}: ${message}`).toContain(nick);
          for (const one of type === "joined" ? nicks : []) {
            expect(present, `joined of ${one}`).not.toContain(one);
            present.add(one);
          }
          for (const one of type === "left" ? nicks : []) expect([present.delete(one), why], `left of ${one}`).toEqual([true, "left"]);
        }
        return present.size === 1 || undefined;
      };
      await listener.until(check, "everybody to have left");
      // Nobody is kept by mistake, at any node.
      for (const house of nodes.houses) {
        const late = await nodes.joins(webSocket, house, `late-${house.port}`, room);
        await late.until(() => {
          const nicks = late.told.findLast(({ type }) => type === "roster")?.nicks;
          return nicks === undefined ? undefined : true;
        }, "a roster");
        const gone = late.told.findLast(({ type }) => type === "roster")?.nicks?.filter((nick) => /^p\d/.test(nick));
        expect(gone).toEqual([]);
      }
    },
    60_000,
  );
});
