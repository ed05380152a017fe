import { addressesUnder } from "./address.ts";
import { Alarm } from "./alarm.ts";
import type { Environment, WebSocketLike } from "./environment.ts";
import { SUBPROTOCOL } from "./websocket-transport.ts";

/** How long one is kept, ms: given up before the server does that, 10 s after it came. Source: W5. */
const KEPT_MS = 8_000;
/** Of `readyState`: opening, and open. */
const USABLE: readonly unknown[] = [0, 1];

/**
 * A WebSocket that is opened while the person still types, so that `hello` can go out the moment they press the button: in the room after one
 * round trip, and not three. Nothing is said on it before. Should it be gone when it is wanted, a new one takes its place.
 */
export class WarmSocket {
  /** The same world, but that the next WebSocket in it may be the one that was opened beforehand. */
  readonly environment: Environment;
  readonly #connect: Environment["connectWebSocket"];
  readonly #url: string;
  readonly #due: Alarm;
  #webSocket: WebSocketLike | undefined;

  /** `url`: the server, as `ConnectionOptions` has it. */
  constructor(environment: Environment, url: string) {
    const { clock, connectWebSocket } = environment;
    this.#connect = connectWebSocket;
    this.#url = addressesUnder(url).ws;
    this.#due = new Alarm(clock);
    this.environment = {
      ...environment,
      ...(connectWebSocket && {
        connectWebSocket: (to: string, protocol: string) => this.#take(to, protocol) ?? connectWebSocket(to, protocol),
      }),
    };
  }

  /** Somebody is about to come in. Call it as often as one likes: there is one at a time, and no second one soon after one that came to nothing. */
  warm(): void {
    if (this.#due.isSet) return;
    this.#due.set(KEPT_MS, () => this.#drop());
    try {
      this.#webSocket = this.#connect?.(this.#url, SUBPROTOCOL);
    } catch {
      return; // forbidden here: coming in shows it
    }
    const webSocket = this.#webSocket;
    if (webSocket === undefined) return;
    // Whatever the server says to somebody who says nothing, it is about to hang up.
    webSocket.onmessage = () => this.#drop();
    webSocket.onclose = () => this.#drop();
    webSocket.onerror = () => {}; // `close` follows
  }

  /** Nobody comes in any more. */
  cool(): void {
    this.#due.clear();
    this.#drop();
  }

  #take(url: string, protocol: string): WebSocketLike | undefined {
    const webSocket = this.#webSocket;
    if (webSocket === undefined || url !== this.#url || protocol !== SUBPROTOCOL) return undefined;
    if (!USABLE.includes(webSocket.readyState)) return undefined;
    this.#webSocket = undefined;
    this.#due.clear();
    webSocket.onmessage = null;
    webSocket.onclose = null;
    return webSocket;
  }

  #drop(): void {
    const webSocket = this.#webSocket;
    this.#webSocket = undefined;
    if (webSocket === undefined) return;
    webSocket.onmessage = null;
    webSocket.onclose = null;
    try {
      webSocket.close();
    } catch {
      // It was never open.
    }
  }
}
