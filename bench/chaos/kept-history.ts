import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "./run.ts";

/** Writes the whole history of a run down as JSON, for who looks into what went wrong. Gives the file's path. */
export function keepHistory({ options, violations, failures, history }: Outcome): string {
  const path = join(mkdtempSync(join(tmpdir(), "palabre-history-")), "history.json");
  writeFileSync(path, JSON.stringify({ options, violations, failures, history }));
  return path;
}
