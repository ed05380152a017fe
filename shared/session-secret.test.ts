import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeSessionSecret, parseSessionSecret } from "./session-secret.ts";

describe("a session's secret", () => {
  it("[S1] is its random octets in base64url, and is taken by the other end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 48 }), (random) => {
        const secret = encodeSessionSecret(random);
        expect(secret).toBe(Buffer.from(random).toString("base64url"));
        expect(parseSessionSecret(secret)).toBe(secret);
      }),
    );
  });

  it("[S1] is not made of fewer than 128 random bits, nor of more than fit into 64 characters", () => {
    expect(encodeSessionSecret(new Uint8Array(16))).toHaveLength(22);
    expect(encodeSessionSecret(new Uint8Array(48))).toHaveLength(64);
    expect(() => encodeSessionSecret(new Uint8Array(15))).toThrow(RangeError);
    expect(() => encodeSessionSecret(new Uint8Array(49))).toThrow(RangeError);
  });

  it.each(["a".repeat(22), "a".repeat(64), "AZaz09-_AZaz09-_AZaz09"])("[S1] may be %j", (text) => {
    expect(parseSessionSecret(text)).toBe(text);
  });

  it.each([
    ["too short", "a".repeat(21)],
    ["too long", "a".repeat(65)],
    ["padded", `${"a".repeat(22)}==`],
    ["of the other base64", `${"a".repeat(21)}+/`],
    ["ended by a line feed", `${"a".repeat(22)}\n`],
    ["not ASCII", `${"a".repeat(22)}é`],
    ["empty", ""],
  ])("[S1] may not be %s", (_why, text) => {
    expect(parseSessionSecret(text)).toBeUndefined();
  });
});
