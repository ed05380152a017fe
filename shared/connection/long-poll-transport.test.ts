import { describe, expect, it, vi } from "vitest";
import { error, ROSTER, service, welcome } from "../../server/testing/stub-server.ts";
import { SECRET, StubStage } from "../../server/testing/stub-stage.ts";
import { encodeChat } from "../packet.ts";

const stage = new StubStage();
const HTML = "<!doctype html><title>Please accept the terms of this network</title>";

function bo(message: string): Uint8Array {
  return encodeChat("bo", message);
}

describe("asking", () => {
  it("[H2, H4, H5] says hello in a POST, then asks for what comes after, with the secret in a header and never in an address", async () => {
    stage.connect({ only: "long-poll" });
    const hello = await stage.server.posts.next();
    expect(hello.fields).toMatchObject({ type: "hello", session: SECRET });
    expect(hello.query).toEqual({});
    hello.answers(200, Buffer.concat([welcome({ turn: 4, offset: 6 }), bo("one"), ROSTER]), { "Palabre-Offset": "7" });
    const poll = await stage.server.polls.next();
    expect(poll.query).toEqual({ after: "7", turn: "4" });
    expect(poll.authorization).toBe(`Bearer ${SECRET}`);
    poll.says(bo("two"), bo("three"));
    expect((await stage.server.polls.next()).query).toEqual({ after: "9", turn: "4" });
  });

  it("[S34] takes a ping for an answer, and asks again", async () => {
    const { client, poll } = await stage.onLongPoll();
    stage.clock.advance(25_000);
    poll.says(service("ping", { offset: 0, online: 4 }));
    expect((await stage.server.polls.next()).query).toEqual({ after: "0", turn: "1" });
    expect(client.events.at(-1)).toEqual({ kind: "online", online: 4 });
    expect(stage.server.posts.count).toBe(0);
  });

  it("[H16] waits 250 ms after a 204", async () => {
    const { poll } = await stage.onLongPoll();
    poll.answers(204);
    await stage.pass(250);
    expect((await stage.server.polls.next()).query).toEqual({ after: "0", turn: "1" });
  });

  it("waits where it is told at once, again and again, that there is nothing", async () => {
    const { poll } = await stage.onLongPoll();
    poll.says(service("ping", { offset: 0, online: 1 })); // out of some cache
    await stage.pass(250);
    await stage.server.polls.next();
  });

  it("[H15] asks again for an answer that was lost", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.cut();
    await stage.pass(250 + 125);
    const second = await stage.server.polls.next();
    expect(second.query).toEqual(poll.query);
    second.answers(502, HTML);
    await stage.pass(250 + 250);
    const third = await stage.server.polls.next();
    third.says(bo("one"));
    await client.hears("one");
    expect(client.path).toEqual(["connecting", "long-poll"]);
  });

  it("[H3] asks again for an answer that was cut short on its way, and hands over nothing of it", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.answers(200, bo("one"), { "Palabre-Offset": "2" });
    await stage.pass(250 + 125);
    const second = await stage.server.polls.next();
    expect(second.query).toEqual(poll.query);
    expect(client.words).toEqual([]);
    second.answers(200, Buffer.concat([bo("one"), bo("two")]), { "Palabre-Offset": "2" });
    await client.hears("one", "two");
  });

  it("says hello again where three in a row were lost", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.cut();
    await stage.pass(250 + 125);
    (await stage.server.polls.next()).cut();
    await stage.pass(250 + 250);
    (await stage.server.polls.next()).cut();
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject({ why: { code: "unreachable" } });
    await stage.pass(125);
    expect((await stage.server.posts.next()).fields).toMatchObject({ type: "hello", log: "log", offset: 0 });
  });

  it("forgets what was lost once an answer came", async () => {
    const { client, poll } = await stage.onLongPoll();
    let waiting = poll;
    for (let round = 0; round < 3; round++) {
      waiting.cut();
      await stage.pass(250 + 125);
      (await stage.server.polls.next()).cut();
      await stage.pass(250 + 250);
      (await stage.server.polls.next()).says(bo(`${round}`));
      waiting = await stage.server.polls.next();
    }
    expect(client.path).toEqual(["connecting", "long-poll"]);
  });

  it("asks no more once it is stopped, also where it was about to", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.answers(204);
    await vi.waitFor(() => expect(stage.waits).toEqual([250]));
    client.connection.stop();
    expect(stage.waits).toEqual([]);
  });

  it("bears with a proxy that lets no poll wait for long", async () => {
    const { client, poll } = await stage.onLongPoll();
    let waiting = poll;
    for (let round = 0; round < 6; round++) {
      stage.clock.advance(10_000);
      waiting.answers(504, HTML);
      await stage.pass(250 + 125);
      waiting = await stage.server.polls.next();
    }
    expect(client.path).toEqual(["connecting", "long-poll"]);
  });

  it("[S32] gives it up when a poll is not answered by heartbeat + 10 s, and comes back", async () => {
    const { client, poll } = await stage.onLongPoll();
    await stage.pass(35_000);
    await poll.givenUp();
    expect(client.connection.state).toMatchObject({ kind: "waiting", why: { code: "unreachable" } });
    await stage.pass(125);
    expect((await stage.server.posts.next()).fields).toMatchObject({ type: "hello", offset: 0, log: "log" });
  });
});

