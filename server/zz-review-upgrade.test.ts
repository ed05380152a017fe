import { connect } from "node:net";
import { execFileSync } from "node:child_process";
import { it } from "vitest";
import { openHouse } from "./testing/house.ts";

function raw(port: number, text: string | Buffer, ms = 700): Promise<string> {
  return new Promise((resolve) => {
    const s = connect(port, "127.0.0.1");
    let got = "";
    let ended = "open";
    s.on("data", (d) => (got += d.toString("latin1")));
    s.on("end", () => (ended = "FIN"));
    s.on("close", () => (ended += "+closed"));
    s.on("error", (e) => (ended += "+" + e.message));
    s.write(text);
    setTimeout(() => { s.destroy(); resolve(`${JSON.stringify(got.slice(0, 300))} [${ended}]`); }, ms);
  });
}
it("upgrades", async () => {
  const house = await openHouse();
  const { port } = house;
  const up = (m: string, p: string, proto: string, extra = "") => `${m} ${p} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: ${proto}\r\n${extra}\r\n`;
  const ws = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  console.log("h2c GET /healthz", await raw(port, up("GET", "/healthz", "h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")));
  console.log("h2c POST /poll", await raw(port, up("POST", "/poll", "h2c", "Content-Length: 5\r\n") + "00000"));
  console.log("ws GET /healthz", await raw(port, up("GET", "/healthz", "websocket", ws)));
  console.log("ws GET /poll", await raw(port, up("GET", "/poll?after=0", "websocket", ws)));
  console.log("ws GET /nope", await raw(port, up("GET", "/nope", "websocket", ws)));
  console.log("ws /ws bad origin", await raw(port, up("GET", "/ws", "websocket", ws + "Origin: http://evil\r\n")));
  console.log("ws /ws bad version", await raw(port, up("GET", "/ws", "websocket", ws.replace("13", "99"))));
  console.log("ws POST /ws", await raw(port, up("POST", "/ws", "websocket", ws)));
  console.log("ws /ws 1.0", await raw(port, up("GET", "/ws", "websocket", ws).replace("1.1", "1.0")));
  console.log("PROPFIND /poll", await raw(port, `PROPFIND /poll HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  console.log("TRACE /poll", await raw(port, `TRACE /poll HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  console.log("CONNECT", await raw(port, `CONNECT foo:1 HTTP/1.1\r\nHost: x\r\n\r\n`));
  console.log("HEAD /poll", await raw(port, `HEAD /poll HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  console.log("HEAD /ws", await raw(port, `HEAD /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  console.log("bad url", await raw(port, `GET /r/%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  console.log("bad url2", await raw(port, `GET /poll%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  console.log("1.0 no host hello", await raw(port, `POST /poll HTTP/1.0\r\nContent-Length: 62\r\n\r\n00057{"type":"hello","session":"AAAAAAAAAAAAAAAAAAAAAA","nick":"a"}`));
  console.log("no host 1.1", await raw(port, `GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n`));
  console.log("expect", await raw(port, `POST /poll HTTP/1.1\r\nHost: x\r\nExpect: foo\r\nContent-Length: 5\r\n\r\n`));
  console.log("huge header", await raw(port, `GET /poll HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(20000)}\r\n\r\n`));
  console.log("bad ctype", await raw(port, `POST /poll HTTP/1.1\r\nHost: x\r\nContent-Type: ;;\r\nContent-Length: 5\r\nConnection: close\r\n\r\n00000`));
  console.log("te+cl", await raw(port, `POST /poll HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\nConnection: close\r\n\r\n00000`));
  for (const line of house.lines) console.log(JSON.stringify(line).slice(0, 300));
  try { console.log(execFileSync("curl", ["-s", "-i", "--http2", `http://127.0.0.1:${port}/healthz`]).toString()); } catch (e) { console.log("curl:", String(e).slice(0, 200)); }
  // does a stop end with such a connection left?
  const s = connect(port, "127.0.0.1"); s.on("error", () => {}); s.on("data", (d) => console.log("left:", d.toString().slice(0, 60)));
  s.write(up("GET", "/ws", "websocket", ws + "Origin: http://evil\r\n"));
  await new Promise((r) => setTimeout(r, 300));
  const t = Date.now();
  await Promise.race([house.stop().then(() => console.log("stopped after", Date.now() - t)), new Promise((r) => setTimeout(() => { console.log("NOT STOPPED after 8 s"); r(0); }, 8000))]);
}, 60000);
