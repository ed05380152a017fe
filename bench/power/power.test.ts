import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { TracedDisk } from "./disk-image.ts";
import { losePower } from "./lose-power.ts";
import { tooEarly } from "./order.ts";
import { type Call, TraceReader } from "./trace.ts";
import { textOf, whyNoTrace } from "./traced-run.ts";

const reason = whyNoTrace();
const seed = process.env.SEED ?? String(Math.floor(Math.random() * 1e9));

describe.skipIf(reason !== undefined)(`a loss of power${reason === undefined ? "" : ` (not tried: ${reason})`}`, () => {
  it.each(["disk", "process"] as const)(
    "[L7] at any instant, with durability %s, leaves a room that opens, whole, with what was promised",
    async (durability) => {
      const folder = mkdtempSync(join(tmpdir(), "palabre-power-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const report = await losePower({ folder, durability, instants: 25, messages: 25, lives: 2, seed });
      expect({ seed, faults: report.faults }).toEqual({ seed, faults: [] });
      expect(report.checked).toBeGreaterThan(100);
      expect(report.tried).toBe(25);
      expect(report.flushes).toBeGreaterThan(10);
      if (durability === "disk") expect(report.lostInstants).toBe(0);
    },
    120_000,
  );
});

describe("the trace of a server", () => {
  const hex = (text: string | Buffer) => [...Buffer.from(text)].map((octet) => `\\x${octet.toString(16).padStart(2, "0")}`).join("");
  const packet = (number: number) => {
    const text = textOf("ann", number);
    return `03${String(text.length).padStart(3, "0")}ann${text}`;
  };
  const log = `20<${hex("/d/log.mdb")}>`;
  const meta = `21<${hex("/d/log.mdb")}>`;
  const opening = [
    `7 openat(AT_FDCWD<${hex("/")}>, "${hex("/d/log.mdb")}", O_RDWR|O_CREAT, 0600) = ${log}`,
    `7 openat(AT_FDCWD<${hex("/")}>, "${hex("/d/log.mdb")}", O_WRONLY|O_DSYNC|O_CLOEXEC) = ${meta}`,
    `7 write(25<TCP:[127.0.0.1:1->127.0.0.1:2]>, "${hex('{"type":"welcome","version":1,"nick":"ann"}')}", 9) = 9`,
  ];
  const page = `8 pwrite64(${log}, "${hex(packet(1))}", ${packet(1).length}, 4096) = ${packet(1).length}`;
  const flush = `8 fdatasync(${log}) = 0`;
  const valid = `8 pwrite64(${meta}, "${hex("META")}", 4, 0) = 4`;
  const ack = `7 writev(25<TCP:[127.0.0.1:1->127.0.0.1:2]>, [{iov_base="${hex('\x82\x26{"type":"ack","seq":1,"offset":3}')}", iov_len=9}], 1) = 9`;
  const read = (...lines: string[]): readonly Call[] => {
    const reader = new TraceReader("/d");
    reader.read([...opening, ...lines].join("\n"));
    return reader.calls;
  };
  const faults = (...lines: string[]) => tooEarly(read(...lines), "disk").faults.map((fault) => fault.replace(/^.*before /, ""));

  it("shows an ack that comes before what it promises", () => {
    expect(tooEarly(read(page, flush, valid, ack), "disk")).toEqual({ checked: 1, faults: [] });
    expect(faults(flush, valid, ack, page)).toEqual(["it was written"]);
    expect(faults(flush, page, valid, ack)).toEqual(["its page was flushed"]);
    expect(faults(page, flush, ack, valid)).toEqual(["the page that makes it valid was flushed"]);
    expect(faults(page, valid, flush, ack)).toEqual(["the page that makes it valid was flushed"]);
    const [begun, ended] = [`8 fdatasync(${log} <unfinished ...>`, "8 <... fdatasync resumed>) = 0"];
    expect(faults(page, begun, ended, valid, ack)).toEqual([]);
    expect(faults(page, begun, valid, ack, ended)).toEqual(["its page was flushed"]);
    expect(faults(page, `8 fdatasync(${log}) = -1 EIO (Input/output error)`, valid, ack)).toEqual(["its page was flushed"]);
  });

  it("shows what is safe at an instant, and what may be there", () => {
    const flushedName = [
      `8 openat(AT_FDCWD<${hex("/")}>, "${hex("/d")}", O_RDONLY|O_CLOEXEC) = 30<${hex("/d")}>`,
      `8 fsync(30<${hex("/d")}>) = 0`,
    ];
    const disk = new TracedDisk(read(...flushedName, page, flush, valid, ack));
    const possible = (instant: number) => {
      const seen = new Set<string>();
      for (let round = 0; round < 200; round++) {
        const octets = disk.lose(instant, Math.random).get("log.mdb");
        const has = (text: string, at: number) => octets?.toString("latin1", at, at + text.length) === text;
        seen.add(octets === undefined ? "no file" : `${has("META", 0) ? "meta" : "-"} ${has(packet(1), 4096) ? "page" : "-"}`);
      }
      return [...seen].sort();
    };
    expect(possible(1)).toEqual(["- -", "no file"]);
    expect(possible(5)).toEqual(["- -"]);
    expect(possible(6)).toEqual(["- -", "- page"]);
    expect(possible(7)).toEqual(["- page"]);
    expect(possible(8)).toEqual(["meta page"]);
  });
});
