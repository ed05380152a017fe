import type { Findings } from "./findings.ts";
import type { Message } from "./messages.ts";
import type { ClientHistory } from "./record.ts";
import { quoted } from "./room-log.ts";

/** One sender's messages are in the log in the order in which they were sent. Source: S14 to S16. */
export function checkSenderOrder(
  clients: readonly ClientHistory[],
  messages: ReadonlyMap<string, Message>,
  places: ReadonlyMap<string, number>,
  findings: Findings,
): void {
  for (const client of clients) {
    let before: { text: string; offset: number } | undefined;
    client.entries.forEach((entry, order) => {
      if (entry.kind !== "sent") return;
      const { text } = entry;
      const message = messages.get(text);
      const offset = places.get(text);
      // The same words again are the same message under a new number: only the last one was taken.
      if (offset === undefined || message?.sender !== client || message.order !== order || message.retried) return;
      if (before !== undefined && offset < before.offset) {
        const earlier = before;
        const what = () => `${quoted(earlier.text)} was sent before ${quoted(text)}, and is at ${earlier.offset}, after ${offset}`;
        findings.add("sender-order", what, { client: client.name, offset });
      }
      before = { text, offset };
    });
  }
}
