import fc from "fast-check";
import { expect, it } from "vitest";
import { MessageDropper } from "./message-dropper.ts";

type Frame = { opcode: number; fin: boolean; payload: Buffer; masked: boolean };

function encode({ opcode, fin, payload, masked }: Frame): Buffer {
  const { length } = payload;
  const mask = masked ? 0x80 : 0;
  const start = [(fin ? 0x80 : 0) | opcode];
  const size =
    length < 126
      ? [mask | length]
      : length < 65_536
        ? [mask | 126, length >> 8, length & 255]
        : [mask | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from([...start, ...size, ...(masked ? [1, 2, 3, 4] : [])]), payload]);
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets)),
  fc.constantFrom(125, 126, 65_535, 65_536).map((length) => Buffer.alloc(length, 7)),
);
const control = fc.record({
  opcode: fc.constantFrom(8, 9, 10),
  fin: fc.constant(true),
  payload: fc.constant(Buffer.from("now")),
  masked: fc.boolean(),
});
/** A message: one frame, or several with control frames between them. */
const message = fc.tuple(
  fc.array(payload, { minLength: 1, maxLength: 3 }),
  fc.array(control, { maxLength: 1 }),
  fc.boolean(),
  fc.boolean(),
);

it("takes out the messages that it is to, whole, and leaves all else as it is, however it is chunked", () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.array(fc.nat(1000)), (messages, ends) => {
      const sent: Buffer[] = [];
      const kept: Buffer[] = [];
      for (const [payloads, controls, masked, drops] of messages) {
        for (const [index, piece] of payloads.entries()) {
          const frame = encode({ opcode: index === 0 ? 2 : 0, fin: index === payloads.length - 1, payload: piece, masked });
          sent.push(frame);
          if (!drops) kept.push(frame);
          for (const between of controls) {
            sent.push(encode(between));
            kept.push(encode(between));
          }
        }
      }
      let asked = 0;
      let dropped = 0;
      const dropper = new MessageDropper(
        () => messages[asked++]?.[3] ?? false,
        () => dropped++,
      );
      const octets = Buffer.concat(sent);
      const cuts = [0, ...ends.map((end) => end % (octets.length + 1)), octets.length].sort((a, b) => a - b);
      const passed = cuts.slice(1).map((end, index) => dropper.pass(octets.subarray(cuts[index], end)));
      expect(Buffer.concat(passed).equals(Buffer.concat(kept))).toBe(true);
      expect(asked).toBe(messages.length);
      expect(dropped).toBe(messages.filter(([, , , drops]) => drops).length);
    }),
  );
});

it("leaves everything as it is from the first frame on that it does not understand", () => {
  for (const first of [0xc2, 0x83, 0x8b]) {
    const dropper = new MessageDropper(
      () => true,
      () => {},
    );
    const octets = Buffer.concat([
      Buffer.from([first, 3]),
      Buffer.from("abc"),
      encode({ opcode: 2, fin: true, payload: Buffer.from("x"), masked: false }),
    ]);
    expect(dropper.pass(octets).equals(octets)).toBe(true);
  }
});
