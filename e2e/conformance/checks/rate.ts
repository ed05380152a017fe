import { chat, type Member, service } from "../../../server/testing/member.ts";
import { type Check, check, EVERYWHERE, STREAMS } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import type { Server } from "../server.ts";
import { pause, type Stage } from "../stage.ts";

/** More packets than the server takes at once, even where a second or two goes by meanwhile. */
const tooMany = ({ rate: { burst, perSecond } }: Server) => burst + 2 * perSecond + 2;

const withRate = {
  unless: (server: Server) => {
    const { burst, perSecond } = server.rate;
    if (burst === 0 || perSecond === 0) return "this server sets no limit to the rate";
    return tooMany(server) > 500 ? "this server's rate is higher than the kit sends" : undefined;
  },
};

/** A pair, and alice with her whole budget, who sends without regard to it. */
async function rested(stage: Stage): Promise<{ alice: Member; bob: Member; many: number }> {
  const { alice, bob } = await stage.pair();
  await pause((1000 * stage.server.rate.burst) / stage.server.rate.perSecond);
  stage.hurries(alice);
  return { alice, bob, many: tooMany(stage.server) };
}

const ignored = (count: number) => Array.from({ length: count }, () => service({ type: "sparkle" }));

/**
 * What `attempt` finds behind packets that spend the whole budget. Now and then there is something to spend again just before the last packet is
 * looked at: then it is tried again.
 */
async function past<Found>(
  member: Member,
  many: number,
  attempt: (budgetSpent: Uint8Array[]) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  for (let time = 0; time < 4; time++) {
    const found = await attempt(ignored(many));
    if (found !== undefined || member.end !== undefined) return found;
  }
  return undefined;
}

export const RATE: readonly Check[] = [
  check(
    EVERYWHERE,
    "[S22, S21, S19] takes a burst, refuses all that is past it with retryAfter, and takes the next when that is over",
    async (stage) => {
      const { alice, bob, many } = await rested(stage);
      const from = alice.seq;
      const begunMs = performance.now();
      await alice.sends(...Array.from({ length: many }, (_, number) => chat("alice", `${number}`)));
      await alice.answerTo(from + many);
      const tookMs = performance.now() - begunMs;
      const refused = toldOf(alice, "refused");
      const [first] = refused.map(({ seq }) => Number(seq) - from);
      holds(
        first !== undefined && first > stage.server.rate.burst,
        `one, but none of the first ${stage.server.rate.burst}`,
        first,
        "the first that was refused",
      );
      for (const told of refused) {
        fits(told, { code: "rate-limited" }, "refused");
        holds(Number.isInteger(told.retryAfter) && Number(told.retryAfter) > 0, "a retryAfter in ms", told, "refused");
      }
      const numbers = new Set(refused.map(({ seq }) => Number(seq) - from - 1));
      // Where it took longer than that, there was something to spend again on the way.
      if (tookMs < Number(refused[0]?.retryAfter))
        same(numbers.size, many - Number(first) + 1, "how many were refused: all behind the first");
      const taken = Array.from({ length: many }, (_, number) => number).filter((number) => !numbers.has(number));
      await pause(Math.max(...refused.map(({ retryAfter }) => Number(retryAfter))) + 50);
      fits(await alice.speaks("again"), { type: "ack", seq: from + many + 1 }, "when retryAfter is over");
      await bob.hears("again");
      same(bob.heard(), [...taken.map(String), "again"], "what bob heard");
    },
    withRate,
  ),

  check(
    EVERYWHERE,
    "[S21, P6, S23] spends for a type that it ignores, and refuses what is wrong in itself for that",
    async (stage) => {
      const { alice, many } = await rested(stage);
      const codes = await past(alice, many, async (budgetSpent) => {
        const from = alice.seq;
        await alice.sends(...budgetSpent, chat("alice", "too much"), chat("alice", " "), chat("bob", "x"));
        await alice.answerTo(from + 3);
        const refused = toldOf(alice, "refused").filter(({ seq }) => Number(seq) > from);
        return refused.length === 3 ? refused.map(({ code }) => code) : undefined;
      });
      same(codes, ["rate-limited", "message-invalid", "nick-mismatch"], "the codes of all three, past the budget");
    },
    withRate,
  ),

  check(
    STREAMS,
    "[S21, S41] spends for rename and hello, and a hello past the budget ends with rate-limited",
    async (stage) => {
      const { alice, many } = await rested(stage);
      const refused = await past(alice, many, async (budgetSpent) => {
        const answers = () => alice.told.filter(({ type, of }) => type === "you" || of === "rename");
        const before = answers().length;
        await alice.sends(...budgetSpent, service({ type: "rename", nick: `alicia${before}` }));
        const answer = await alice.until(() => answers()[before], "the answer to a rename");
        return answer.type === "refused" ? answer : undefined;
      });
      fits(refused, { type: "refused", of: "rename", code: "rate-limited" }, "a rename past the budget");
      const end = await past(alice, many, async (budgetSpent) => {
        const welcomes = () => toldOf(alice, "welcome").length;
        const before = welcomes();
        await alice.sends(...budgetSpent, service({ type: "hello", session: alice.session }));
        await alice.until(() => alice.end ?? (welcomes() > before || undefined), "the answer to a hello", { evenAfterEnd: true });
        return alice.end;
      });
      same(end, stage.endWith("rate-limited"), "the end of who says hello past the budget");
      const error = alice.told.findLast(({ type }) => type === "error");
      holds(Number(error?.retryAfter) > 0, "a retryAfter in ms", error, "error");
      await pause(Number(error?.retryAfter) + 100);
      fits(await alice.returns(), { type: "welcome", resumed: true }, "when it is over");
    },
    withRate,
  ),

  check(
    STREAMS,
    "[S21] spends nothing for pong",
    async (stage) => {
      const { alice, many } = await rested(stage);
      await alice.sends(...Array.from({ length: many }, () => service({ type: "pong" })), chat("alice", "hello"));
      fits(await alice.answerTo(alice.seq), { type: "ack" }, "a chat packet behind many pongs");
    },
    withRate,
  ),
];
