import { expect, it } from "vitest";
import { tasksIn } from "./main-thread.ts";

const thread = (pid: number, tid: number, name: string) => ({ name: "thread_name", ph: "M", pid, tid, ts: 0, args: { name } });
const task = (pid: number, tid: number, dur: number, tdur: number) => ({ name: "RunTask", ph: "X", pid, tid, ts: 0, dur, tdur });

it("reads off a trace what the busiest page's main thread did, by the clock and in processor time", () => {
  const traceEvents = [
    thread(1, 1, "CrRendererMain"),
    thread(2, 1, "CrRendererMain"),
    thread(1, 2, "Compositor"),
    task(1, 1, 60_000, 20_000),
    task(1, 1, 70_000, 55_000),
    task(1, 1, 1000, 1000),
    // Another page, which did less, and another thread, which did more.
    task(2, 1, 90_000, 2000),
    task(1, 2, 500_000, 500_000),
    { name: "Layout", ph: "X", pid: 1, tid: 1, ts: 0, dur: 900_000 },
  ];
  expect(tasksIn(Buffer.from(JSON.stringify({ traceEvents })))).toEqual({
    busyMs: 76,
    long: 2,
    longestMs: 70,
    longOfProcessor: 1,
    longestOfProcessorMs: 55,
  });
});

it("finds nothing in a trace of nothing", () => {
  expect(tasksIn(Buffer.from('{"traceEvents":[]}'))).toMatchObject({ busyMs: 0, long: 0, longestMs: 0 });
});
