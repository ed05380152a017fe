import { useId } from "preact/hooks";
import type { Outage } from "../../shared/connection/connection-state.ts";
import { useApp } from "./context.ts";
import { Entrance } from "./entrance.tsx";

/** Waiting to be let in: why, and when the next try is. It goes on by itself. */
export function QueueScreen({ why }: { why: Outage["code"] }) {
  const { store, words } = useApp();
  const id = useId();
  const seconds = store.retryIn.value;
  return (
    <Entrance heading={<bdi>{store.room}</bdi>}>
      <p class="said">
        <span id={id} role="status">
          {words.because[why]}
        </span>{" "}
        <span role="timer">{seconds === undefined ? words.tryingNow : words.tryingAgainIn(seconds)}</span>
      </p>
      <div class="buttons">
        <button type="button" class="primary" data-home aria-describedby={id} onClick={() => store.probe()}>
          {words.now}
        </button>
        <button type="button" onClick={() => store.leave()}>
          {words.cancel}
        </button>
      </div>
    </Entrance>
  );
}
