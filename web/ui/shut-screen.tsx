import type { Code } from "../../shared/codes.ts";
import { useApp } from "./context.ts";
import { Entrance } from "./entrance.tsx";

/** Not let in, and waiting would not help. */
export function ShutScreen({ why }: { why: Code }) {
  const { store, words } = useApp();
  return (
    <Entrance heading={<bdi>{store.room}</bdi>}>
      <p class="said" role="alert">
        {words.because[why]}
      </p>
      <div class="buttons">
        {why === "room-invalid" ? (
          <a class="button primary" data-home href="/">
            {words.toTheLobby}
          </a>
        ) : (
          <button type="button" class="primary" data-home onClick={() => store.takeUp()}>
            {why === "replaced" ? words.takeBack : words.tryAgain}
          </button>
        )}
        <button type="button" onClick={() => store.startOver()}>
          {words.startOver}
        </button>
      </div>
    </Entrance>
  );
}
