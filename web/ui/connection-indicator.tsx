import type { ConnectionState } from "../../shared/connection/connection-state.ts";
import type { Words } from "../words/words.ts";
import { useApp } from "./context.ts";

/** How the connection is: news for everybody in a few words, the countdown for those who look. */
export function ConnectionIndicator() {
  const { store, words } = useApp();
  const state = store.state.value;
  const { tone, news, detail } = describe(state, store.networked.value, words);
  const seconds = store.retryIn.value;
  // The button stays while it is being tried: whoever pressed it is still there.
  const trying = state.kind === "connecting" && state.why !== undefined;
  return (
    <div class={`connection ${tone}`} title={detail}>
      <span class="dot" aria-hidden="true" />
      <span class="news" role="status">
        {news}
      </span>
      {(seconds !== undefined || trying) && (
        <>
          <span class="seconds" role="timer">
            {seconds !== undefined && words.inSeconds(seconds)}
          </span>
          <button type="button" class="plain small" aria-disabled={trying} onClick={() => store.probe()}>
            {words.now}
          </button>
        </>
      )}
    </div>
  );
}

type Description = { tone: "good" | "busy" | "bad"; news: string; detail?: string | undefined };

function describe(state: ConnectionState, networked: boolean, words: Words): Description {
  switch (state.kind) {
    case "open": {
      const detail = state.roundTripMs === undefined ? undefined : words.roundTrip(state.roundTripMs);
      return { tone: "good", news: `${words.connected} ${words.over[state.transport]}`, detail };
    }
    case "ended":
      return { tone: "bad", news: words.disconnected };
    case "idle":
      return { tone: "busy", news: words.connecting };
    default:
      if (!networked) return { tone: "bad", news: words.offline };
      if (state.why === undefined) return { tone: "busy", news: words.connecting };
      return {
        tone: "busy",
        news: state.why.code === "stopping" ? words.restarting : words.reconnecting,
      };
  }
}
