import type { Browser, Page } from "playwright";

/** Above this the browser's makers call a task long: what somebody does meanwhile waits visibly. */
export const LONG_MS = 50;

/**
 * What the page's main thread did, task by task, by the browser's own trace. By the clock, and in processor time: where others want the processor too,
 * only the latter says what the page costs.
 */
export type Tasks = {
  readonly busyMs: number;
  readonly long: number;
  readonly longestMs: number;
  /** The same two in processor time. */
  readonly longOfProcessor: number;
  readonly longestOfProcessorMs: number;
};

type TraceEvent = { name: string; ph: string; pid: number; tid: number; dur?: number; tdur?: number; args?: Record<string, unknown> };

/** Runs `doing` while Chromium traces, and reads off what the page's main thread had to do. `keep`: where the whole trace is written. */
export async function traced(browser: Browser, page: Page, doing: () => Promise<void>, keep?: string): Promise<Tasks> {
  await browser.startTracing(page, {
    categories: [
      "devtools.timeline",
      "disabled-by-default-devtools.timeline",
      ...(keep === undefined ? [] : ["disabled-by-default-v8.cpu_profiler"]),
    ],
    ...(keep === undefined ? {} : { path: keep }),
  });
  let trace: Buffer;
  try {
    await doing();
  } finally {
    trace = await browser.stopTracing();
  }
  return tasksIn(trace);
}

export function tasksIn(trace: Buffer): Tasks {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const mains = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(threadOf));
  const byThread = new Map<string, { ms: number; processorMs: number }[]>();
  for (const event of traceEvents) {
    if (event.name !== "RunTask" || event.dur === undefined || !mains.has(threadOf(event))) continue;
    const tasks = byThread.get(threadOf(event)) ?? [];
    tasks.push({ ms: event.dur / 1000, processorMs: (event.tdur ?? event.dur) / 1000 });
    byThread.set(threadOf(event), tasks);
  }
  // Of several pages the one that was watched worked the most: the others are blank.
  const [tasks = []] = [...byThread.values()].sort((a, b) => busy(b) - busy(a));
  return {
    busyMs: busy(tasks),
    long: tasks.filter(({ ms }) => ms > LONG_MS).length,
    longestMs: tasks.reduce((most, { ms }) => Math.max(most, ms), 0),
    longOfProcessor: tasks.filter(({ processorMs }) => processorMs > LONG_MS).length,
    longestOfProcessorMs: tasks.reduce((most, { processorMs }) => Math.max(most, processorMs), 0),
  };
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid}.${tid}`;
}

function busy(tasks: readonly { readonly processorMs: number }[]): number {
  return tasks.reduce((total, { processorMs }) => total + processorMs, 0);
}
