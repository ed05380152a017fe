import { useLayoutEffect, useRef } from "preact/hooks";
import type { Code } from "../../shared/codes.ts";
import { useApp } from "./context.ts";

/** Stands where the composer was: why nothing more can be said, and how to go on. */
export function EndedPanel({ why }: { why: Code }) {
  const { store, words } = useApp();
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => button.current?.focus(), []);
  return (
    <section class="ended">
      <p role="alert">{words.because[why]}</p>
      {why === "removed" ? (
        <button ref={button} type="button" class="primary" data-home onClick={() => store.startOver()}>
          {words.startOver}
        </button>
      ) : (
        <button ref={button} type="button" class="primary" data-home onClick={() => store.takeUp()}>
          {why === "replaced" ? words.takeBack : words.tryAgain}
        </button>
      )}
    </section>
  );
}
