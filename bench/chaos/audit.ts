import type { Told } from "../../server/testing/ask.ts";
import { WebSocketMember } from "../../server/testing/websocket-member.ts";
import type { FinalLog, HeardPacket, History } from "../history/record.ts";
import { ROOM } from "./stay.ts";

export const AUDITOR = "auditor";

/** Somebody who comes when all is over: is told who is there, reads the whole log from its beginning, and stays to hear whether more comes. */
export class Audit {
  readonly #member: WebSocketMember;
  readonly #roster = new Set<string>();
  #from = 0;
  #began = 0;

  constructor(port: number) {
    this.#member = new WebSocketMember({ port }, AUDITOR, ROOM);
  }

  /** How far it has read. */
  get offset(): number {
    return this.#member.offset;
  }

  async begin(): Promise<void> {
    const member = this.#member;
    const welcome = await member.comes({ history: 0 });
    if (welcome.type !== "welcome") throw new Error(`the auditor was refused: ${JSON.stringify(welcome)}`);
    await member.until(() => member.told.find(({ type, more }) => type === "roster" && more !== true), "the roster");
    for (const { type, nicks } of member.told) if (type === "roster") for (const nick of nicks ?? []) this.#roster.add(nick);
    this.#began = Number(welcome.offset);
    this.#from = member.told.length;
    // Whatever comes until the answer is in the log, and is read again.
    const again = await member.says({ log: member.log, offset: 0 });
    if (again.type !== "welcome" || again.offset !== 0)
      throw new Error(`the auditor was not let back to the beginning: ${JSON.stringify(again)}`);
    this.#from = member.told.indexOf(again) + 1;
  }

  /** True when the log says that the auditor came, which may take a moment: L8. */
  get announced(): boolean {
    return this.#member.told.slice(this.#from).some(({ type, nicks }) => type === "joined" && nicks?.includes(AUDITOR));
  }

  stop(): void {
    this.#member.drops();
  }

  /** The log until now, and who is there: those of whom it was told, and whoever came or went since. */
  read(): Pick<History, "end" | "roster"> {
    const roster = new Set(this.#roster);
    const packets: HeardPacket[] = [];
    let first = 1;
    let offset = 0;
    for (const told of this.#member.told.slice(this.#from)) {
      if (told.type === "gap") {
        offset = Number(told.to);
        first = offset + 1;
      }
      const packet = heardOf(told);
      if (packet === undefined) continue;
      offset++;
      packets.push(packet);
      if (offset > this.#began) follow(roster, packet);
    }
    const end: FinalLog = { log: this.#member.log, first, packets };
    return { end, roster: { nicks: [...roster], online: roster.size } };
  }
}

function follow(roster: Set<string>, packet: HeardPacket): void {
  if (packet.kind === "joined") for (const nick of packet.nicks) roster.add(nick);
  if (packet.kind === "left") for (const nick of packet.nicks) roster.delete(nick);
  if (packet.kind !== "renamed") return;
  roster.delete(packet.from);
  roster.add(packet.to);
}

function heardOf(told: Told): HeardPacket | undefined {
  const { type, nicks = [] } = told;
  switch (type) {
    case "chat":
      return { kind: "chat", nick: told.nick ?? "", text: told.message ?? "" };
    case "joined":
      return { kind: "joined", nicks };
    case "left":
      return { kind: "left", nicks, why: told.why as (HeardPacket & { kind: "left" })["why"] };
    case "renamed":
      return { kind: "renamed", from: String(told.from), to: String(told.to) };
    case "notice":
      return { kind: "notice", text: told.message ?? (told as { text?: string }).text ?? "" };
    case "clock":
      return { kind: "clock", atMs: told.at ?? 0 };
    default:
      return undefined;
  }
}
