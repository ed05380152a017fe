import type { Page } from "playwright/test";
import type { Relay } from "../relay.ts";

/**
 * Puts a network in between that makes control characters of a word: then nothing is left of it, and the server refuses the message.
 * Only over long polling, as WebSocket masks what is sent.
 */
export function mangles(relay: Relay, word: string): void {
  relay.upgrades = "refuse";
  relay.toServer.rewrite = (octets) => Buffer.from(octets.toString("latin1").replaceAll(word, "\u0001".repeat(word.length)), "latin1");
}

/** Goes on in a copy of the tab, as "Duplicate" makes one. */
export async function goesOnElsewhere(page: Page): Promise<Page> {
  const opened = page.context().waitForEvent("page");
  await page.evaluate(() => void window.open(location.href));
  return opened;
}

/** How a message begins that is to be the operator's. */
export const OPERATOR = "Operator says: ".padEnd(40, ".");

/** Lets `nick` speak for the operator, for whom there is no other way yet: the network makes a `notice` of what begins with `OPERATOR`. */
export function speaksAsOperator(relay: Relay, nick: string): void {
  relay.toBrowser.rewrite = (octets) => {
    const text = octets.toString("latin1");
    const pattern = new RegExp(`${String(nick.length).padStart(2, "0")}(\\d{3})${nick}${OPERATOR.replaceAll(".", "\\.")}`, "g");
    let rewritten = text;
    for (const { 0: head, 1: length, index } of text.matchAll(pattern)) {
      const end = index + 5 + nick.length + Number(length);
      const service = JSON.stringify({ type: "notice", text: text.slice(index + head.length, end) });
      // As long as it was: blank space between the parts of JSON says nothing.
      const octetsOfService = end - index - 5;
      rewritten = `${text.slice(0, index)}00${String(octetsOfService).padStart(3, "0")}${service.padEnd(octetsOfService)}${rewritten.slice(end)}`;
    }
    return Buffer.from(rewritten, "latin1");
  };
}
