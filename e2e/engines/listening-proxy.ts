import { text } from "node:stream/consumers";
import { HttpRelay } from "./http-relay.ts";

const EARS = "/engine-ears.js";
const HEARD = "/engine-heard";

// Told at once, by a request that is waited for: the next moment the page may be gone.
const SCRIPT = `"use strict";
function tell(event) {
  const what = event.message || (event.blockedURI !== undefined && event.violatedDirective + " blocked " + event.blockedURI)
    || event.reason || (event.target && event.target.outerHTML);
  const request = new XMLHttpRequest();
  request.open("POST", "${HEARD}", false);
  request.send(event.type + ": " + what);
}
for (const type of ["error", "unhandledrejection", "securitypolicyviolation"]) addEventListener(type, tell, true);
`;

/**
 * A proxy for a browser that tells nobody what its console says: the page gets one more script, before its own and from its own origin, which
 * reports what no script caught and what the page's policy kept out. All else passes unchanged.
 */
export class ListeningProxy {
  readonly #relay: HttpRelay;

  private constructor(relay: HttpRelay) {
    this.#relay = relay;
  }

  /** `hear` is called with each fault. */
  static async start(target: string, hear: (fault: string) => void): Promise<ListeningProxy> {
    const relay = await HttpRelay.start(target, {
      request(asked, answer) {
        if (asked.url === HEARD) {
          void text(asked).then((fault) => {
            hear(fault);
            answer.end();
          });
        } else if (asked.url === EARS) answer.writeHead(200, { "Content-Type": "text/javascript" }).end(SCRIPT);
        else return false;
        return true;
      },
      page: (html) => html.replace(/<head>/i, `$&<script src="${EARS}"></script>`),
    });
    return new ListeningProxy(relay);
  }

  get url(): string {
    return this.#relay.url;
  }

  async close(): Promise<void> {
    await this.#relay.close();
  }
}
