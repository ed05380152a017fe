import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { within } from "../../server/testing/ask.ts";
import { startPalabre } from "../process.ts";
import { STORM_DEFAULTS, storm } from "./storm.ts";

const SESSIONS = 200;

describe("everybody comes back", () => {
  it.each([
    { stop: "kill", polls: 60 },
    { stop: "order", polls: 60 },
  ])(
    "[D6, S28] after a restart ($stop), with nothing lost, and nobody is told that they left",
    { timeout: 240_000 },
    async ({ stop, polls }) => {
      const { faults, notices, resumed } = await storm({ ...STORM_DEFAULTS, sessions: SESSIONS, stop, polls });
      expect(faults).toEqual([]);
      expect(notices).toBe(0);
      expect(resumed).toBe(SESSIONS);
    },
  );

  it("[D4] but a stop does not wait for one who asks for a WebSocket too late, and never hangs up", { timeout: 60_000 }, async () => {
    const palabre = await startPalabre();
    const peer = connect({ port: palabre.port, host: "127.0.0.1", allowHalfOpen: true });
    let heard = "";
    peer.on("data", (octets) => (heard += octets));
    peer.on("error", () => {}); // that the server cuts it off is what this is about
    try {
      await once(peer, "connect");
      const stopped = palabre.stop();
      const request = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
      // The HTTP server stops to listen only after late polls were answered for a second: from then on it is closing.
      await gone(palabre.port);
      peer.write(`${request}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
      await within(stopped, "the stop", 15_000);
      expect(heard).toMatch(/^HTTP\/1\.1 503 /);
      expect(palabre.child.exitCode).toBe(0);
    } finally {
      peer.destroy();
      palabre.child.kill("SIGKILL");
    }
  });
});

/** True once nobody listens there. */
function isClosed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const knock = connect(port, "127.0.0.1");
    knock.once("connect", () => {
      knock.destroy();
      resolve(false);
    });
    knock.once("error", () => resolve(true));
  });
}

async function gone(port: number): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!(await isClosed(port))) {
    if (performance.now() > endMs) throw new Error("it still listens");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
