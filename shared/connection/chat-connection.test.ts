import { describe, expect, it } from "vitest";
import { service, welcome } from "../../server/testing/stub-server.ts";
import { SECRET, StubStage } from "../../server/testing/stub-stage.ts";
import { encodeChat } from "../packet.ts";

const stage = new StubStage();

function bo(message: string): Uint8Array {
  return encodeChat("bo", message);
}

describe("the first hello", () => {
  it("[S1, S12, W1] says who, where and how much, under the server's own path", async () => {
    stage.connect({ history: 7 });
    const socket = await stage.server.sockets.next();
    expect(await socket.heard.next()).toEqual({ type: "hello", session: SECRET, nick: "ana", room: "lobby", history: 7, seq: 0 });
  });

  it("[S5, S20] says what an earlier life of the page knew, and settles what was on its way then", async () => {
    const outbox = [
      { id: 3, text: "there", typedAt: 1, seq: 8 },
      { id: 4, text: "refused", typedAt: 2, seq: 9 },
      { id: 5, text: "not yet", typedAt: 3, seq: 10 },
    ];
    const saved = { log: "log", offset: 40, at: 5, nick: "ana", knownSeq: 7, nextId: 6, outbox };
    const client = stage.connect({ saved });
    const socket = await stage.server.sockets.next();
    expect(await socket.heard.next()).toMatchObject({ log: "log", offset: 40, seq: 7 });
    const refused = service("refused", { seq: 9, code: "message-invalid", message: "" });
    socket.says(welcome({ resumed: true, offset: 40, seq: 9, turn: 2 }), refused, bo("meanwhile"));
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "not yet" });
    expect(client.heard).toEqual(["41 meanwhile"]);
    expect(client.events[0]).toMatchObject({ kind: "welcome", fresh: false, offset: 40 });
    expect(client.shown).toEqual(["there accepted", "refused refused", "not yet pending"]);
    socket.says(service("ping", { offset: 41, online: 1 }));
    await socket.heard.next();
    expect(client.shown).toEqual(["refused refused", "not yet pending"]);
    expect(client.connection.send("next")).toEqual([6]);
  });
});
