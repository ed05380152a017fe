import type { Answer, Told } from "../../../server/testing/ask.ts";
import type { LongPollMember } from "../../../server/testing/long-poll-member.ts";
import type { Member } from "../../../server/testing/member.ts";
import { fits } from "../mismatch.ts";
import { pause, type Stage } from "../stage.ts";

export const get = (stage: Stage, member: Member, query: string) => stage.ask(member, "GET", `/poll?${query}`);
export const post = (stage: Stage, member: Member, query: string, ...body: Uint8Array[]) =>
  stage.ask(member, "POST", `/poll${query}`, { body });
export const refusal = (answer: Answer): readonly unknown[] => [answer.status, answer.told[0]?.type, answer.told[0]?.code];
export const without = (told: readonly Told[], ...types: string[]) => told.filter(({ type }) => !types.includes(type));

/** Bob, who speaks, and alice, who asks only when the check does. */
export async function pair(stage: Stage): Promise<{ alice: LongPollMember; bob: LongPollMember }> {
  const { alice, bob } = (await stage.pair()) as { alice: LongPollMember; bob: LongPollMember };
  alice.asksAgain = false;
  fits(await alice.returns(), { type: "welcome" }, "a hello that no poll follows");
  alice.forgets();
  return { alice, bob };
}

/** Sends a poll and gives its answer, once it must have been parked. */
export async function parked(stage: Stage, member: Member, query: string): Promise<{ answer: Promise<Answer>; isAnswered: () => boolean }> {
  let isAnswered = false;
  const answer = get(stage, member, query).finally(() => {
    isAnswered = true;
  });
  answer.catch(() => undefined);
  await pause(150);
  return { answer, isAnswered: () => isAnswered };
}
