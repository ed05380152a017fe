import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** A Lua script that Redis carries out as one. */
export type Script = { readonly name: string; readonly source: string; readonly sha: string };

function script(name: string): Script {
  const source = readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");
  return { name, source, sha: createHash("sha1").update(source).digest("hex") };
}

/** What each does stands at the top of its file. */
export const SCRIPTS = {
  adopt: script("adopt"),
  ages: script("ages"),
  anotherLog: script("another-log"),
  claim: script("claim"),
  commit: script("commit"),
  find: script("find"),
  forget: script("forget"),
  forgetLog: script("forget-log"),
  lease: script("lease"),
  offsets: script("offsets"),
  open: script("open"),
  read: script("read"),
  restore: script("restore"),
  stands: script("stands"),
  rights: script("rights"),
  settle: script("settle"),
  trim: script("trim"),
} as const;
