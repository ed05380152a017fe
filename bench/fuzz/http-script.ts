import { concatOctets, encodeUtf8 } from "../../shared/octets.ts";
import type { Random } from "../chaos/random.ts";
import { HOSTILE_TEXTS } from "./hostile.ts";
import { type Request, request, requestOctets } from "./http-request.ts";
import { mutate } from "./mutation.ts";
import type { Script, Step } from "./script.ts";
import { CORPUS, hello, type Identity, pickIdentity } from "./utterance.ts";

const PATHS = [
  "/",
  "/r/lobby",
  "/healthz",
  "/readyz",
  "/poll",
  "/history",
  "/ws",
  "/assets/",
  "/index.html",
  "/nothing",
  "/favicon.ico",
  "/metrics",
  "/admin",
];
const ODD_PATHS = [
  "*",
  "//",
  "/..",
  "/../package.json",
  "/assets/../../package.json",
  "/assets/..%2f..%2fpackage.json",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/assets/%00",
  "/assets/..\\..\\x",
  "/%",
  "/%zz",
  "/%c0%ae%c0%ae/",
  "/r/%ff",
  "/r/%00",
  "/r/a/b",
  "/r/",
  "/r/__proto__",
  "/?%",
  "/poll?after=1#x",
  "http://fuzz.test/readyz",
  "http://elsewhere.example/",
  "http://",
  "HTTP://[::1]:99999/",
  "fuzz.test:80",
  "/é",
  "/\u{1f333}",
  "/;x=1",
  "/healthz/",
  "/HEALTHZ",
  "/healthz?__proto__=1",
];
const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="];
const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PRI",
  "get",
  "BREW",
  "",
  "M-SEARCH",
  "QUERY",
  "PROPFIND",
];
const VERSIONS = [
  "HTTP/1.0",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/0.9",
  "HTTP/2.0",
  "HTTP/1.9",
  "HTTP/11",
  "http/1.1",
  "ICE/1.0",
  "",
  "HTTP/1.1 x",
];
const LINES = [
  "Host: other",
  "Host:",
  "Host: a b",
  "host: \u0001",
  "Content-Length: 5",
  "Content-Length: -5",
  "Content-Length: 5, 5",
  "Content-Length: 5\r\nContent-Length: 6",
  "Content-Length: 99999999999999999999",
  "Content-Length: 0x5",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: \u000bchunked",
  "Content-Length: 3\r\nTransfer-Encoding: chunked",
  "Expect: 100-continue",
  "Expect: the-impossible",
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
  "Connection: Upgrade\r\nUpgrade: TLS/1.0",
  "Connection: Upgrade\r\nUpgrade: websocket",
  "Upgrade: websocket",
  "Range: bytes=0-0",
  "Range: bytes=5-1",
  "Range: bytes=0-0,1-1,2-2,3-3",
  "Range: bytes=-99999999999",
  "If-None-Match: *",
  "If-Modified-Since: Sat, 99 Nov 9999",
  "Accept-Encoding: br, gzip;q=0, *;q=x",
  "Accept: \u0080",
  "X-Forwarded-For: 1.2.3.4, ::1, x",
  "X-Forwarded-Host: evil\u0000",
  "Forwarded: for=x",
  "Cookie: a=b; __proto__=c",
  " folded: line",
  "no colon",
  ": no name",
  "Bad\u0000Name: x",
  "__proto__: x",
  "constructor: x",
  "Trailer: Content-Length",
  "TE: trailers",
];
const CHUNKED = [
  "5\r\nhello\r\n0\r\n\r\n",
  "5\r\nhel",
  "ffffffffffffffff1\r\nx",
  "-1\r\nx\r\n",
  "5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
  "5\r\nhello!!\r\n0\r\n\r\n",
  "0x5\r\nhello\r\n0\r\n\r\n",
  "0\r\n\r\n",
  "\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
];

/** More header than a server should read, in many lines or in one. */
function flood(random: Random): string[] {
  const count = random.pick([1, 50, 300, 2500]);
  return Array.from({ length: count }, (_, index) => `X-${index}: ${"y".repeat(random.pick([1, 20, Math.floor(20_000 / count)]))}`);
}

function oddRequest(random: Random, who: Identity): Uint8Array {
  let odd: Request = request("GET", random.pick(PATHS));
  for (let left = random.between(1, 3); left > 0; left--) {
    const roll = random.next();
    if (roll < 0.2) odd = { ...odd, path: random.pick(ODD_PATHS) };
    else if (roll < 0.25) odd = { ...odd, path: `/${random.pick(["a", "%41", "../", "r/"]).repeat(random.pick([10, 1000, 6000]))}` };
    else if (roll < 0.3) odd = { ...odd, path: `/${encodeURIComponent(random.pick(HOSTILE_TEXTS))}` };
    else if (roll < 0.45) odd = { ...odd, method: random.pick(METHODS) };
    else if (roll < 0.52) odd = { ...odd, version: random.pick(VERSIONS) };
    else if (roll < 0.85) odd = { ...odd, lines: [...odd.lines, random.pick(LINES)] };
    else if (roll < 0.88) odd = { ...odd, lines: [...odd.lines, ...flood(random)] };
    else if (roll < 0.94)
      odd = {
        ...odd,
        method: "POST",
        path: "/poll",
        lines: [...odd.lines, "Transfer-Encoding: chunked"],
        body: encodeUtf8(random.pick(CHUNKED)),
      };
    else odd = { ...odd, method: "POST", path: "/poll", body: hello(who, false) };
  }
  return requestOctets(odd);
}

const NO_HTTP = [
  "\r\n\r\n\r\n",
  "GET\r\n\r\n",
  "GET /\r\n\r\n",
  "GET / HTTP/1.1\n\n",
  "GET / HTTP/1.1\r\n\r\n",
  "GET  /  HTTP/1.1\r\nHost: x\r\n\r\n",
  "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003", // a TLS greeting
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "SSH-2.0-OpenSSH_9.6\r\n",
  "EHLO fuzz.test\r\n",
  "HTTP/1.1 200 OK\r\n\r\n",
  "05005aliceHello",
];

function oddOctets(random: Random, who: Identity): Uint8Array {
  const roll = random.next();
  if (roll < 0.55) return oddRequest(random, who);
  if (roll < 0.65) return encodeUtf8(random.pick(NO_HTTP));
  if (roll < 0.75) return pipeline(random, who);
  return mutate(random, oddRequest(random, who), CORPUS);
}

/** Requests behind each other, without waiting for the answers: an upgrade among them, too. */
function pipeline(random: Random, who: Identity): Uint8Array {
  const requests = Array.from({ length: random.between(2, 25) }, () => {
    const roll = random.next();
    if (roll < 0.75) return requestOctets(request("GET", random.pick(PATHS)));
    return roll < 0.8 ? requestOctets(request("GET", random.pick(["/ws", "/ws?x"]), UPGRADE)) : oddRequest(random, who);
  });
  return concatOctets(requests);
}

/** One HTTP connection: requests that make sense, and then whatever. */
export function httpScript(random: Random, seed: string): Script {
  const who = pickIdentity(random, seed);
  const steps: Step[] = [];
  for (let left = random.between(0, 2); left > 0; left--)
    steps.push({ octets: requestOctets(request("GET", random.pick(PATHS))), awaits: "answer" });
  for (let left = random.between(1, 6); left > 0; left--) steps.push({ octets: oddOctets(random, who), awaits: "perhaps" });
  return { door: "http", steps, secret: who.secret, end: random.chance(0.8) ? "half-close" : "cut" };
}
