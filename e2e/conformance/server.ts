import { ask, type Told, within } from "../../server/testing/ask.ts";
import { type Member, newSecret, service } from "../../server/testing/member.ts";
import type { Options } from "./options.ts";

/** What is known of the server that is looked at. */
export type Server = Options & {
  /** From `welcome`. 0 in either lifts it. */
  readonly rate: { readonly burst: number; readonly perSecond: number };
  /** The interval of its pings, ms, as the first `welcome` said it. */
  readonly heartbeatMs: number;
};

/** Comes in once, to learn what `welcome` says of the server. Rejects where nobody is let in. */
export async function meet(options: Options): Promise<Server> {
  const session = newSecret();
  const body = service({ type: "hello", session, nick: "conformance", room: `c-${options.run}`, history: 0 });
  for (let time = 0; time < 100; time++) {
    const { status, told } = await within(ask(options.url, "POST", "/poll", { body }), "the answer to hello");
    const [first] = told;
    if (first?.code === "rate-limited") {
      await new Promise((resolve) => setTimeout(resolve, Number(first.retryAfter ?? 1000) + 20));
      continue;
    }
    if (first?.type !== "welcome")
      throw new Error(`nobody is let into a new room: ${status} ${JSON.stringify(first ?? "without a packet")}`);
    await within(ask(options.url, "POST", "/poll", { body: service({ type: "leave", session }) }), "the answer to leave");
    return { ...options, rate: first.limits?.rate ?? { burst: 0, perSecond: 0 }, heartbeatMs: first.heartbeat ?? 0 };
  }
  throw new Error("too many have come in lately");
}

/**
 * Where new sessions come in. Servers let only so many in from one address in a minute: who is told to wait waits, everybody behind as well,
 * and then tries again.
 */
export class Entrance {
  #last: Promise<unknown> = Promise.resolve();

  /** `hello` says it, and may be called again. */
  enter(member: Member, hello: () => Promise<Told>): Promise<Told> {
    const entered = this.#last.then(async () => {
      for (let time = 0; time < 100; time++) {
        const told = await hello();
        if (told.code !== "rate-limited" || told.retryAfter === undefined) return told;
        await new Promise((resolve) => setTimeout(resolve, Number(told.retryAfter) + 20));
        // What it was told so far has nothing to do with what comes now.
        member.told.length = 0;
        member.octets.length = 0;
        member.forgets();
      }
      throw new Error(`${member.nick} was told a hundred times to come later`);
    });
    this.#last = entered.catch(() => undefined);
    return entered;
  }
}
