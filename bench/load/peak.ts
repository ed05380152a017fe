import type { MeasuredServer } from "./measured-server.ts";

const EVERY_MS = 100;

/** The most that a server's process takes while something goes on, MiB, looked at ten times a second. */
export class Peak {
  rss = 0;
  rssAnon = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(server: MeasuredServer) {
    this.#timer = setInterval(() => {
      const { rss, rssAnon } = server.resident();
      this.rss = Math.max(this.rss, rss);
      this.rssAnon = Math.max(this.rssAnon, rssAnon);
    }, EVERY_MS);
  }

  end(): this {
    clearInterval(this.#timer);
    return this;
  }
}
