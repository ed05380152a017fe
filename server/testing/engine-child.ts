import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { RoomName } from "../../shared/room-name.ts";
import { systemClock } from "../clock.ts";
import { DataDirectory } from "../engine/data-directory.ts";
import { openDiskStore } from "../engine/disk-store.ts";
import { EmbeddedEngine } from "../engine/embedded.ts";
import type { Engine } from "../engine/engine.ts";
import { chat, hello, helloAgain, idOf } from "./engine-samples.ts";

/*
 * An engine in a process of its own, for tests that end it, or its disk. It says lines of JSON, at once: what it said it said, also when
 * it is killed in the next instant. Arguments: what to do, the data directory, the durability, what then.
 */
const [task = "", path = "", durability = "disk", then = ""] = process.argv.slice(2);
const history = { packets: 1_000_000, days: 30 };
const log = { warn() {}, error() {} };

/** A commit that the engine acknowledged: which numbers of whom, and where they are. */
export type Acknowledged = {
  readonly room: string;
  readonly who: string;
  readonly texts: readonly string[];
  readonly offsets: readonly number[];
};

function say(value: unknown): void {
  const octets = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < octets.length; at += writeSync(1, octets, at));
}

async function openEngine(): Promise<{ engine: Engine; directory: DataDirectory }> {
  const directory = await DataDirectory.open(path);
  const store = await openDiskStore(directory, { durability: durability as "disk" | "process", log });
  return { engine: await EmbeddedEngine.start({ store, clock: systemClock, history, log }), directory };
}

/** Says hello as `who`, and then says `size` things at a time in the room. */
class Speaker {
  readonly #engine: Engine;
  readonly #room: RoomName;
  readonly #who: string;
  #turn = 0;
  seq = 0;

  constructor(engine: Engine, room: string, who: string) {
    this.#engine = engine;
    this.#room = room as RoomName;
    this.#who = who;
  }

  async join(): Promise<void> {
    const { outcomes } = await this.#engine.commit(this.#room, [hello(this.#who)]);
    const [outcome] = outcomes;
    if (outcome?.kind !== "welcomed") throw new Error(JSON.stringify(outcome));
    this.#turn = outcome.record.turn;
    this.seq = outcome.record.seq;
  }

  async speak(size: number, padding = 0): Promise<Acknowledged> {
    const texts = Array.from({ length: size }, (_, index) => `${this.#who} ${this.seq + 1 + index}${" ".repeat(padding)}`);
    const operations = texts.map((text, index) => chat(this.#who, this.seq + 1 + index, { turn: this.#turn, text }));
    // An answer without an append in between: it must not disturb the store's numbering of transactions.
    await this.#engine.commit(this.#room, []);
    const { outcomes } = await this.#engine.commit(this.#room, operations);
    const offsets = outcomes.map((outcome) => {
      if (outcome.kind !== "appended") throw new Error(JSON.stringify(outcome));
      return outcome.offset;
    });
    this.seq += size;
    return { room: this.#room, who: this.#who, texts, offsets };
  }
}

async function speakUntilKilled(): Promise<void> {
  const { engine } = await openEngine();
  const speakers = ["ann", "bob", "cid", "dee"].map((who, index) => new Speaker(engine, index % 2 === 0 ? "lobby" : "den", who));
  await Promise.all(
    speakers.map(async (speaker, index) => {
      await speaker.join();
      for (let size = index; ; size = (size + 1) % 9) say(await speaker.speak(size + 1));
    }),
  );
}

/** Speaks until the disk is full, looks whether all is as it was; then dies, or makes room and speaks on. */
async function fillTheDisk(): Promise<void> {
  const { engine } = await openEngine();
  const ann = new Speaker(engine, "lobby", "ann");
  await ann.join();
  const tries = async (): Promise<string | undefined> => {
    try {
      say(await ann.speak(20, 900));
      return undefined;
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  };
  let failure: string | undefined;
  for (let count = 0; failure === undefined && count < 10_000; count++) failure = await tries();
  const again: (string | undefined)[] = [];
  for (let count = 0; count < 50; count++) again.push(await tries());
  const { last } = await engine.open("lobby" as RoomName);
  const found = await engine.find(idOf("ann"));
  say({ failure, again, last, seq: found?.seq, expected: ann.seq });
  if (then === "die") process.kill(process.pid, "SIGKILL");
  spawnSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited:unlimited"]);
  const { outcomes } = await engine.commit("lobby" as RoomName, [helloAgain("ann")]);
  say({ welcomed: outcomes[0]?.kind });
  await ann.join();
  for (let count = 0; count < 5; count++) say(await ann.speak(20, 900));
  await engine.close();
  say({ closed: true });
}

/** Opens the directory, and keeps it until it is told to go. */
async function hold(): Promise<void> {
  try {
    const { engine, directory } = await openEngine();
    directory.describe({ pid: process.pid, url: "http://127.0.0.1:9814" });
    say({ open: true });
    for await (const line of createInterface(process.stdin)) if (line === "go") break;
    await engine.close();
    process.exit(0);
  } catch (error) {
    say({ name: (error as Error).name, message: (error as Error).message });
    process.exit(1);
  }
}

switch (task) {
  case "speak":
    await speakUntilKilled();
    break;
  case "fill":
    // Without a listener the signal ends the process before the write can fail.
    process.on("SIGXFSZ", () => {});
    await fillTheDisk();
    break;
  case "hold":
    await hold();
    break;
}
