import type { TransportKind } from "../../shared/connection/connection-state.ts";
import { Doings, type Pattern } from "./doings.ts";
import type { ChaosOptions } from "./options.ts";
import { Person } from "./person.ts";
import type { Entrance, FaultProxy } from "./proxy/fault-proxy.ts";
import { CALM, type Profile } from "./proxy/profile.ts";
import { Random } from "./random.ts";
import type { Chronicle, LineKind } from "./recorder.ts";
import { drawProfile, VANISHING, VANISHING_AND_CUT } from "./weather.ts";
import { WireClient } from "./wire-client.ts";
import { WirePerson, type WirePlan } from "./wire-person.ts";

/** How many more clients there are that talk and change their transport all the time, where there are any: on the wire, and as pages. */
const MOVERS = 4;
const SWITCHERS = 2;
const MOVER_EVERY_MS = 150;
const ROUND: readonly LineKind[] = ["websocket", "long-poll", "websocket", "tcp"];

/** In each ten: what they use. The rest read the wire. */
const KINDS: readonly (TransportKind | "race" | "wire")[] = [
  "race",
  "websocket",
  "race",
  "long-poll",
  "wire",
  "race",
  "websocket",
  "race",
  "long-poll",
  "wire",
];

/** The network begins well, so that all come in; `worsen` lets the weather come, to one after the other. */
/** What those who read the wire use, in turn. */
const LINES: readonly LineKind[] = ["websocket", "tcp", "long-poll"];

export type Crew = { readonly people: readonly Person[]; readonly wire: readonly WirePerson[]; worsen(): void };

/** Until when the weather has come to all, ms. */
const WORSE_WITHIN_MS = 4000;

/** The ways through the bad network: to the port of HTTP, and to that of raw TCP. */
export type Proxies = { readonly http: FaultProxy; readonly tcp: FaultProxy };

/** Everybody in a run, each with a way of their own through the bad network. */
export async function gather(
  options: ChaosOptions,
  proxies: Proxies,
  chronicle: Chronicle,
  lastStrayMs: (entrance: string) => number,
): Promise<Crew> {
  const { seed, clients, rate, steady, changes } = options;
  const random = new Random(seed);
  const everyMs = (clients / rate) * 1000;
  const people: Person[] = [];
  const wire: WirePerson[] = [];
  const weather: { entrance: Entrance; profile: Profile }[] = [];
  for (let index = 0; index < clients; index++) {
    const kind = KINDS[index % KINDS.length] ?? "race";
    const name = `${kind.charAt(0)}${index + 1}`;
    const own = random.fork(name);
    // For a few, messages vanish. Those who read the wire compare nothing: to lose the connection as well is more than they can survive.
    const vanishing = index % 40 === 1 || (index % 40 === 4 && options.kills === 0);
    const profile = vanishing ? (kind === "wire" ? VANISHING : VANISHING_AND_CUT) : drawProfile(own.fork("weather"));
    if (kind === "wire") {
      const line = vanishing ? "websocket" : (LINES[wire.length % LINES.length] ?? "websocket");
      const { port } = await open(name, profile, line);
      wire.push(wirePerson(name, { [line]: port }, [line], { everyMs, pastes: !vanishing, changes: 0 }, vanishing));
      continue;
    }
    people.push(
      await person(name, kind === "race" ? undefined : kind, profile, vanishing ? { everyMs, steady, switching: 0 } : { everyMs, steady }),
    );
  }
  for (let index = 0; changes > 0 && index < MOVERS; index++) {
    const name = `m${index + 1}`;
    // Every second one has a good network: then nothing but the changes can be to blame.
    const calm = index % 2 === 0;
    const profile = calm ? CALM : drawProfile(random.fork(name).fork("weather"));
    const { port } = await open(name, profile);
    const { port: tcp } = await open(name, profile, "tcp");
    wire.push(
      wirePerson(name, { websocket: port, "long-poll": port, tcp }, ROUND, {
        everyMs: MOVER_EVERY_MS,
        pastes: false,
        changes: calm ? changes : Math.ceil(changes / 10),
      }),
    );
  }
  for (let index = 0; changes > 0 && index < SWITCHERS; index++) {
    people.push(await person(`s${index + 1}`, undefined, CALM, { everyMs: MOVER_EVERY_MS, steady: true, switching: 0.3 }));
  }
  return { people, wire, worsen };

  async function open(name: string, profile: Profile, kind?: LineKind): Promise<Entrance> {
    const entrance = await (kind === "tcp" ? proxies.tcp : proxies.http).open(name);
    weather.push({ entrance, profile });
    return entrance;
  }

  function worsen(): void {
    const when = random.fork("weather");
    for (const { entrance, profile } of weather) {
      if (profile === CALM) continue;
      setTimeout(() => {
        entrance.profile = profile;
        // What is there already was promised good weather.
        entrance.cut();
      }, when.next() * WORSE_WITHIN_MS).unref();
    }
  }

  async function person(name: string, only: TransportKind | undefined, profile: Profile, pattern: Pattern): Promise<Person> {
    const own = random.fork(name);
    const doings = new Doings(name, pattern, own.fork("doings"));
    const entrance = await open(name, profile);
    return new Person({
      name,
      only,
      entrance,
      loses: profile === VANISHING_AND_CUT,
      lastStrayMs: () => lastStrayMs(name),
      doings,
      chronicle,
      random: own.fork("while it lasts"),
    });
  }

  function wirePerson(
    name: string,
    ports: Partial<Record<LineKind, number>>,
    kinds: readonly LineKind[],
    plan: Pick<WirePlan, "everyMs" | "pastes" | "changes">,
    loses = false,
  ): WirePerson {
    const own = random.fork(name);
    const recorder = chronicle.recorder(name, { complete: true, loses });
    const client = new WireClient({ nick: name, ports, kind: kinds[0] ?? "websocket", recorder, random: own.fork("while it lasts") });
    return new WirePerson(name, client, { ...plan, random: own.fork("doings"), kinds, changeEveryMs: [5, 150] });
  }
}
