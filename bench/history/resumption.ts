import type { NicknameKey } from "../../shared/nickname.ts";
import type { Course, Stretch } from "./course.ts";
import type { Findings } from "./findings.ts";
import { keyOf, type Presence, type Turn } from "./presence.ts";
import type { ClientHistory, Entry } from "./record.ts";
import type { RoomLog } from "./room-log.ts";

/** What is known of the whole run. */
type Known = { readonly log: RoomLog; readonly places: ReadonlyMap<string, number>; readonly presence: Presence };
type Welcomed = Stretch["welcomed"];
/** Words of the client's own in the log. */
type Anchor = { readonly offset: number; readonly nick: string };

/**
 * Who comes back within the grace was never said to have left, and has the nickname still. Source: S10, S24.
 *
 * A `resumed` alone does not say that the session never ended: the grace may have been over, and the answer to the first `hello` after it lost.
 * Then `joined` follows `left`. Only where two welcomes have turns next to each other was there no other in between. Source: S3, S8.
 */
export function checkResumptions(client: ClientHistory, { stretches }: Course, known: Known, findings: Findings): void {
  const { presence } = known;
  const anchors = findAnchors(client, known);
  stretches.forEach((stretch, index) => {
    const { nick, resumed } = stretch.welcomed;
    const before = stretches[index - 1];
    const anchor = anchors.get(stretch.welcomed);
    const tell = (what: string, offset: number) =>
      findings.add(resumed ? "not-resumed" : "presence", () => what, { client: client.name, offset });
    if (resumed && before !== undefined && !mayBecome(before, stretch, presence)) {
      tell(`resumed as ${nick}, and was ${before.welcomed.nick}`, stretch.welcomed.offset);
    }
    const left = leftWhileThere(stretch, anchor, presence);
    if (left !== undefined) tell(`${nick} is said to have left at ${left.offset}, and was there all the time`, left.offset);
  });
}

/** Where the log says that a client left while it was there. */
function leftWhileThere({ welcomed, before, to }: Stretch, anchor: Anchor | undefined, presence: Presence): Turn | undefined {
  const turns = presence.turns(keyOf(welcomed.nick));
  // From where it gave the name up, the name may be anybody's.
  const gaveUp = turns.find(({ kind, offset }) => kind === "gave-up" && offset > (before ?? welcomed.offset));
  const until = Math.min(to, (gaveUp?.offset ?? Number.POSITIVE_INFINITY) - 1);
  if (anchor !== undefined && keyOf(anchor.nick) === keyOf(welcomed.nick)) {
    const end = turns.find(({ kind, offset }) => (kind === "left" || kind === "gave-up") && offset > anchor.offset);
    if (end?.kind === "left" && end.offset <= until) return end;
  }
  const index = turns.findLastIndex(({ offset }) => offset <= until);
  const last = turns[index];
  const next = turns[index + 1];
  if (last?.kind !== "left" || last.offset < presence.knownFrom) return undefined;
  // It may be that it is there again, and that this is not yet said.
  return next?.kind !== "came" && next?.kind !== "took" ? last : undefined;
}

/** True where the nickname is the same, some renames lead from the one to the other, or the session may have ended and joined anew under it. */
function mayBecome(before: Stretch, after: Stretch, presence: Presence): boolean {
  const to = keyOf(after.welcomed.nick);
  const names = new Set<NicknameKey>([keyOf(before.welcomed.nick)]);
  const since = before.before ?? before.welcomed.offset;
  if (names.has(to) || presence.knownFrom > since + 1) return true;
  if (
    !isNext(before.welcomed.turn, after.welcomed.turn) &&
    presence.turns(to).some(({ kind, offset }) => kind === "came" && offset > since)
  ) {
    return true;
  }
  for (const rename of presence.renames) if (rename.offset > since && names.has(rename.from)) names.add(rename.to);
  return names.has(to);
}

/** True where no other welcome was between the two. Source: S8. */
function isNext(turn: number | undefined, after: number | undefined): boolean {
  return turn !== undefined && after === turn + 1;
}

/** For a welcome, the last of its session's own words that it surely followed. */
function findAnchors({ entries }: ClientHistory, { places, log }: Known): Map<Welcomed, Anchor | undefined> {
  const anchors = new Map<Welcomed, Anchor | undefined>();
  let turn: number | undefined;
  let anchor: Anchor | undefined;
  /** What was sent since the session is surely one and the same, and so was said in it. */
  let sent = new Set<string>();
  for (const entry of entries) {
    const text = textOf(entry);
    if (entry.kind === "welcomed") {
      if (!entry.resumed || !isNext(turn, entry.turn)) {
        anchor = undefined;
        sent = new Set();
      }
      turn = entry.turn;
      anchors.set(entry, anchor);
    } else if (entry.kind === "sent") sent.add(entry.text);
    else if (text !== undefined && sent.has(text)) {
      const offset = places.get(text) ?? 0;
      const packet = log.at(offset);
      if (packet?.kind === "chat" && offset > (anchor?.offset ?? 0)) anchor = { offset, nick: packet.nick };
    }
  }
  return anchors;
}

/** The text that is in the log, by this entry. */
function textOf(entry: Entry): string | undefined {
  if (entry.kind === "acknowledged") return entry.text;
  return entry.kind === "heard" && entry.packet.kind === "chat" ? entry.packet.text : undefined;
}
