import { describe, expect, it } from "vitest";
import { actionIn, parseInput, speechIn } from "./command.ts";

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
    ["/Me  waves", { kind: "say", text: "/me waves" }],
    ["/me", { kind: "empty-action" }],
    ["/etc/hosts is a file", { kind: "say", text: "/etc/hosts is a file" }],
    ["/ alone", { kind: "say", text: "/ alone" }],
    ["either/or", { kind: "say", text: "either/or" }],
  ])("%j", (typed, input) => {
    expect(parseInput(typed)).toEqual(input);
  });

  it.each([
    ["//me is what I typed", "/me is what I typed"],
    ["///me and so on", "//me and so on"],
    ["//me", "/me"],
    ["//dance", "/dance"],
    ["plain", "plain"],
  ])("%j is never an action, and is read as %j", (typed, read) => {
    const input = parseInput(typed);
    if (input.kind !== "say") throw new Error(input.kind);
    expect(actionIn(input.text)).toBeUndefined();
    expect(speechIn(input.text)).toBe(read);
  });

  it("is an action after /me, over all its lines", () => {
    expect(actionIn("/me waves\nand goes")).toBe("waves\nand goes");
    expect(actionIn("/mean thing")).toBeUndefined();
    expect(actionIn("I /me")).toBeUndefined();
  });
});
