import type { Words } from "../words/words.ts";
import { Entrance } from "./entrance.tsx";

/** An address that leads to no room. */
export function NoSuchRoom({ words }: { words: Words }) {
  return (
    <Entrance heading={words.noSuchRoom}>
      <p class="said">{words.noSuchRoomBecause}</p>
      <a class="button primary wide" href="/">
        {words.toTheLobby}
      </a>
    </Entrance>
  );
}