describe("sending", () => {
  it("[H6, H12] has one POST in flight, and the next one takes all that waits meanwhile", async () => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    client.connection.send("two");
    client.connection.send("three");
    const first = await stage.server.posts.next();
    expect(first.query).toEqual({ seq: "1", turn: "1" });
    expect(first.body).toBe("03003anaone");
    first.says(service("ack", { seq: 1, offset: 1 }));
    const second = await stage.server.posts.next();
    expect(second.query).toEqual({ seq: "2", turn: "1" });
    expect(second.body).toBe("03003anatwo03005anathree");
    expect(stage.server.posts.count).toBe(0);
  });

  it("[H7] sends the same octets under the same number again where the answer was lost", async () => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    const first = await stage.server.posts.next();
    client.connection.send("two");
    first.cut();
    await stage.pass(250);
    const second = await stage.server.posts.next();
    expect([second.query, second.body]).toEqual([first.query, first.body]);
    second.answers(200, HTML);
    await stage.pass(500);
    const third = await stage.server.posts.next();
    expect([third.query, third.body]).toEqual([first.query, first.body]);
    third.says(service("ack", { seq: 1, offset: 1 }));
    expect((await stage.server.posts.next()).body).toBe("03003anatwo");
  });

  it("[H7, S15] says hello again where three answers were lost, and does not say twice what arrived all the same", async () => {
    const { client, poll } = await stage.onLongPoll();
    client.connection.send("one");
    (await stage.server.posts.next()).cut();
    await stage.pass(250);
    (await stage.server.posts.next()).cut();
    await stage.pass(500);
    (await stage.server.posts.next()).cut();
    await poll.givenUp();
    await stage.pass(125);
    const hello = await stage.server.posts.next();
    expect(hello.fields).toMatchObject({ type: "hello", seq: 0, offset: 0 });
    hello.says(welcome({ resumed: true, turn: 2, seq: 1 }), encodeChat("ana", "one"));
    await client.hears("one");
    expect(client.shown).toEqual([]);
    client.connection.send("two");
    expect((await stage.server.posts.next()).query).toEqual({ seq: "2", turn: "2" });
  });

  it.each([
    ["nothing", 204, ""],
    ["somebody else's answer", 200, "05005aliceHello"],
  ])("[H6, H7] sends again what was answered with %s", async (_, status, body) => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    (await stage.server.posts.next()).answers(status, body);
    await stage.pass(250);
    (await stage.server.posts.next()).says(service("ack", { seq: 1, offset: 1 }));
    await vi.waitFor(() => expect(client.shown).toEqual(["one accepted"]));
    expect(client.words).toEqual([]);
  });

  it("sends no more once it is stopped, also where it was about to", async () => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    (await stage.server.posts.next()).cut();
    await vi.waitFor(() => expect(stage.waits).toEqual([250, 35_000]));
    client.connection.stop();
    expect(stage.waits).toEqual([]);
  });

  it("[H7] gives up a POST that hangs, and sends it again", async () => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    const first = await stage.server.posts.next();
    await stage.pass(15_000);
    await first.givenUp();
    await stage.pass(250);
    expect((await stage.server.posts.next()).query).toEqual({ seq: "1", turn: "1" });
  });

  it("[H11] takes the answer to a POST of an earlier turn for the server's last word only where none of its own hellos explains it", async () => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    // A proxy may have said hello twice.
    (await stage.server.posts.next()).answers(409, error("replaced"));
    await stage.pass(125);
    (await stage.server.posts.next()).says(welcome({ turn: 3, resumed: true }));
    const again = await stage.server.posts.next();
    expect([again.query, again.body]).toEqual([{ seq: "1", turn: "3" }, "03003anaone"]);
    again.says(service("ack", { seq: 1, offset: 1 }));
    stage.clock.advance(30_001); // but not for so long
    client.connection.send("two");
    (await stage.server.posts.next()).answers(409, error("replaced"));
    await client.reaches("ended");
    expect(client.connection.state).toMatchObject({ why: { code: "replaced" } });
  });

  it("[S41] renames between two POSTs of words", async () => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    const first = await stage.server.posts.next();
    client.connection.rename("bea");
    client.connection.send("two");
    first.says(service("ack", { seq: 1, offset: 1 }));
    const rename = await stage.server.posts.next();
    expect(rename.fields).toEqual({ type: "rename", nick: "bea" });
    expect(rename.query).toEqual({ turn: "1" });
    rename.says(service("you", { nick: "bea" }));
    const second = await stage.server.posts.next();
    expect(second.body).toBe("03003beatwo");
  });

  it("shows nothing as on its way that the room has shown already", async () => {
    const { client, poll } = await stage.onLongPoll();
    client.connection.send("one");
    const post = await stage.server.posts.next();
    poll.says(encodeChat("ana", "one"));
    await client.hears("one");
    expect(client.shown).toEqual([]);
    post.says(service("ack", { seq: 1, offset: 1 }));
    client.connection.send("two");
    const next = await stage.server.posts.next();
    expect(next.query).toEqual({ seq: "2", turn: "1" });
    next.says(service("refused", { seq: 2, code: "message-invalid", message: "" }));
    await vi.waitFor(() => expect(client.shown).toEqual(["two refused"]));
  });

  it("keeps the time there and back of the last POST", async () => {
    const { client } = await stage.onLongPoll();
    client.connection.send("one");
    const post = await stage.server.posts.next();
    stage.clock.advance(70);
    post.says(service("ack", { seq: 1, offset: 1 }));
    await vi.waitFor(() => expect(client.connection.state).toMatchObject({ kind: "open", roundTripMs: 70 }));
  });
});

it("[H3] takes an answer to hello that was cut short for none", async () => {
  const client = stage.connect({ only: "long-poll" });
  (await stage.server.posts.next()).answers(200, Buffer.concat([welcome(), bo("one")]), { "Palabre-Offset": "2" });
  await client.reaches("waiting");
  expect(client.events).toEqual([]);
});

it.each([
  ["a proxy's error", 502, HTML],
  ["a proxy that had enough", 504, HTML],
  ["a guard that is asked too often", 429, HTML],
  ["nothing", 200, ""],
  ["packets, but no welcome", 200, "05005aliceHello"],
  ["half a welcome", 200, '00150{"type":"welcome"'],
])("takes %s for no answer, and comes back later", async (_, status, body) => {
  const client = stage.connect({ only: "long-poll" });
  (await stage.server.posts.next()).answers(status, body, { "Content-Type": "text/html" });
  await client.reaches("waiting");
  expect(client.connection.state).toMatchObject({ why: { code: "unreachable" } });
  await stage.pass(125);
  (await stage.server.posts.next()).says(welcome(), ROSTER);
  await client.reaches("open");
});
