import { connect } from "node:net";
import { writeSync } from "node:fs";
import { it } from "vitest";
import { openHouse } from "./testing/house.ts";
import { EmbeddedEngine } from "./engine/embedded.ts";
import { MemoryStore } from "./engine/memory-store.ts";
import { TriedStore, gate } from "./testing/tried-store.ts";
import { systemClock } from "./clock.ts";
import { pino } from "pino";
import { ask } from "./testing/ask.ts";
import { WebSocketMember } from "./testing/websocket-member.ts";
import { chat, service, newSecret } from "./testing/member.ts";
const say = (...t: unknown[]) => writeSync(2, "@@ " + t.map((x) => typeof x === "string" ? x : JSON.stringify(x)).join(" ") + "\n");
process.on("unhandledRejection", (e) => say("UNHANDLED " + (e as Error).stack));
const nap = (ms: number) => new Promise((r) => setTimeout(r, ms));
async function tried(clock = systemClock) {
  const store = new TriedStore(new MemoryStore());
  const engine = await EmbeddedEngine.start({ store, clock, history: { packets: 10000, days: 30 }, log: pino({ level: "silent" }) });
  return { store, engine };
}
const hello = (session: string, more = {}) => service({ type: "hello", session, ...more });

it("D: POST [chat, rename, chat] and a hello meanwhile", async () => {
  const { store, engine } = await tried();
  const house = await openHouse({}, { engine });
  const s = newSecret();
  const x = new WebSocketMember(house, "xen", "lobby"); await x.comes();
  await ask(house, "POST", "/poll", { body: hello(s, { nick: "ann" }) });
  await nap(400);
  const g = gate(); store.gate = g.closed;
  await x.sends(chat("xen", "busy")); await nap(50);
  const post = ask(house, "POST", "/poll?seq=1&turn=1", { session: s, body: [chat("ann", "one"), service({ type: "rename", nick: "eve" }), chat("ann", "late, of turn 1")] });
  await nap(100);
  const again = ask(house, "POST", "/poll", { body: hello(s) });
  await nap(100);
  store.gate = undefined; g.open();
  const [a, b] = [await post, await again];
  say("D post answer", a.status, a.told); say("D second welcome", b.told[0]);
  const c = await ask(house, "POST", `/poll?seq=${Number(b.told[0]!.seq) + 1}&turn=2`, { session: s, body: chat("eve", "FIRST OF TURN 2") });
  say("D answer to first of turn 2", c.status, c.told);
  const h = await ask(house, "GET", "/history?before=1000&limit=100", { session: s });
  say("D log", h.told.map((t) => t.message ?? t.type));
  x.drops();
  await house.stop();
}, 20000);

it("F: joined after the first chat packet when a commit failed once", async () => {
  const { store, engine } = await tried();
  const house = await openHouse({}, { engine });
  const x = new WebSocketMember(house, "xen", "lobby"); await x.comes(); await nap(500);
  const b = new WebSocketMember(house, "bob", "lobby");
  const orig = store.write.bind(store);
  let n = 0; const g = gate();
  store.write = async (t) => { if (++n === 2) { await g.closed; throw new Error("disk full for a moment"); } return orig(t); };
  await b.comes();
  await nap(50);
  say("F writes asked", n);
  await b.sends(chat("bob", "hi")); await nap(50);
  g.open(); await nap(600);
  say("F xen heard", x.told.slice(-5).map((t) => [t.type, t.nicks ?? t.message]));
  x.drops(); b.drops(); await house.stop();
}, 20000);

