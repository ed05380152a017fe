import { setTimeout as sleep } from "node:timers/promises";
import { encodeChat } from "../../shared/packet.ts";
import type { Listener } from "./listener.ts";
import type { LoadMember } from "./member.ts";
import { quantile } from "./statistics.ts";
import { until } from "./until.ts";

/** A message every so often: how long it takes from the sender's hand to each receiver's, ms. All in this process, so that there is one clock. */
export async function measureLatency(
  sender: LoadMember,
  receivers: readonly Listener[],
  { messages = 200, everyMs = 20 } = {},
): Promise<number[]> {
  const latencies: number[] = [];
  const { nick } = sender.listener;
  const textAt = 5 + nick.length;
  for (const receiver of receivers) {
    receiver.onChat = (octets, start, end) => {
      if (octets.toString("latin1", start + 5, start + textAt) !== nick) return;
      latencies.push(performance.now() - Number(octets.toString("latin1", start + textAt, end)));
    };
  }
  for (let sent = 0; sent < messages; sent++) {
    await sender.line.send(encodeChat(nick, String(performance.now())));
    await sleep(everyMs);
  }
  await until(
    () => latencies.length >= messages * receivers.length,
    () => `${latencies.length} of ${messages * receivers.length} copies`,
  );
  for (const receiver of receivers) receiver.onChat = undefined;
  return latencies;
}

export function showLatency(latencies: readonly number[]): string {
  return [0.5, 0.99, 1].map((share) => quantile(latencies, share).toFixed(2)).join(" / ");
}
