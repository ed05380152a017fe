#!/usr/bin/env node
import { migrateCommand } from "./commands/migrate.ts";
import { startCommand } from "./commands/start.ts";
import { stopCommand } from "./commands/stop.ts";
import { flagOf, readSettings, SETTINGS, type Settings } from "./settings.ts";

/** The exit status of a command line or an environment that makes no sense (sysexits.h, EX_CONFIG). */
const EXIT_CONFIG = 78;

const COMMANDS: Readonly<Record<string, (settings: Settings) => Promise<number>>> = {
  start: startCommand,
  stop: stopCommand,
  migrate: migrateCommand,
};

/** Runs one command; gives the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === "--help" || first === "-h" || first === "help") {
    process.stdout.write(help());
    return 0;
  }
  const named = first !== undefined && !first.startsWith("-");
  const command = COMMANDS[named ? first : "start"];
  if (command === undefined) {
    process.stderr.write(`There is no command ${JSON.stringify(first)}. There are: ${Object.keys(COMMANDS).join(", ")}.\n`);
    return EXIT_CONFIG;
  }
  const read = readSettings(named ? rest : args, process.env);
  if (!read.ok) {
    process.stderr.write(`Palabre did not start:\n${read.faults.map((fault) => `  ${fault}\n`).join("")}`);
    return EXIT_CONFIG;
  }
  return command(read.settings);
}

function help(): string {
  const settings = Object.entries(SETTINGS.shape).map(
    ([name, schema]) => `  --${flagOf(name).padEnd(24)} ${name}\n      ${schema.description ?? ""}\n`,
  );
  return `palabre [start]   serves the chat\npalabre stop      stops the one that uses the same data directory\npalabre migrate   copies the data directory into Redis (REDIS_URL), for several nodes\n\nSettings, as flags or as environment variables:\n${settings.join("")}`;
}

// Whoever reads what this writes may go away, or their disk may be full: the chat goes on.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

process.exitCode = await main(process.argv.slice(2));
