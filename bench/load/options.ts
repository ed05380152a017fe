import { parseArgs } from "node:util";

/** What may be said of a load on the command line, with its default: a number, a word or a switch. */
export type Defaults = Readonly<Record<string, number | string | boolean>>;
export type OptionsOf<D extends Defaults> = {
  -readonly [Name in keyof D]: D[Name] extends number ? number : D[Name] extends boolean ? boolean : string;
};

/** Reads `--name value` and `--switch`. Throws an Error that names what there is where something is not understood. */
export function readOptions<D extends Defaults>(args: readonly string[], defaults: D): OptionsOf<D> {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      { type: typeof value === "boolean" ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const read: Record<string, number | string | boolean> = { ...defaults };
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    read[name] = typeof defaults[name] === "number" ? wholeNumber(name, String(value)) : value;
  }
  return read as OptionsOf<D>;
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name} takes a whole number, not ${JSON.stringify(text)}.`);
  return Number(text);
}
