import type { ConnectionState } from "../../shared/connection/connection-state.ts";
import { useApp } from "./context.ts";

/** Below this many attempts it may be over before anybody has read of it. */
const TOLD_FROM = 2;

/** What is wrong with the connection, as a sentence, once it lasts; and what becomes of what is typed meanwhile. */
export function OutageLine() {
  const { store, words } = useApp();
  const why = outage(store.state.value);
  const waiting = store.unsent.value;
  return (
    <div class={why === undefined ? "outage" : "outage lasting"}>
      <span role="status">{why !== undefined && words.because[why]}</span>{" "}
      {/* Not a part of the news: they would be read again with every message. */}
      {why !== undefined && waiting > 0 && `${words.waiting(waiting)}.`}
    </div>
  );
}

function outage(state: ConnectionState) {
  if (state.kind !== "waiting" && state.kind !== "connecting") return undefined;
  return state.why && state.attempt >= TOLD_FROM ? state.why.code : undefined;
}
