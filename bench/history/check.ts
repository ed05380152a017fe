import { type Course, followCourse } from "./course.ts";
import { Findings } from "./findings.ts";
import { checkAcknowledged, collectMessages, placeMessages } from "./messages.ts";
import { countPresence } from "./presence.ts";
import type { ClientHistory, History, Violation } from "./record.ts";
import { checkResumptions } from "./resumption.ts";
import { RoomLog } from "./room-log.ts";
import { checkRosters } from "./roster.ts";
import { checkSenderOrder } from "./sender-order.ts";
import { checkSpeakers } from "./speakers.ts";

/** `posts`: what was sent by who never was welcomed are posts, said under a name that nobody holds. Source: T3. */
export type CheckOptions = { readonly posts?: boolean };

/**
 * Judges a whole run: nothing where every promise was kept. Takes time in proportion to the number of entries.
 *
 * The run has to end in quiet: whoever has not ended has heard the last packet of the log, the `joined` of who read it included, and nobody came
 * or went since. Coming and going has to be logged: more were never there than the limit of L10.
 */
export function check(history: History, { posts = false }: CheckOptions = {}): Violation[] {
  const findings = new Findings();
  const log = new RoomLog(history, findings);
  const courses = new Map<ClientHistory, Course>();
  for (const client of history.clients) courses.set(client, followCourse(client, log, findings));

  const messages = collectMessages(history);
  const places = placeMessages(log, messages, findings);
  checkAcknowledged(history, log, places, findings);
  checkSenderOrder(history.clients, messages, places, findings);

  const isPost = (text: string) => posts && courses.get(messages.get(text)?.sender as ClientHistory)?.stretches.length === 0;
  const presence = countPresence(log, isPost, findings);
  checkSpeakers(log, messages, presence, findings);
  checkRosters(history, courses, presence, findings);
  for (const [client, course] of courses) checkResumptions(client, course, { log, places, presence }, findings);
  return findings.violations();
}
