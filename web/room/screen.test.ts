import { describe, expect, it } from "vitest";
import { CODES, type Code } from "../../shared/codes.ts";
import { screenOf } from "./screen.ts";

const full = { code: "full", message: "" } as const;

describe("what the person has in front of them", () => {
  it("is the form, then the room", () => {
    expect(screenOf({ kind: "idle" }, false)).toEqual({ kind: "join" });
    expect(screenOf({ kind: "connecting", attempt: 1 }, false)).toEqual({ kind: "entering" });
    expect(screenOf({ kind: "open", transport: "websocket" }, true)).toEqual({ kind: "room" });
    expect(screenOf({ kind: "ended", why: { code: "left" } }, true)).toEqual({ kind: "join" });
  });

  it("is the queue as long as one was not let in, also while it is tried again", () => {
    expect(screenOf({ kind: "waiting", attempt: 1, retryAtMs: 0, why: full }, false)).toEqual({ kind: "queue", why: "full" });
    expect(screenOf({ kind: "connecting", attempt: 2, why: full }, false)).toEqual({ kind: "queue", why: "full" });
  });

  it("stays the room when the connection is lost", () => {
    expect(screenOf({ kind: "waiting", attempt: 1, retryAtMs: 0, why: { code: "unreachable" } }, true)).toEqual({ kind: "room" });
    expect(screenOf({ kind: "connecting", attempt: 1 }, true)).toEqual({ kind: "room" });
  });

  it.each(Object.keys(CODES) as Code[])("[S44] after %s there is a screen that says so", (code) => {
    const state = { kind: "ended", why: { code, message: "" } } as const;
    const about = code === "nick-taken" || code === "nick-invalid";
    expect(screenOf(state, true)).toEqual(about ? { kind: "join", refused: code } : { kind: "room", ended: code });
    expect(screenOf(state, false)).toEqual(about ? { kind: "join", refused: code } : { kind: "shut", why: code });
  });
});
