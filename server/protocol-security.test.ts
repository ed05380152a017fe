import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { ask, settled } from "./testing/ask.ts";
import { longPolling, openCompany, standingCompany, transports, webSocket } from "./testing/company.ts";
import { chat, newSecret, service } from "./testing/member.ts";

describe("origins", () => {
  const company = standingCompany(longPolling, { ALLOWED_ORIGINS: "https://friend.example" });
  const hello = () => service({ type: "hello", session: newSecret(), nick: `n${newSecret().slice(0, 8)}` });

  it.each([
    ["a foreign origin", "https://evil.example"],
    ["null", "null"],
    ["the same host by another port", "http://127.0.0.1:1"],
    ["one that begins like an allowed one", "https://friend.example.evil.example"],
    ["an allowed one by another scheme", "http://friend.example"],
  ])("[X1] refuses a POST from %s, and takes nothing of it", async (_, origin) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    for (const [path, body] of [
      ["/poll", hello()],
      ["/poll?seq=1", chat("alice", "forged")],
      ["/poll", service({ type: "leave", session: alice.session })],
    ] as const) {
      const answer = await ask(company.house, "POST", path, { session: alice.session, body, headers: { origin } });
      expect(answer).toMatchObject({ status: 403, told: [{ type: "error", code: "forbidden" }] });
    }
    company.clock.advance(250);
    expect(await alice.speaks("mine")).toMatchObject({ type: "ack", seq: 1 });
    await bob.hears("mine");
    expect(bob.since().map(({ type }) => type)).toEqual(["chat"]);
  });

  it("[X1] takes the page's own origin, one on the list, and none at all", async () => {
    for (const headers of [{ origin: `http://127.0.0.1:${company.house.port}` }, { origin: "https://friend.example" }, {}])
      expect((await ask(company.house, "POST", "/poll", { body: hello(), headers })).status).toBe(200);
  });
});

describe.each(transports)("what a nickname and a text can do, over $name", (transport) => {
  const company = standingCompany(transport);

  it.each(["bob", "BOB"])("[X3] lets nobody but its session speak as %s", async (name) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    expect(await alice.speaks("I am bob", name)).toMatchObject({ type: "refused", code: "nick-mismatch" });
    await bob.speaks("I am");
    await alice.hears("I am");
    expect(alice.heard()).toEqual(["I am"]);
  });

  it("[X3] keeps a nickname for its session while that is away", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.cuts();
    expect(await alice.renames("bob")).toMatchObject({ type: "refused", of: "rename", code: "nick-taken" });
    expect(await company.somebody("bob", bob.room).comes()).toMatchObject({ code: "nick-taken" });
  });

  it("[X4] carries markup, headers and control sequences as the text that they are", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const texts = ["<script>alert(1)</script>", "a\n\nSet-Cookie: a=b", '00015{"type":"left"}', "05005aliceHello", "%s {{7*7}}"];
    for (const text of texts) expect(await alice.speaks(text)).toMatchObject({ type: "ack" });
    await bob.hears(texts.at(-1) ?? "");
    expect(bob.heard()).toEqual(texts);
    expect(bob.offset).toBe(alice.offset);
  });

  it("[X4] writes what people type into the log of the server as data, in one line", async () => {
    const own = await openCompany(transport);
    const eve = own.somebody('eve\n{"level":60}');
    await eve.comes();
    const [alice] = await own.gathers("alice");
    await alice.speaks('\n{"level":60,"msg":"forged"}');
    for (const line of own.house.lines) {
      expect(JSON.stringify(line)).not.toContain(alice.session);
      expect(line.msg).not.toBe("forged");
    }
  });

  it("[X2, S1] knows a session by its whole secret only", async () => {
    const [alice] = await company.gathers("alice");
    const other = alice.session.slice(0, -1) + (alice.session.endsWith("A") ? "B" : "A");
    const stranger = company.somebody("alice", alice.room, other);
    expect(await stranger.comes()).toMatchObject({ code: "nick-taken" });
  });
});

describe("receivers that are slow", () => {
  const company = standingCompany(webSocket, { RATE_BURST: "0" });

  it("[X5] get all of it, in order, when they read again", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    bob.socket.pause();
    const text = "x".repeat(980);
    for (let number = 0; number < 8000; number++) alice.socket.send(chat("alice", `${number} ${text}`));
    alice.seq += 8000;
    await alice.hears(`7999 ${text}`);
    bob.socket.resume();
    await bob.hears(`7999 ${text}`);
    expect(bob.heard().map((heard) => Number(heard.split(" ")[0]))).toEqual(Array.from({ length: 8000 }, (_, number) => number));
  });

  it("[S44, X5] gives up a body that does not come", async () => {
    const socket = connect(company.house.port, "127.0.0.1");
    socket.write("POST /poll HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n00");
    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      socket.on("data", (octets) => {
        text += octets;
      });
      socket.once("close", () => resolve(text));
      socket.once("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"timeout"');
    await settled(company.house);
  });
});
