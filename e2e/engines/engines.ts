import { existsSync } from "node:fs";
import type { Browser } from "./browser.ts";
import { Firefox } from "./firefox.ts";
import places from "./places.json" with { type: "json" };
import { WebKit } from "./webkit.ts";

/** A browser that can be started here, or what keeps it from that. */
export type Engine = { name: string } & ({ start: () => Promise<Browser> } | { missing: string });

const firefox = found(process.env.FIREFOX, places.firefox);
const driver = found(process.env.WEBKIT_DRIVER, places.webKitDriver);
const display = found(process.env.XVFB, places.display);

export const ENGINES: Engine[] = [
  { name: "Firefox", ...(firefox === undefined ? missing("Firefox") : { start: () => Firefox.start(firefox) }) },
  {
    name: "WebKit",
    ...(driver === undefined || display === undefined
      ? missing(driver === undefined ? "WebKitWebDriver" : "Xvfb")
      : { start: () => WebKit.start({ driver, display }) }),
  },
];

function found(named: string | undefined, known: string[]): string | undefined {
  return [named, ...known].find((path) => path !== undefined && path !== "" && existsSync(path));
}

function missing(what: string): { missing: string } {
  return { missing: `${what} is not installed on this machine: docs/browsers.md` };
}
