/**
 * node dist/bench/page/main.js [--messages N] [--slowdown K] [--trace DIRECTORY] [--no-peer] [--only TEXT]
 *
 * A long talk in a real browser: all of it is scrolled through, and then what a reader does is done to it, while Chromium traces the page's main thread.
 * `--slowdown 4` makes the browser's processor four times slower, as a cheap phone's is. `--no-peer`: without the page that has every message as a row.
 * `--trace`: keeps each trace, for the performance panel.
 */
import { join } from "node:path";
import type { Browser } from "playwright";
import { readOptions } from "../load/options.ts";
import { table } from "../load/table.ts";
import { openBrowser } from "./browser.ts";
import { type Noticed, noticed } from "./eyes.ts";
import { FullRoom } from "./full-room.ts";
import { type Tasks, traced } from "./main-thread.ts";
import { memoryOf } from "./memory.ts";
import { SCENES } from "./scenes.ts";
import { allRows, palabre, type Subject } from "./subjects.ts";

const options = readOptions(process.argv.slice(2), { messages: 50_000, slowdown: 1, trace: "", "no-peer": false, only: "" });

const HEAD = [
  "",
  "busy ms",
  "> 50 ms",
  "longest",
  "cpu > 50 ms",
  "longest",
  "frames",
  "p50 ms",
  "p99 ms",
  "max ms",
  "keys",
  "p50 ms",
  "max ms",
];

const room = await FullRoom.of(options.messages);
const browser = await openBrowser();
try {
  const subjects = [palabre(room), ...(options["no-peer"] ? [] : [allRows(options.messages)])];
  for (const subject of subjects) await measure(browser, subject);
} finally {
  await browser.close();
  await room.end();
}

async function measure(browser: Browser, subject: Subject): Promise<void> {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await subject.open(page);
  if (options.slowdown > 1) await devtools.send("Emulation.setCPUThrottlingRate", { rate: options.slowdown });
  const before = await memoryOf(devtools);
  const rows: (string | number)[][] = [HEAD];
  const run = async (name: string, doing: () => Promise<void>) => {
    const keep = options.trace === "" ? undefined : join(options.trace, `${subject.name} ${name}.json`.replaceAll(/[^\w.]+/g, "-"));
    let eyes: Noticed | undefined;
    const tasks = await traced(
      browser,
      page,
      async () => {
        eyes = await noticed(page, doing);
      },
      keep,
    );
    if (eyes) rows.push(row(name, tasks, eyes));
  };
  await run(`all ${options.messages} come`, () => subject.fills(page));
  const after = await memoryOf(devtools);
  for (const scene of SCENES) if (scene.name.includes(options.only)) await run(scene.name, () => scene.play(page, subject));
  const last = await memoryOf(devtools);
  console.log(`\n${subject.name}, ${options.messages} messages, processor ${options.slowdown} times slower\n${table(rows)}`);
  for (const [when, { heapMib, nodes }] of Object.entries({ "at first": before, "with all": after, "at the end": last })) {
    console.log(`memory ${when}: heap ${heapMib.toFixed(1)} MiB, ${nodes} nodes`);
  }
  await context.close();
}

function row(name: string, tasks: Tasks, eyes: Noticed): (string | number)[] {
  const keys = eyes.keys === 0 ? ["", "", ""] : [eyes.keys, eyes.keyP50Ms, eyes.keyMaxMs];
  const { busyMs, long, longestMs, longOfProcessor, longestOfProcessorMs } = tasks;
  const { frames, frameP50Ms, frameP99Ms, frameMaxMs } = eyes;
  return [
    name,
    Math.round(busyMs),
    long,
    longestMs,
    longOfProcessor,
    longestOfProcessorMs,
    frames,
    frameP50Ms,
    frameP99Ms,
    frameMaxMs,
    ...keys,
  ];
}
