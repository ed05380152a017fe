const LAST_LINES = 16;
const LONGEST = 150;

/** What was said and heard while a check ran, as it was on the wire. */
export class Transcript {
  readonly #lines: string[] = [];

  said(who: string, octets: Uint8Array): void {
    this.#add(who, "→", octets);
  }

  heard(who: string, octets: Uint8Array): void {
    this.#add(who, "←", octets);
  }

  note(who: string, line: string): void {
    this.#lines.push(`${who} ${cut(line)}`);
  }

  /** The last of it, oldest first. */
  get tail(): string[] {
    return this.#lines.slice(-LAST_LINES);
  }

  #add(who: string, arrow: string, octets: Uint8Array): void {
    this.#lines.push(`${who} ${arrow} ${cut(Buffer.from(octets).toString("utf8"))}`);
  }
}

/** One line of bounded length; what a terminal would obey is written out. */
function cut(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
