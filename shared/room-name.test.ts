import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_ROOM } from "./limits.ts";
import { parseRoomName } from "./room-name.ts";
import vectors from "./vectors/packets.json" with { type: "json" };

describe("a room's name", () => {
  it.each(vectors.room.valid)("[P14] may be %j", (name) => {
    expect(parseRoomName(name)).toBe(name);
  });

  it.each(vectors.room.invalid)("[P14] may not be %j", (name) => {
    expect(parseRoomName(name)).toBeUndefined();
  });

  it("[P14] may be the default room's", () => {
    expect(parseRoomName(DEFAULT_ROOM)).toBe("lobby");
  });

  it("[P14] is 1 to 32 lower-case letters, digits and hyphens, with no hyphen in front; anything else is none", () => {
    const characters = [..."abcxyz019-", "A", "é", "_", "/", " ", "\n"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...characters), { maxLength: 40 }), (letters) => {
        const good =
          letters.length >= 1 && letters.length <= 32 && letters[0] !== "-" && letters.every((letter) => /[a-z0-9-]/.test(letter));
        expect(parseRoomName(letters.join("")) !== undefined).toBe(good);
      }),
      { numRuns: 1000 },
    );
  });

  it("[P14] ends where the text ends, not before a line feed", () => {
    expect(parseRoomName("lobby\n")).toBeUndefined();
  });
});
