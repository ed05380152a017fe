import { decode } from "../packet.ts";
import { parseServerService, ROOM_SERVICES, type RoomService, type ServerService } from "../service.ts";
import type { SessionSecret } from "../session-secret.ts";
import type { HistoryPage, RoomEvent } from "./connection-event.ts";
import type { Environment, FetchAnswer } from "./environment.ts";
import { exchange } from "./exchange.ts";
import { type Said, toEvent } from "./room-reader.ts";

const HISTORY_WITHIN_MS = 15_000;

/** A page of older packets could not be had. */
export class HistoryError extends Error {
  override readonly name = "HistoryError";
}

export type HistoryRequest = { readonly url: string; readonly secret: SessionSecret; readonly before: number; readonly limit: number };

/** Asks for the packets before `before`. Gives the running request: how to call it off, and its page. Source: H18. */
export function askHistory(environment: Environment, request: HistoryRequest): { page: Promise<HistoryPage>; callOff: () => void } {
  const { url, secret, before, limit } = request;
  let fail = (): void => {};
  let cancel = (): void => {};
  const page = new Promise<HistoryPage>((resolve, reject) => {
    fail = () => reject(new HistoryError("The connection was closed."));
    cancel = exchange(
      environment,
      `${url}?before=${before}&limit=${limit}`,
      { method: "GET", headers: { Authorization: `Bearer ${secret}` } },
      HISTORY_WITHIN_MS,
      (answer) => {
        const read = answer === undefined ? undefined : readPage(answer);
        if (read === undefined) reject(new HistoryError(`Older messages could not be had (${answer?.status ?? "no answer"}).`));
        else resolve(read);
      },
    );
  });
  return {
    page,
    callOff() {
      cancel();
      fail();
    },
  };
}

function readPage(answer: FetchAnswer): HistoryPage | undefined {
  const first = countIn(answer, "Palabre-First-Offset");
  let at = countIn(answer, "Palabre-At");
  const decoded = decode(answer.body);
  if (answer.status !== 200 || first === undefined || at === undefined || !decoded.ok || decoded.rest.length > 0) return undefined;
  const events: RoomEvent[] = [];
  for (const [index, packet] of decoded.packets.entries()) {
    let said: Said;
    if (packet.kind === "chat") said = packet;
    else {
      const parsed = parseServerService(packet);
      if (parsed.kind !== "service" || !isSaid(parsed.service)) return undefined;
      said = parsed.service;
      if (said.type === "clock") at = said.at;
    }
    const event = toEvent(said, first + index, at);
    if (event !== undefined) events.push(event);
  }
  return { first, events };
}

function isSaid(service: ServerService): service is RoomService {
  return Object.hasOwn(ROOM_SERVICES, service.type);
}

function countIn(answer: FetchAnswer, header: string): number | undefined {
  const text = answer.header(header);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
