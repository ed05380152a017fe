import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeChat } from "../../shared/packet.ts";
import { Inbox } from "./inbox.ts";

/** All that can be taken, in short. */
function drain(inbox: Inbox): string[] {
  const taken: string[] = [];
  for (let next = inbox.take(); next !== undefined; next = inbox.take()) {
    taken.push(typeof next === "string" ? next : next.kind === "chat" ? next.message : next.type);
    if (typeof next === "string") break;
  }
  return taken;
}

const texts = ["one", "two", "", "x".repeat(900), "five"];
const octets = Buffer.concat(texts.map((text) => encodeChat("ann", text)));

describe("what a peer sent", () => {
  it("[P8] is read packet by packet, in whatever pieces a stream brings it", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(octets.length), { maxLength: 40 }), fc.boolean(), (cuts, eager) => {
        const inbox = new Inbox();
        const taken: string[] = [];
        const places = [0, ...cuts.toSorted((a, b) => a - b), octets.length];
        for (let index = 1; index < places.length; index++) {
          inbox.push(octets.subarray(places[index - 1], places[index]), false);
          if (eager) taken.push(...drain(inbox));
        }
        expect([...taken, ...drain(inbox)]).toEqual(texts);
      }),
    );
  });

  it("[W2] is whole packets where it is a message, each message by itself", () => {
    const inbox = new Inbox();
    inbox.push(octets, true);
    inbox.push(octets.subarray(0, 11), true);
    expect(drain(inbox)).toEqual([...texts, "one"]);
    inbox.push(octets.subarray(0, 9), true);
    inbox.push(octets.subarray(9), true);
    expect(drain(inbox)).toEqual(["The message ends in the middle of a packet."]);
  });

  it("[P5] is read up to what is malformed", () => {
    const inbox = new Inbox();
    inbox.push(Buffer.concat([octets, Buffer.from("GET / HTTP/1.1")]), false);
    expect(drain(inbox)).toEqual([...texts, "This is no packet: bad-header."]);
  });

  it("keeps of a long piece no more than the packet that is not whole yet", () => {
    const inbox = new Inbox();
    const piece = Buffer.alloc(65_536);
    piece.set(octets);
    inbox.push(piece.subarray(0, octets.length - 2), false);
    expect(drain(inbox)).toEqual(texts.slice(0, -1));
    piece.fill(0); // the piece's memory is somebody else's by now
    inbox.push(Buffer.from("ve"), false);
    expect(drain(inbox)).toEqual(["five"]);
  });
});
