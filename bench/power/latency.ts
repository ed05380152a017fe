// npm run power:latency: how long an ack takes, and how many there are a second, by durability, with flushes as they are and made slow.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FailingDisk, whyNoFailingDisk } from "../../server/testing/failing-disk.ts";
import { WebSocketMember } from "../../server/testing/websocket-member.ts";
import { encodeChat } from "../../shared/packet.ts";
import { startPalabre } from "../process.ts";

const FOR_MS = 4000;
const SPEAKERS = 20;
const AT_ONCE = 20;
const TEXT = "x".repeat(50);

const reason = whyNoFailingDisk();
if (reason !== undefined) console.log(`Flushes are as they are only: ${reason}.`);
for (const flushMs of reason === undefined ? [0, 10] : [0]) {
  for (const durability of ["disk", "process"]) {
    const folder = mkdtempSync(join(tmpdir(), "palabre-latency-"));
    const dataDir = join(folder, "data");
    const disk = reason === undefined ? new FailingDisk(dataDir) : undefined;
    const settings = { DATA_DIR: dataDir, DURABILITY: durability };
    const served = await startPalabre(settings, disk === undefined ? {} : { environment: disk.environment });
    try {
      disk?.obeys({ flushMs });
      const alone = await speak(served.port, 1, 1);
      const together = await speak(served.port, SPEAKERS, AT_ONCE);
      console.log(
        `${durability}, a flush takes ${flushMs === 0 ? "what it takes" : `${flushMs} ms`}: one at a time ${alone.acks} ms; ` +
          `${SPEAKERS} people, ${AT_ONCE} at a time each: ${together.perSecond} messages a second, ${together.acks} ms`,
      );
    } finally {
      disk?.obeys({});
      await served.stop();
      disk?.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function speak(port: number, people: number, atOnce: number): Promise<{ perSecond: number; acks: string }> {
  const times: number[] = [];
  const startedMs = performance.now();
  let said = 0;
  await Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const member = new WebSocketMember({ port }, `p${people}-${index}`, "lobby");
      await member.comes({ history: 0 });
      while (performance.now() - startedMs < FOR_MS) {
        const sentMs = performance.now();
        await member.sends(...Array.from({ length: atOnce }, () => encodeChat(member.nick, TEXT)));
        await member.answerTo(member.seq);
        times.push(performance.now() - sentMs);
        said += atOnce;
        member.told.length = 0;
        member.octets.length = 0;
      }
      member.drops();
    }),
  );
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? Number.NaN).toPrecision(3);
  return { perSecond: Math.round((said * 1000) / FOR_MS), acks: `median ${at(0.5)}, 95 % within ${at(0.95)}` };
}
