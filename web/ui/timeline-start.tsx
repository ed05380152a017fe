import type { Older } from "../room/older-pages.ts";
import { useApp } from "./context.ts";

/** What stands above the oldest message that is known. */
export function TimelineStart({ older, empty }: { older: Older; empty: boolean }) {
  const { store, words } = useApp();
  switch (older) {
    case "more":
    case "loading":
      return <p class="start">{words.loadingOlder}</p>;
    case "failed":
      return (
        <p class="start">
          {words.olderFailed}{" "}
          <button type="button" class="small" onClick={() => void store.loadOlder(true)}>
            {words.tryAgain}
          </button>
        </p>
      );
    case "full":
      return <p class="start">{words.tooMany}</p>;
    case "none":
      return <p class="start">{empty ? words.empty : words.beginning}</p>;
    default:
      return older satisfies never;
  }
}
