import { beforeEach, describe, expect, it } from "vitest";
import { storageOf } from "../testing/texts.ts";
import { Keepsake } from "./keepsake.ts";
import { Writing } from "./writing.ts";

let texts: Map<string, string>;
let done: string[];
let writing: Writing;

beforeEach(() => {
  texts = new Map();
  done = [];
  writing = open("lobby");
});

/** The composer as it comes up in a room. */
function open(room: string): Writing {
  return new Writing(new Keepsake(storageOf(texts), room), {
    say: (text) => done.push(`say ${text}`),
    rename: (nick) => done.push(`rename ${nick}`),
  });
}

function submit(text: string): void {
  writing.setDraft(text);
  writing.submit();
}

describe("what is written", () => {
  it.each([
    ["hello", "say hello"],
    ["//dance", "say /dance"],
    ["/me waves", "say /me waves"],
    ["/nick Zoë", "rename Zoë"],
  ])("%j is done, and used up", (text, action) => {
    submit(text);
    expect(done).toEqual([action]);
    expect(writing.draft.value).toBe("");
    expect(writing.hint.value).toBeUndefined();
  });

  it.each([
    ["/nick two words", { kind: "nickname-fault", fault: "white-space" }],
    ["/nick", { kind: "nickname-fault", fault: "empty" }],
    ["/dance", { kind: "unknown-command", word: "dance" }],
    ["/me", { kind: "empty-action" }],
  ])("%j is explained, and stays to be mended", (text, hint) => {
    submit(text);
    expect(done).toEqual([]);
    expect(writing.draft.value).toBe(text);
    expect(writing.hint.value).toEqual(hint);
    writing.setDraft(`${text}x`);
    expect(writing.hint.value).toBeUndefined();
  });

  it("asks for help, which stays while one goes on writing", () => {
    submit("/help");
    expect(writing.draft.value).toBe("");
    writing.setDraft("so that");
    expect(writing.hint.value).toEqual({ kind: "help" });
    writing.submit();
    expect(writing.hint.value).toBeUndefined();
  });

  it("is its room's own, and there again", () => {
    writing.setDraft("half a thou");
    expect(open("lobby").draft.value).toBe("half a thou");
    expect(open("garden").draft.value).toBe("");
  });

  it("calls somebody at its end", () => {
    writing.mention("Bo");
    expect(writing.draft.value).toBe("@Bo ");
    writing.setDraft("and");
    writing.mention("Cy");
    expect(writing.draft.value).toBe("and @Cy ");
  });
});
