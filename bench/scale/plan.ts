import { type Costs, simulate } from "./simulation.ts";

/** As measured on one machine (docs/scale.md); half a millisecond is a network between machines. */
export const COSTS: Costs = { commit: 80, message: 15, tell: 5, write: 10, roundTrip: 500 };

/** Memory of a client at its node, and of a session in Redis, octets. */
const CLIENT_OCTETS = 20 * 1024;
const SESSION_OCTETS = 400;
/** One node is not loaded with more than this. */
const CLIENTS_PER_NODE = 25_000;
/** What one primary takes when it is not to be the bottleneck: half of one processor. */
const PRIMARY_SHARE = 0.5;

/** What a size would take: lines for people. */
export function plan(): string[] {
  return [...largeRooms(), ...manyRooms()];
}

function largeRooms(): string[] {
  const lines = [
    "one room | people | nodes | messages a second | heard by the last one, ms: median, worst | messages in a commit | Redis | a node",
  ];
  for (const [people, counts] of [
    [10_000, [1, 4]],
    [100_000, [4, 16, 64]],
    [1_000_000, [40, 160, 640]],
  ] as const)
    for (const nodes of counts)
      for (const rate of [1, 20, 200]) {
        const seconds = rate === 1 ? 60 : 10;
        const { medianMs, worstMs, batch, redis, node } = simulate({ nodes, people, rate, seconds }, COSTS);
        lines.push(
          `one room | ${people} | ${nodes} | ${rate} | ${medianMs.toFixed(0)}, ${worstMs.toFixed(0)} | ${batch.toFixed(1)} | ${percent(redis)} | ${percent(node)}`,
        );
      }
  return lines;
}

/** Rooms of fifty people in which somebody says something every ten seconds, and everybody comes once an hour. */
function manyRooms(): string[] {
  const lines = [
    "many rooms | clients | nodes | memory a node | Redis operations a second | primaries | their memory | deliveries a second a node",
  ];
  const perRoom = 50;
  for (const clients of [10_000, 100_000, 1_000_000, 10_000_000]) {
    const nodes = Math.max(2, Math.ceil(clients / CLIENTS_PER_NODE));
    const messages = clients / perRoom / 10;
    // A room's people are spread over nodes: each message is told to as many of them as there are.
    const told = Math.min(nodes, perRoom);
    // Coming and going: two commits with a script before and after, and the notices; and each room's number, asked for every 30 s by each of its nodes.
    const comings = (clients / 3600) * 2;
    const looks = (clients / perRoom) * told * (1 / 30);
    const operations = messages + comings * 4 + looks;
    const busy = (messages * (COSTS.commit + COSTS.message + told * COSTS.tell) + comings * 4 * COSTS.commit + looks * 3) / 1e6;
    const primaries = Math.max(1, Math.ceil(busy / PRIMARY_SHARE));
    lines.push(
      `many rooms | ${clients} | ${nodes} | ${mib((clients / nodes) * CLIENT_OCTETS)} | ${Math.round(operations)} | ${primaries} | ${mib(clients * SESSION_OCTETS)} | ${Math.round((messages * perRoom) / nodes)}`,
    );
  }
  return lines;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function mib(octets: number): string {
  return `${Math.round(octets / 1024 / 1024)} MiB`;
}
