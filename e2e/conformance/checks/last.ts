import { ask, within } from "../../../server/testing/ask.ts";
import { chat, newSecret, service } from "../../../server/testing/member.ts";
import { type Check, check, type Transport } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { isJoinedOf, leaveAll, pause, type Stage } from "../stage.ts";
import { upgrade } from "./websocket.ts";

const once: readonly Transport[] = ["websocket"];
const STOPPING = { type: "stopping", reason: "shutdown", reconnectIn: 1000 };

const nickOf = (session: string) => `n${session.slice(0, 10)}`;

/** A hello by POST of somebody who only counts. */
async function visit(stage: Stage, session: string, room: string) {
  const body = service({ type: "hello", session, nick: nickOf(session), room, history: 0 });
  return within(ask(stage.server.url, "POST", "/poll", { body }), "the answer to hello");
}

/** What disturbs everybody: for this the kit has to be told what it may do. */
export const LAST: readonly Check[] = [
  check(
    once,
    "[S44, S4, H17] says full above the cap, with Retry-After, and lets in again who was in",
    async (stage) => {
      const { cap = 0 } = stage.server;
      const room = stage.newRoom();
      const sessions: string[] = [];
      try {
        const first = newSecret();
        let answer = await visit(stage, first, room);
        while (answer.status === 200 && sessions.length <= cap) {
          sessions.push(newSecret());
          answer = await visit(stage, sessions.at(-1) ?? "", room);
          if (answer.status === 429) await pause(Number(answer.told[0]?.retryAfter) + 20);
          if (answer.status === 429) answer = await visit(stage, sessions.at(-1) ?? "", room);
        }
        fits(answer.told[0], { type: "error", code: "full" }, `the answer after ${sessions.length} had come in`);
        same(answer.status, 503, "its status");
        holds(Number(answer.headers["retry-after"]) >= 1, "seconds", answer.headers["retry-after"], "Retry-After");
        const late = stage.somebody("late", room);
        fits(await stage.enters(late), { type: "error", code: "full" }, "the same by WebSocket");
        same(await late.ends(), stage.endWith("full"), "the end");
        fits((await visit(stage, first, room)).told[0], { type: "welcome", resumed: true }, "who was in");
        sessions.push(first);
      } finally {
        await leaveAll(stage.server, sessions);
      }
    },
    { alone: true, unless: ({ cap }) => (cap === undefined ? "the cap is the operator's setting (--cap)" : undefined) },
  ),

  check(
    once,
    "[D1, D2, D3, D4, W6, W7, S44, H17] tells everybody that it stops, lets nobody in any more, closes with 1012, and is gone",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const { url, stop = 0 } = stage.server;
      const session = newSecret();
      const [welcome] = (await visit(stage, session, alice.room)).told;
      await bob.until(() => bob.told.find((told) => isJoinedOf(told, nickOf(session))), "the third one's joined");
      const { offset } = await alice.speaks("before");
      await bob.hears("before");
      const poll = () => ask(url, "GET", `/poll?after=${offset}&turn=${welcome?.turn}`, { session });
      const parked = poll();
      await pause(200);
      process.kill(stop, "SIGTERM");
      same((await within(parked, "the parked poll")).told.at(-1), STOPPING, "the answer to the parked poll");
      fits((await within(poll(), "a late poll")).told.at(-1), STOPPING, "the answer to a poll that comes right after");
      const hello = await within(
        ask(url, "POST", "/poll", { body: service({ type: "hello", session: newSecret(), nick: "late" }) }),
        "hello",
      );
      same([hello.status, hello.told[0]?.code], [503, "stopping"], "the answer to a hello");
      holds(Number(hello.headers["retry-after"]) >= 1, "seconds", hello.headers["retry-after"], "Retry-After");
      const post = await within(ask(url, "POST", "/poll?seq=1", { session, body: chat("n", "late") }), "a POST");
      same([post.status, post.told[0]?.code], [503, "stopping"], "the answer to a POST");
      same((await upgrade(stage.server)).status, 503, "the answer to an upgrade");
      for (const member of [alice, bob]) {
        same(await member.ends(), { code: undefined, number: 1012 }, "the end");
        same(member.told.at(-1), STOPPING, "the last word");
        same(toldOf(member, "left"), [], "left");
      }
      for (let time = 0; time < 100; time++) {
        await pause(200);
        if (!isRunning(stop)) return;
      }
      holds(false, "no such process", stop, "20 s later");
    },
    { alone: true, unless: ({ stop }) => (stop === undefined ? "it takes stopping the server (--stop)" : undefined) },
  ),
];

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
