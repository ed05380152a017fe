import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { frameBinary } from "../../server/doors/websocket-frame.ts";
import { concatOctets, encodeUtf8 } from "../../shared/octets.ts";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import { Random } from "../chaos/random.ts";
import { play } from "./connection.ts";
import { judgeDecoder } from "./decoder.ts";
import { HttpAnswers } from "./http-answers.ts";
import { indiscretion, judgePackets } from "./packet-judge.ts";
import { fillMarks, MARKS, nothingKnown, type Script } from "./script.ts";
import { WebSocketAnswers } from "./websocket-answers.ts";

function http(answer: string, mayBeHeads = false): HttpAnswers {
  const answers = new HttpAnswers(nothingKnown(), mayBeHeads);
  answers.push(Buffer.from(answer, "latin1"));
  return answers;
}

function webSocket(...frames: Uint8Array[]): WebSocketAnswers {
  const answers = new WebSocketAnswers(nothingKnown());
  for (const frame of frames) answers.push(Buffer.from(frame));
  return answers;
}

const error = (code: string, message = "no") => encodeService({ type: "error", code, message });

describe("answers in packets", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["half a packet", encodeUtf8("05005alice"), /middle of a packet/],
    ["no packet", encodeUtf8("<html>"), /bad-header/],
    ["a packet that only clients send", encodeService({ type: "pong" }), /do not send/],
    ["fields that do not fit", encodeService({ type: "ack", seq: 0 }), /ack.seq/],
    ["internal", error("internal"), /went wrong inside/],
    ["a stack trace", error("malformed", "x\n    at Object.run (a.js:1:2)"), /gives away/],
    ["a nickname that is none", encodeChat("a b", "x"), /nickname/],
    ["a message with a control character", encodeChat("a", "x\u0007"), /control character/],
    ["a message with blanks around it", encodeChat("a", " x"), /normal form/],
    ["a message that is empty", encodeChat("a", ""), /normal form/],
    ["a text that is too long", error("malformed", "x".repeat(801)), /longer than 800/],
  ])("%s is found", (_what, octets, fault) => {
    expect(judgePackets(octets, nothingKnown())).toMatch(fault);
  });

  it("what is well said passes, and is remembered for the marks", () => {
    const known = nothingKnown();
    expect(judgePackets(concatOctets([encodeChat("ana", "hi"), encodeService({ type: "ack", seq: 3, offset: 1 })]), known)).toBeUndefined();
    expect(known).toMatchObject({ offset: 1, seq: 3 });
  });

  it("a file of the server's is found", () => {
    expect(indiscretion("see /srv/palabre/dist/server/main.js:3")).toMatch(/gives away/);
  });
});

describe("answers over HTTP", () => {
  it.each([
    ["status 500", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", /500/],
    ["a status that is not ours", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", /no status of ours/],
    ["an answer that was split", "HTTP/1.1 299 Split\r\nContent-Length: 0\r\n\r\n", /no status of ours/],
    [
      "something between head and body",
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\nHTTP/1.1 100 Continue",
      /no packets/,
    ],
    [
      "503 for another reason than too many",
      `HTTP/1.1 503 No\r\nContent-Type: text/plain\r\nContent-Length: ${error("stopping").length}\r\n\r\n${Buffer.from(error("stopping"))}`,
      /503/,
    ],
    ["a body that is no packets", "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops", /no packets/],
  ])("%s is found", (_what, answer, fault) => {
    expect(http(answer).fault).toMatch(fault);
  });

  it("answers behind each other are read one by one, whole, in chunks and without bodies", () => {
    const two =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\nHTTP/1.1 417 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(http(two)).toMatchObject({ count: 2, fault: undefined });
    expect(http("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", true)).toMatchObject({
      count: 2,
      fault: undefined,
    });
  });
});

describe("answers over WebSocket", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["a frame that is masked", Uint8Array.of(0x82, 0x80, 0, 0, 0, 0), /masked/],
    ["text", Uint8Array.of(0x81, 1, 0x61), /kind 1/],
    ["half a packet", frameBinary(encodeUtf8("0500")), /middle/],
    ["a close for what went wrong inside", concatOctets([Uint8Array.of(0x88, 10, 0x03, 0xf3), encodeUtf8("internal")]), /1011/],
  ])("%s is found", (_what, frame, fault) => {
    expect(webSocket(frame).fault).toMatch(fault);
  });

  it("frames are read in any chunking", () => {
    const octets = concatOctets([frameBinary(error("malformed")), Uint8Array.of(0x8a, 0), frameBinary(encodeChat("ana", "x".repeat(500)))]);
    const answers = webSocket(...Array.from(octets, (octet) => Uint8Array.of(octet)));
    expect(answers).toMatchObject({ frames: 3, ponged: true, fault: undefined });
  });
});

describe("a script", () => {
  async function against(serve: (socket: Socket) => void, script: Partial<Script>) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      serve(socket);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const waits = { answerMs: 300, patienceMs: 20 };
    return play(
      port,
      { door: "tcp", steps: [{ octets: encodeChat("ana", "hi"), awaits: "answer" }], secret: "", end: "half-close", ...script },
      nothingKnown(),
      waits,
    );
  }

  it("finds a server that does not answer what is well formed", async () => {
    const { fault } = await against((socket) => socket.resume().on("end", () => socket.end()), {});
    expect(fault).toMatch(/was not answered/);
  });

  it("finds a server that does not hang up", async () => {
    const { fault } = await against((socket) => socket.on("data", () => socket.write(encodeService({ type: "ack", seq: 1 }))), {});
    expect(fault).toBe("the server does not hang up");
  });

  it("passes one that answers and hangs up, and one that hangs up for an answer", async () => {
    const answered = await against((socket) => socket.once("data", () => socket.end(encodeService({ type: "ack", seq: 1 }))), {});
    expect(answered).toMatchObject({ fault: undefined, answers: 1 });
    expect(await against((socket) => socket.destroy(), {})).toMatchObject({ fault: undefined });
  });
});

describe("marks", () => {
  it("are filled in with what is known, and change no length", () => {
    const octets = encodeUtf8(`${MARKS.offsetInQuery} ${MARKS.seqInQuery} ${MARKS.offsetInJson} ${MARKS.log} ~else~`);
    const filled = fillMarks(octets, { turn: 2, log: "abcdefghijkl", offset: 17, seq: 4 });
    expect(Buffer.from(filled).toString()).toBe("000000000000017 000000000000005              17 abcdefghijkl ~else~");
  });
});

describe("the decoder's judge", () => {
  it("has nothing against what is well formed, broken, or nothing at all", () => {
    const random = new Random("judge");
    for (const octets of [new Uint8Array(0), encodeChat("ana", "hi"), encodeUtf8("05005alic"), encodeUtf8("xxxxx")]) {
      expect(judgeDecoder(octets, random)).toBeUndefined();
    }
  });
});
