import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Composition } from "./composition.ts";

// npm run compose:by-hand -- [--port 9814] [--volumes FOLDER] [--loopback] [--quiet] [NAME=VALUE ...]
// SIGTERM and SIGINT stop everything in order, SIGHUP replaces one node after the other, SIGQUIT is a loss of power.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: "string" }, volumes: { type: "string" }, loopback: { type: "boolean" }, quiet: { type: "boolean" } },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const composition = new Composition({
  root: fileURLToPath(new URL("../../../..", import.meta.url)),
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
  ...(values.volumes === undefined ? {} : { volumes: values.volumes }),
  settings: Object.fromEntries(positionals.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string])),
  onLoopback: values.loopback === true,
  say: values.quiet === true ? () => {} : say,
});

let isEnding = false;
async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  const status = await composition.down();
  say(status === 0 ? "stopped in good order" : `a node ended with ${status}`);
  process.exit(status);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, end);
process.on("SIGQUIT", () => {
  composition.kill();
  process.exit(137);
});

say(`Without containers: ${composition.place.about}.`);
try {
  const url = await composition.up();
  // Only now: while it starts there is nothing to replace.
  process.on("SIGHUP", () => {
    composition.update().then(
      () => say("updated"),
      (cause: Error) => say(`the update failed: ${cause.message}`),
    );
  });
  say(`Palabre is listening on ${url}`);
} catch (cause) {
  if (!isEnding) {
    process.stderr.write(`${(cause as Error).message}\n`);
    await composition.down();
    process.exit(1);
  }
}
