import { concatOctets } from "../../shared/octets.ts";
import { encodeChat } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import { mutate } from "./mutation.ts";
import type { Script, Step } from "./script.ts";
import { CORPUS, hello, type Identity, pickIdentity, utterance } from "./utterance.ts";

/** A post by somebody who holds no session, and so no nickname that is taken. */
function poster(random: Random, who: Identity): Identity {
  return random.chance(0.9) ? { ...who, nick: `post${random.between(0, 30)}` } : who;
}

/** One stream of packets: a session, or posts. */
export function tcpScript(random: Random, seed: string): Script {
  const who = pickIdentity(random, seed);
  const isSession = random.chance(0.6);
  const speaker = isSession ? who : poster(random, who);
  const harsh = random.pick([0, 0, 0.1, 0.5]);
  const steps: Step[] = [];
  if (random.chance(0.05)) steps.push({ octets: mutate(random, hello(who, true), CORPUS), awaits: "nothing" });
  const first = isSession ? hello(who, random.chance(0.7)) : encodeChat(speaker.nick, `${random.between(0, 1e9)} posted`);
  steps.push({ octets: first, awaits: steps.length === 0 ? "answer" : "perhaps" });
  for (let left = random.between(1, 16); left > 0; left--) {
    const said = random.chance(0.97)
      ? utterance(random, speaker, harsh).octets
      : concatOctets(Array<Uint8Array>(200).fill(encodeChat(speaker.nick, "y".repeat(500))));
    // Cut anywhere: the rest comes in another segment.
    const at = random.chance(0.3) ? random.between(0, said.length) : said.length;
    steps.push({ octets: said.subarray(0, at), awaits: at < said.length ? "perhaps" : "nothing" });
    if (at < said.length) steps.push({ octets: said.subarray(at), awaits: "nothing" });
  }
  return { door: "tcp", steps, secret: who.secret, end: random.chance(0.8) ? "half-close" : "cut" };
}