it("N: a poll without turn while a hello by poll reads its replay", async () => {
  const { store, engine } = await tried();
  const house = await openHouse({ HEARTBEAT_MS: "500", RATE_BURST: "0" }, { engine });
  const s = newSecret();
  const x = new WebSocketMember(house, "xen", "lobby"); await x.comes(); await nap(300);
  for (let i = 0; i < 20; i++) await x.sends(...Array.from({ length: 50 }, () => chat("xen", "x".repeat(990))));
  await nap(500);
  await ask(house, "POST", "/poll", { body: hello(s, { nick: "ann" }) });
  await nap(400);
  const g = gate(); const orig = store.read.bind(store);
  store.read = async (...a) => { await g.closed; return orig(...a); };
  const w = ask(house, "POST", "/poll", { body: hello(s, { history: 500 }) }); await nap(100);
  let answered: unknown = "never within 3 s";
  const t = Date.now();
  ask(house, "GET", "/poll?after=1000", { session: s }).then((a) => (answered = [a.status, Date.now() - t, a.told.map((t) => t.type).slice(0, 4)]));
  await nap(100); g.open();
  say("N welcome", (await w).told[0]?.type);
  await nap(3000);
  say("N poll answered:", answered);
  x.drops(); await house.stop();
}, 20000);

function mem() { (globalThis as any).gc?.(); const m = process.memoryUsage(); return `rss ${m.rss >> 20} heap ${m.heapUsed >> 20} ext ${m.external >> 20} MiB`; }

it("B: ping flood", async () => {
  const house = await openHouse();
  say("B before", mem());
  const s = connect(house.port, "127.0.0.1"); s.on("error", () => {});
  s.write(`GET /ws HTTP/1.1\r\nHost: localhost:${house.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
  await new Promise((r) => s.once("data", r)); s.pause();
  const frame = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125, 65)]);
  const many = Buffer.concat(Array.from({ length: 5000 }, () => frame));
  let sent = 0; const t0 = Date.now();
  while (Date.now() - t0 < 5000) { const ok = s.write(many); sent += many.length; if (!ok) await new Promise((r) => { s.once("drain", r); setTimeout(r, 500); }); await nap(0); }
  say("B sent", sent >> 20, "MiB in", Date.now() - t0, "ms;", mem(), "client queue", s.writableLength >> 20);
  s.destroy(); await nap(200); await house.stop();
}, 40000);

it("C: pipelined history, never read", async () => {
  const house = await openHouse({ RATE_BURST: "0" });
  const sec = newSecret();
  const x = new WebSocketMember(house, "xen", "lobby", sec); await x.comes(); await nap(300);
  for (let i = 0; i < 10; i++) await x.sends(...Array.from({ length: 50 }, () => chat("xen", "x".repeat(990))));
  await nap(800);
  const h = await ask(house, "GET", "/history?before=9999&limit=500", { session: sec });
  say("C one page", h.octets.length, "seq", x.told.at(-1)?.type, mem());
  const s = connect(house.port, "127.0.0.1"); s.on("error", () => {}); s.pause();
  const one = `GET /history?before=9999&limit=500 HTTP/1.1\r\nHost:x\r\nAuthorization:Bearer ${sec}\r\n\r\n`;
  s.write(one.repeat(600)); say("C request octets", one.length * 600);
  await nap(4000);
  say("C after one connection", mem());
  s.destroy(); await nap(500); say("C gone", mem());
  const many = Array.from({ length: 300 }, () => { const c = connect(house.port, "127.0.0.1"); c.on("error", () => {}); c.pause(); c.write(one); return c; });
  await nap(4000);
  say("C 300 connections, one unread page each", mem());
  for (const c of many) c.destroy();
  x.drops(); await house.stop();
}, 60000);

it("H: answers kept of the last POST", async () => {
  const house = await openHouse();
  await nap(200); say("H before", mem());
  const junk = Buffer.alloc(0).constructor && Buffer.from("01001ab".repeat(9362));
  const t = Date.now();
  for (let i = 0; i < 20; i++) {
    const s = newSecret();
    await ask(house, "POST", "/poll", { body: hello(s, { nick: "n" + i, room: "r" + i }) });
    const p = await ask(house, "POST", "/poll?seq=1", { session: s, body: junk });
    if (i === 0) say("H", p.status, p.octets.length);
  }
  say("H took", Date.now() - t, "log lines", house.lines.length);
  house.lines.length = 0; await nap(500);
  say("H after 20 sessions", mem());
  await house.stop();
}, 60000);
