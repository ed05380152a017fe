import fc from "fast-check";
import { expect, it } from "vitest";
import { MessageReader } from "./message-reader.ts";

const REQUESTS = [
  "GET /poll?after=3&turn=1 HTTP/1.1\r\nHost: here\r\n\r\n",
  "POST /poll HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello",
  "POST /poll HTTP/1.1\r\nContent-Length:0\r\n\r\n",
  "POST /poll HTTP/1.1\r\nCONTENT-LENGTH: 20\r\n\r\nGET / HTTP/1.1\r\n\r\n..",
];
const ANSWERS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 409 Conflict\r\ncontent-length: 3\r\n\r\n\r\n\r",
];

/** The messages that a reader finds in `text`, which comes in pieces that end at `ends`. */
function read(reader: MessageReader, text: string, ends: readonly number[] = []): { messages: string[]; plain: string } {
  const octets = Buffer.from(text, "latin1");
  const cuts = [0, ...ends.map((end) => end % (octets.length + 1)), octets.length].sort((a, b) => a - b);
  const messages: string[] = [];
  let message = "";
  let plain = "";
  for (const [index, end] of cuts.entries()) {
    if (index === 0) continue;
    reader.push(octets.subarray(cuts[index - 1], end));
    for (let part = reader.next(); part !== undefined; part = reader.next()) {
      const piece = part.octets.toString("latin1");
      if (part.kind === "plain") plain += piece;
      else message += piece;
      if (part.kind === "plain" || !part.last) continue;
      messages.push(message);
      message = "";
    }
  }
  return { messages, plain: message + plain };
}

it("finds the boundaries of requests and of answers, however they are chunked", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.shuffledSubarray(REQUESTS), fc.shuffledSubarray(ANSWERS), (ends, requests, answers) => {
      expect(read(MessageReader.ofRequests(), requests.join(""), ends)).toEqual({ messages: requests, plain: "" });
      expect(
        read(
          MessageReader.ofAnswers(() => "GET"),
          answers.join(""),
          ends,
        ),
      ).toEqual({ messages: answers, plain: "" });
    }),
  );
});

it("gives what it does not understand as it is, and all that follows", () => {
  const strange = [
    '00066{"type":"hello"}',
    "\u0016\u0003\u0001",
    "POST /poll HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    `GET /${"x".repeat(70_000)}`,
  ];
  for (const text of strange) {
    const [first = "", second = ""] = REQUESTS;
    const { messages, plain } = read(MessageReader.ofRequests(), first + text + second, [3]);
    expect(messages).toEqual([first]);
    expect(plain === text + second).toBe(true); // long: not to be printed
  }
  const untilTheEnd = "HTTP/1.1 200 OK\r\n\r\nand so on";
  expect(
    read(
      MessageReader.ofAnswers(() => "GET"),
      untilTheEnd,
    ),
  ).toEqual({ messages: [], plain: untilTheEnd });
});

it("knows that the answer to HEAD has no body", () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
  expect(
    read(
      MessageReader.ofAnswers(() => "HEAD"),
      head + head,
    ),
  ).toEqual({ messages: [head, head], plain: "" });
});
