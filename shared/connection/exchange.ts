import { LONGEST_TIMER_MS } from "./alarm.ts";
import type { Environment, FetchAnswer, FetchRequest } from "./environment.ts";

/**
 * One HTTP exchange. Calls `done` once, unless it was called off before: with the answer, or undefined where none came `withinMs`
 * (without it: where none came).
 * Returns how to call it off. Never throws, never rejects.
 */
export function exchange(
  environment: Environment,
  url: string,
  request: FetchRequest,
  withinMs: number | undefined,
  done: (answer: FetchAnswer | undefined) => void,
): () => void {
  let over = false;
  let cancel = (): void => {};
  const end = (answer: FetchAnswer | undefined): void => {
    if (over) return;
    over = true;
    callOffTimeout();
    done(answer);
  };
  const callOffTimeout =
    withinMs === undefined
      ? () => {}
      : environment.clock.after(Math.min(withinMs, LONGEST_TIMER_MS), () => {
          end(undefined);
          cancel();
        });
  try {
    const running = environment.fetch(url, request);
    cancel = () => running.cancel();
    running.answer
      .then(end, () => end(undefined))
      // What `done` throws is a fault of this program: it comes up as one, and not as a rejection.
      .catch((fault) => {
        environment.clock.after(0, () => {
          throw fault;
        });
      });
  } catch {
    // Refused before it began. Told later, as every other end is.
    cancel = environment.clock.after(0, () => end(undefined));
  }
  return () => {
    if (over) return;
    over = true;
    callOffTimeout();
    cancel();
  };
}
