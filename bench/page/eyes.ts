import type { Page } from "playwright";
import { quantile } from "../load/statistics.ts";

/** What a person would notice: pauses between frames, and how long a key press waits for its picture, ms. */
export type Noticed = {
  readonly frames: number;
  readonly frameP50Ms: number;
  readonly frameP99Ms: number;
  readonly frameMaxMs: number;
  readonly longTasks: number;
  readonly keys: number;
  readonly keyP50Ms: number;
  readonly keyMaxMs: number;
};

type Notes = { frames: number[]; keys: number[]; longTasks: number; stop: () => void };
declare global {
  var palabreNotes: Notes | undefined;
}

/** Watches from inside the page while `doing` runs. */
export async function noticed(page: Page, doing: () => Promise<void>): Promise<Noticed> {
  await page.evaluate(watch);
  await doing();
  const { frames, keys, longTasks } = await page.evaluate(async () => {
    const notes = globalThis.palabreNotes as Notes;
    // The observers tell of the last frames a little later.
    await new Promise((resolve) => setTimeout(resolve, 200));
    notes.stop();
    return { frames: notes.frames, keys: notes.keys, longTasks: notes.longTasks };
  });
  return {
    frames: frames.length,
    frameP50Ms: quantile(frames, 0.5),
    frameP99Ms: quantile(frames, 0.99),
    frameMaxMs: Math.max(0, ...frames),
    longTasks,
    keys: keys.length,
    keyP50Ms: quantile(keys, 0.5),
    keyMaxMs: Math.max(0, ...keys),
  };
}

function watch(): void {
  const notes: Notes = { frames: [], keys: [], longTasks: 0, stop: () => {} };
  let going = true;
  let last = performance.now();
  const frame = () => {
    const now = performance.now();
    notes.frames.push(now - last);
    last = now;
    if (going) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  // From the key press, as the system dates it, until after the frame that it led to was made.
  const pressed = (event: KeyboardEvent) => {
    const at = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => notes.keys.push(performance.now() - at);
      channel.port2.postMessage(undefined);
    });
  };
  addEventListener("keydown", pressed, { capture: true });
  const observer = new PerformanceObserver((list) => {
    notes.longTasks += list.getEntries().length;
  });
  observer.observe({ type: "longtask" });
  notes.stop = () => {
    going = false;
    observer.disconnect();
    removeEventListener("keydown", pressed, { capture: true });
  };
  globalThis.palabreNotes = notes;
}
