import { Random } from "../chaos/random.ts";
import { httpScript } from "./http-script.ts";
import { longPollScript } from "./long-poll-script.ts";
import type { Script, WireDoor } from "./script.ts";
import { tcpScript } from "./tcp-script.ts";
import { websocketScript } from "./websocket-script.ts";

const SCRIPTS: Readonly<Record<WireDoor, (random: Random, seed: string) => Script>> = {
  websocket: websocketScript,
  "long-poll": longPollScript,
  tcp: tcpScript,
  http: httpScript,
};

/** What the connection with this number says. The seed, the door and the number alone decide it. */
export function scriptOf(seed: string, door: WireDoor, number: number): Script {
  return SCRIPTS[door](new Random(`${seed}/${door}/${number}`), seed);
}
