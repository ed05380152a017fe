import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_MESSAGE_OCTETS } from "../../shared/limits.ts";
import { nicknameKey } from "../../shared/nickname.ts";
import { decode } from "../../shared/packet.ts";
import type { SessionId } from "../engine/engine.ts";
import { type Announced, Notices } from "./notices.ts";

const person = (nick: string, session = nick) => ({ id: session as SessionId, nick, key: nicknameKey(nick) });

type Said = { type: string; nicks: string[]; why?: string };

function packets(announced: readonly Announced[]): Said[] {
  return announced.map(({ operation }) => {
    const [packet] = decode(operation.packet ?? new Uint8Array()).packets;
    if (packet?.kind !== "service") throw new Error("no packet");
    return packet.fields as unknown as Said;
  });
}

describe("notices", () => {
  it("[L8] gather those who came into one packet, and those who left into another", () => {
    const notices = new Notices();
    for (const nick of ["ana", "bo", "cy"]) notices.joined(person(nick));
    notices.left(person("dee"), "lost");
    expect(packets(notices.take(false))).toEqual([
      { type: "joined", nicks: ["ana", "bo", "cy"] },
      { type: "left", nicks: ["dee"], why: "lost" },
    ]);
    expect(notices.waiting).toBe(false);
  });

  it("[L9] announce who came and went, then say that they left", () => {
    const notices = new Notices();
    notices.joined(person("ana"));
    notices.left(person("ana"), "left");
    expect(packets(notices.take(false)).map(({ type }) => type)).toEqual(["joined", "left"]);
  });

  it("keep the order where a nickname changes hands", () => {
    const notices = new Notices();
    notices.joined(person("zoe", "s0"));
    notices.left(person("ana", "s1"), "left");
    notices.joined(person("Ana", "s2"));
    expect(packets(notices.take(false))).toEqual([
      { type: "joined", nicks: ["zoe"] },
      { type: "left", nicks: ["ana"], why: "left" },
      { type: "joined", nicks: ["Ana"] },
    ]);
  });

  it("[P3] fit into packets, however many people there are", () => {
    const notices = new Notices();
    const nicks = Array.from({ length: 300 }, (_, index) => `${index}"🌳`);
    for (const nick of nicks) notices.joined(person(nick));
    const announced = notices.take(false);
    for (const { operation } of announced) expect(operation.packet?.length).toBeLessThanOrEqual(MAX_MESSAGE_OCTETS + 5);
    expect(packets(announced).flatMap((packet) => packet.nicks)).toEqual(nicks);
    expect(announced.flatMap(({ operation }) => operation.joined)).toEqual(nicks);
  });

  it("[L10] only note it, and say nothing, where so many are present", () => {
    const notices = new Notices();
    notices.joined(person("ana"));
    expect(notices.take(true).map(({ operation }) => operation)).toEqual([{ kind: "announce", joined: ["ana"], left: [] }]);
  });

  it("come to the same roster as saying each at once, whatever comes and goes", () => {
    const steps = fc.array(fc.record({ session: fc.nat(4), nick: fc.nat(3) }), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (moves) => {
        const notices = new Notices();
        const holders = new Map<string, string>(); // nick → session
        for (const move of moves) {
          const [session, nick] = [`s${move.session}`, `n${move.nick}`];
          const held = [...holders].find(([, holder]) => holder === session);
          if (held !== undefined) {
            holders.delete(held[0]);
            notices.left(person(held[0], session), move.nick % 2 === 0 ? "left" : "lost");
          } else if (!holders.has(nick)) {
            holders.set(nick, session);
            notices.joined(person(nick, session));
          }
        }
        const roster = new Set<string>();
        const announcedSessions = new Set<string>();
        const announced = notices.take(false);
        for (const { type, nicks } of packets(announced))
          for (const nick of nicks) type === "joined" ? roster.add(nick) : roster.delete(nick);
        for (const { operation } of announced) {
          for (const session of operation.joined) announcedSessions.add(session);
          for (const session of operation.left) announcedSessions.delete(session);
        }
        expect([...roster].sort()).toEqual([...holders.keys()].sort());
        expect([...announcedSessions].sort()).toEqual([...holders.values()].sort());
      }),
    );
  });
});
