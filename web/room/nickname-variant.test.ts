import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkNickname, nicknameKey } from "../../shared/nickname.ts";
import { nicknameVariant } from "./nickname-variant.ts";

describe("a variant of a nickname that is taken", () => {
  it.each([
    ["alice", [], "alice2"],
    ["alice", ["alice", "ALICE2"], "alice3"],
    ["r2d2", [], "r2d3"],
    ["agent99", [], "agent100"],
    ["fifteenletters1", [], "fifteenletters2"],
    ["fifteenlettersx", [], "fifteenletters2"],
    ["2024", [], "2025"],
    ["👩‍🚀", [], "👩‍🚀2"],
  ])("%s, where %j are taken: %s", (nick, taken, variant) => {
    expect(nicknameVariant(nick, taken)).toBe(variant);
  });

  it("is a nickname again, and another one", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 15 }), (text) => {
        const checked = checkNickname(text);
        fc.pre(checked.ok);
        const variant = nicknameVariant(checked.nick, [checked.nick]);
        expect(checkNickname(variant).ok).toBe(true);
        expect(nicknameKey(variant)).not.toBe(checked.key);
      }),
    );
  });
});
