import { check } from "./check.ts";
import type { Entry, HeardPacket, History, Violation } from "./record.ts";

// Histories in a line or two, for tests.

export const chat = (nick: string, text: string): HeardPacket => ({ kind: "chat", nick, text });
export const joined = (...nicks: string[]): HeardPacket => ({ kind: "joined", nicks });
export const left = (...nicks: string[]): HeardPacket => ({ kind: "left", nicks, why: "lost" });
export const renamed = (from: string, to: string): HeardPacket => ({ kind: "renamed", from, to });
export const CLOCK: HeardPacket = { kind: "clock", atMs: 1_767_225_600_000 };

export const sent = (...texts: string[]): Entry[] => texts.map((text) => ({ kind: "sent", text }));
export const acknowledged = (text: string, offset?: number): Entry =>
  offset === undefined ? { kind: "acknowledged", text } : { kind: "acknowledged", text, offset };
export const refused = (text: string): Entry => ({ kind: "refused", text, code: "message-invalid" });
export const gap = (from: number, to: number): Entry => ({ kind: "gap", from, to });
export const roster = (...nicks: string[]): Entry => ({ kind: "roster", nicks, online: nicks.length });
export const ended: Entry = { kind: "ended", why: "left" };
export const welcomed = (nick: string, offset: number, also: Partial<Entry & { kind: "welcomed" }> = {}): Entry => {
  return { kind: "welcomed", log: "log1", offset, fresh: true, resumed: false, nick, ...also };
};
export const resumed = (nick: string, offset: number, also: Partial<Entry & { kind: "welcomed" }> = {}): Entry =>
  welcomed(nick, offset, { fresh: false, resumed: true, ...also });
/** What `packets` are heard as by who is at the offset before `from`. */
export const heard = (from: number, ...packets: HeardPacket[]): Entry[] =>
  packets.map((packet, index) => ({ kind: "heard", offset: from + index, packet }));

export const client = (name: string, ...entries: (Entry | Entry[])[]) => ({ name, complete: true, entries: entries.flat() });
export const hiding = (name: string, ...entries: (Entry | Entry[])[]) => ({ ...client(name, ...entries), complete: false });
export type Client = ReturnType<typeof client>;

/** A run that left `packets` in the log, the first of them at `first`. */
export function run(packets: readonly HeardPacket[], clients: readonly Client[], also: { first?: number; there?: string[] } = {}): History {
  const { first = 1, there } = also;
  return {
    clients,
    end: { log: "log1", first, packets },
    ...(there === undefined ? {} : { roster: { nicks: there, online: there.length } }),
  };
}

/** The rules that `history` breaks, each once. */
export function broken(history: History): string[] {
  return [...new Set(check(history).map(({ rule }) => rule))];
}

/** The only violation of `history`. */
export function only(history: History): Violation {
  const violations = check(history);
  const [violation] = violations;
  if (violation === undefined || violations.length > 1) throw new Error(`Not one violation: ${JSON.stringify(violations)}`);
  return violation;
}
