import { describe, expect, it } from "vitest";
import { frameBinary } from "../../server/doors/websocket-frame.ts";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import { Random } from "../chaos/random.ts";
import { FrameStream, PacketStream } from "./packet-stream.ts";

describe("what the loads read with", () => {
  it("[P8] finds the same packets in any chunking of frames", () => {
    const random = new Random("packet-stream");
    const packets = [
      encodeChat("alice", "short"),
      encodeChat("bob", "x".repeat(200)),
      encodeService({ type: "joined", nicks: ["carol"] }),
      ...Array.from({ length: 100 }, (_, index) => encodeChat("dave", `${index} `.padEnd(999, "y"))),
    ];
    // A frame of each size of header: 7 bits, 16, 64.
    const frames = Buffer.concat([
      frameBinary(packets[0] as Uint8Array),
      frameBinary(packets[1] as Uint8Array),
      frameBinary(Buffer.concat(packets.slice(2))),
    ]);
    for (let round = 0; round < 20; round++) {
      const found: Buffer[] = [];
      const stream = new PacketStream((octets, start, end) => found.push(Buffer.from(octets.subarray(start, end))));
      const reader = new FrameStream((octets) => stream.push(octets));
      for (let at = 0; at < frames.length; ) {
        const end = Math.min(frames.length, at + (round === 0 ? 1 : random.between(1, round * 300)));
        reader.push(frames.subarray(at, end));
        at = end;
      }
      expect(Buffer.concat(found).equals(Buffer.concat(packets))).toBe(true);
      expect(found.length).toBe(packets.length);
    }
  });

  it("[W6] keeps the code of a close frame", () => {
    const reader = new FrameStream(() => expect.unreachable());
    reader.push(Buffer.from([0x88, 0x02, 0x03, 0xf4]));
    expect(reader.closeCode).toBe(1012);
  });
});
