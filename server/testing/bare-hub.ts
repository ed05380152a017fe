import { pino } from "pino";
import { Hub } from "../chat/hub.ts";
import type { HubLimits } from "../chat/hub-context.ts";
import type { Engine } from "../engine/engine.ts";
import { freshEngine } from "./fresh-engine.ts";
import { ManualClock } from "./manual-clock.ts";

export const TEST_LIMITS: HubLimits = {
  maxClients: 100,
  maxClientsPerAddress: 0,
  joinsPerMinute: 0,
  heartbeatMs: 25_000,
  graceMs: 60_000,
  rate: { burst: 0, perSecond: 0 },
  noticeLimit: 10_000,
};

const silent = pino({ level: "silent" });

/** A hub without doors, whose time a test moves. */
export async function openBareHub(
  changes: Partial<HubLimits> = {},
  parts: { engine?: Engine; clock?: ManualClock; history?: { packets: number; days: number } } = {},
): Promise<{ hub: Hub; clock: ManualClock; engine: Engine }> {
  const clock = parts.clock ?? new ManualClock();
  const history = parts.history ?? { packets: 10_000, days: 30 };
  const engine = parts.engine ?? (await freshEngine({ clock, history, log: silent }));
  const hub = new Hub({ engine, clock, log: silent, limits: { ...TEST_LIMITS, ...changes } });
  await hub.start();
  return { hub, clock, engine };
}
