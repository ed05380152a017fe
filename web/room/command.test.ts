import { describe, expect, it } from "vitest";
import { actionIn, parseInput } from "./command.ts";

describe("what was typed", () => {
  it.each([
    ["", { kind: "nothing" }],
    [" \n ", { kind: "nothing" }],
    ["hello", { kind: "say", text: "hello" }],
    ["/nick  Zoë ", { kind: "nick", nick: "Zoë" }],
    ["/NICK Zoë", { kind: "nick", nick: "Zoë" }],
    ["/nick", { kind: "nick", nick: "" }],
    ["/help", { kind: "help" }],
    ["/dance with me", { kind: "unknown", word: "dance" }],
    ["//dance", { kind: "say", text: "/dance" }],
    ["/me waves", { kind: "say", text: "/me waves" }],
    ["/me", { kind: "empty-action" }],
    ["/etc/hosts is a file", { kind: "say", text: "/etc/hosts is a file" }],
    ["/ alone", { kind: "say", text: "/ alone" }],
    ["either/or", { kind: "say", text: "either/or" }],
  ])("%j", (typed, input) => {
    expect(parseInput(typed)).toEqual(input);
  });

  it("is an action after /me, over all its lines", () => {
    expect(actionIn("/me waves\nand goes")).toBe("waves\nand goes");
    expect(actionIn("/mean thing")).toBeUndefined();
    expect(actionIn("I /me")).toBeUndefined();
  });
});
