import { freePort } from "../free-port.ts";
import { leftBehind, type Measured, settled } from "./left-behind.ts";
import type { WireDoor } from "./script.ts";
import { type Finding, lay, type Siege } from "./siege.ts";
import { Suspect } from "./suspect.ts";
import { Witnesses } from "./witnesses.ts";

/** Sessions of mutants end soon, limits are there but do not shut the door, and a room keeps little. */
const SETTINGS = {
  LOG_LEVEL: "warn",
  DURABILITY: "process",
  MAX_CLIENTS: "5000",
  MAX_CLIENTS_PER_ADDRESS: "0",
  JOINS_PER_MINUTE: "0",
  RATE_BURST: "400",
  RATE_PER_SECOND: "200",
  GRACE_MS: "10000",
  HEARTBEAT_MS: "5000",
  HISTORY_PACKETS: "1000",
} as const;

export type CampaignOptions = {
  readonly seed: string;
  readonly doors: readonly WireDoor[];
  /** How many packets, bodies and frames after the warm-up. */
  readonly count: number;
  readonly warmUp: number;
  /** The number of the first case. */
  readonly from?: number;
  readonly progress?: (sent: number) => void;
};

/** `before`: after the warm-up; `after`: when it was over. Absent where the server did not live to see it. `said`: by the witnesses. */
export type Campaign = {
  readonly siege: Siege;
  readonly before: Measured | undefined;
  readonly after: Measured | undefined;
  readonly said: number;
  readonly seconds: number;
  readonly findings: Finding[];
};

/** One server, a warm-up, a siege, and a look at what it left behind. */
export async function campaign({ seed, doors, count, warmUp, from = 0, progress }: CampaignOptions): Promise<Campaign> {
  const suspect = await Suspect.start({ ...SETTINGS, TCP_PORT: String(await freePort()) });
  const witnesses = new Witnesses(`http://127.0.0.1:${suspect.port}`);
  try {
    await witnesses.start();
    const idle = suspect.descriptors;
    const warm = await lay(suspect, { seed, doors, count: warmUp, from });
    const before = await settled(suspect, idle);
    const startedMs = performance.now();
    const siege = await lay(suspect, {
      seed,
      doors,
      count,
      from: warmUp > 0 ? warm.next : from,
      ...(progress === undefined ? {} : { progress }),
    });
    const seconds = (performance.now() - startedMs) / 1000;
    const after = await settled(suspect, idle);
    const { faults, said } = await witnesses.finish(suspect.alive);
    const wrong = [...(before && after ? leftBehind(before, after) : []), ...faults];
    if (suspect.alive) {
      if ((await statusOf(suspect.port, "/readyz")) !== 200) wrong.push("/readyz is not 200");
      const status = await suspect.stop();
      if (status !== 0) wrong.push(`its exit status was ${status} when it was stopped`);
    }
    if (suspect.complaints.length > 0) wrong.push(`the server wrote:\n${suspect.complaints.join("\n")}`);
    const findings = [...warm.findings, ...siege.findings, ...wrong.map((what) => ({ door: "all", number: -1, what }))];
    return { siege, before, after, said, seconds, findings };
  } catch (cause) {
    throw new Error(`the server wrote:\n${suspect.complaints.join("\n")}`, { cause });
  } finally {
    witnesses.stop();
    suspect.kill();
  }
}

async function statusOf(port: number, path: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).status;
}
