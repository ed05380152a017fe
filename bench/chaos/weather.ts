import type { Profile } from "./proxy/profile.ts";
import type { Random } from "./random.ts";

/** What the network does to one client: drawn once, and then again for each of its connections by the proxy. */
export function drawProfile(random: Random): Profile {
  const moment = random.chance(0.5) ? { octets: [0, random.pick([1000, 5000, 60_000])] as const } : { ms: [50, 15_000] as const };
  return {
    ...(random.chance(0.6) ? { cut: { chance: 0.7, after: moment } } : {}),
    ...(random.chance(0.2) ? { halfOpen: { chance: 0.3, after: { ms: [200, 10_000] }, forMs: [300, 5000] } } : {}),
    ...(random.chance(0.5) ? { delay: { chance: 0.5, ms: [0, random.pick([5, 40, 250])] } } : {}),
    ...(random.chance(0.1) ? { throttle: { chance: 0.5, octetsPerSecond: [8_000, 40_000] } } : {}),
    ...(random.chance(0.3) ? { rechunk: { chance: 0.5, octets: [1, random.pick([1, 7, 100])] } } : {}),
    ...(random.chance(0.2) ? { join: { chance: 0.5, ms: [1, 60] } } : {}),
    answerLost: { chance: 0.02 },
    repeated: { chance: 0.02 },
    held: { chance: 0.02, forMs: [200, 4000] },
  };
}

/** WebSocket messages vanish. What those who only count make of it (S33) holds while nothing else breaks the connection before the next `ping`. */
export const VANISHING: Profile = { droppedDown: { chance: 0.02, spared: 1 } };

/** And the connection breaks as well: the product's own client compares what it is told again. */
export const VANISHING_AND_CUT: Profile = { ...VANISHING, cut: { chance: 0.8, after: { ms: [500, 8000] } } };
