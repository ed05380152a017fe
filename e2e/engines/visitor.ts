import { expect } from "vitest";
import { PATIENCE_MS, type Tab, type Target } from "./browser.ts";

const NICKNAME: Target = { role: "textbox", name: "Nickname" };
const COMPOSER: Target = { role: "textbox", name: "Message" };
const MESSAGES: Target = { role: "log", name: "Messages" };
const PEOPLE: Target = { role: "list", name: "People" };

export type Carrier = "WebSocket" | "long polling";

const soon = { timeout: PATIENCE_MS, interval: 100 };

/** Somebody in front of the page, in whichever browser: what they do, and what they see. */
export class Visitor {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  async joins(nickname: string): Promise<void> {
    await this.tab.type(NICKNAME, nickname);
    await this.tab.click({ role: "button", name: "Join" });
  }

  async isIn(carrier: Carrier): Promise<void> {
    await expect.poll(() => this.tab.lines(), soon).toContain(`Connected over ${carrier}`);
    await expect.poll(() => this.tab.lines(PEOPLE), soon).not.toEqual([]);
  }

  async says(text: string): Promise<void> {
    await this.begins(text);
    await this.tab.pressEnter(COMPOSER);
  }

  /** Types, and does not send. */
  async begins(text: string): Promise<void> {
    await this.tab.type(COMPOSER, text);
  }

  async hasBegun(text: string): Promise<void> {
    await expect.poll(() => this.tab.value(COMPOSER), soon).toBe(text);
  }

  /** All of this stands in the timeline, each once and in this order, and nothing is on its way any more. */
  async sees(...texts: string[]): Promise<void> {
    const seen = async () => (await this.tab.lines(MESSAGES)).filter((line) => texts.includes(line) || line.startsWith("Sending"));
    await expect.poll(seen, soon).toEqual(texts);
  }

  /** Who came and went, as the timeline tells it. */
  async seesNotices(...notices: string[]): Promise<void> {
    const seen = async () => (await this.tab.lines(MESSAGES)).filter((line) => / (came in|left|lost the connection)$/.test(line));
    await expect.poll(seen, soon).toEqual(notices);
  }

  async seesPeople(...nicknames: string[]): Promise<void> {
    const seen = async () => (await this.tab.lines(PEOPLE)).filter((line) => line !== "(you)");
    await expect.poll(seen, soon).toEqual(nicknames);
  }
}
