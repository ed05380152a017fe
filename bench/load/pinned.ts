import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** What starts a server on the first processor alone, this process being moved to the others; nothing where that cannot be done. */
export function pinned(): readonly string[] {
  const processors = availableParallelism();
  if (processors < 2) return [];
  const moved = spawnSync("taskset", ["-a", "-p", "-c", `1-${processors - 1}`, String(process.pid)]);
  return moved.status === 0 ? ["taskset", "-c", "0"] : [];
}
