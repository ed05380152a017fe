import { beforeEach, expect, it } from "vitest";
import { decode, encodeChat, encodeService, type Packet } from "../../shared/packet.ts";
import { Answers } from "./answers.ts";

let told: string[] = [];
let answers: Answers;

beforeEach(() => {
  told = [];
  answers = new Answers({
    acknowledged: (text, offset) => void told.push(`${text} acknowledged${offset === undefined ? "" : ` at ${offset}`}`),
    refused: (text, code) => void told.push(`${text} ${code}`),
    unsaid: (text) => void told.push(`${text} unsaid`),
    fault: (what) => void told.push(`fault: ${what}`),
  });
});

function packet(type: string, fields: object): Packet {
  const [read] = decode(encodeService({ type, ...fields })).packets;
  if (read === undefined) throw new Error("no packet");
  return read;
}

const welcome = (turn: number, seq: number) => packet("welcome", { turn, seq });
const ack = (seq: number, offset?: number) => packet("ack", offset === undefined ? { seq } : { seq, offset });
const refused = (seq: number, code = "rate-limited") => packet("refused", { seq, code });
const something = decode(encodeChat("bo", "hello")).packets[0] as Packet;

function comes(turn: number, ...packets: Packet[]): void {
  packets.reduce((current, each) => answers.read(current, each), turn);
}

it("[S14, S18] counts from `welcome`, and takes an ack for all up to its number", () => {
  comes(0, welcome(1, 7));
  answers.said(1, ["a", "b"]);
  answers.said(1, ["c"]);
  comes(1, ack(9, 40), ack(10, 41));
  expect(told).toEqual(["a acknowledged", "b acknowledged at 40", "c acknowledged at 41"]);
});

it("[S18, S19] a refused number is answered, and an ack of a higher one says nothing of it", () => {
  comes(0, welcome(1, 0));
  answers.said(1, ["a", "b", "c"]);
  comes(1, ack(1, 5), refused(2), ack(3, 6));
  expect(told).toEqual(["a acknowledged at 5", "b rate-limited", "c acknowledged at 6"]);
});

it("[S15, S20] `welcome` answers what the line took with it, but for what is refused right behind it", () => {
  comes(0, welcome(1, 0));
  answers.said(1, ["a", "b", "c", "d"]);
  comes(0, welcome(2, 3), refused(2));
  expect(told).toEqual(["d unsaid", "b rate-limited"]);
  comes(2, something);
  expect(told.slice(2)).toEqual(["a acknowledged", "c acknowledged"]);
});

it("[S20] waits for the refusals of the next `welcome` where the line broke behind the first", () => {
  comes(0, welcome(1, 0));
  answers.said(1, ["a", "b"]);
  comes(0, welcome(2, 2));
  comes(0, welcome(3, 2), refused(1), something);
  expect(told).toEqual(["a rate-limited", "b acknowledged"]);
});

it("[S8] a `welcome` of an earlier turn that comes late changes nothing", () => {
  comes(0, welcome(2, 0));
  answers.said(2, ["a"]);
  comes(0, welcome(1, 0), something);
  comes(2, ack(1, 3));
  expect(told).toEqual(["a acknowledged at 3"]);
});

it("[H7] a request that is asked again says the same numbers, and its answers count once", () => {
  comes(0, welcome(1, 4));
  answers.said(1, ["a", "b"], 5);
  answers.said(1, ["a", "b"], 5);
  comes(1, ack(5, 8), ack(6, 9), ack(5, 8), ack(6, 9));
  expect(told).toEqual(["a acknowledged at 8", "b acknowledged at 9"]);
});

it("tells of an ack that is somewhere else the second time", () => {
  comes(0, welcome(1, 0));
  answers.said(1, ["a"]);
  comes(1, ack(1, 8), ack(1, 9));
  expect(told).toEqual(["a acknowledged at 8", "a acknowledged at 9"]);
});

it("finds out what cannot be: answers to nothing, and both answers to one", () => {
  comes(0, welcome(1, 0));
  answers.said(1, ["a"]);
  comes(1, ack(2, 8));
  comes(1, refused(1));
  answers.said(7, ["b"]);
  answers.said(1, ["c"], 9);
  expect(told.filter((line) => line.startsWith("fault"))).toHaveLength(4);
});
