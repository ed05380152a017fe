/** Something on the page, as a screen reader finds it: by the role and the name that the engine itself works out. */
export type Target = { role: "button" | "list" | "log" | "textbox"; name: string };

/** What the stories ask of a browser, whichever it is. */
export interface Browser {
  /** Name and version, as the browser gives them. */
  readonly version: string;
  /** A tab of somebody who was never here: storage of its own. */
  newTab(): Promise<Tab>;
  /** Ends it, with whatever was started for it. */
  close(): Promise<void>;
}

export interface Tab {
  goTo(url: string): Promise<void>;
  reload(): Promise<void>;
  /** The lines of text that can be seen in the target, or on the whole page. Nothing, if it is not there. */
  lines(target?: Target): Promise<string[]>;
  /** What has been typed into the target. */
  value(target: Target): Promise<string>;
  /** Waits for the target and clicks it. */
  click(target: Target): Promise<void>;
  /** Waits for the target and types into it, behind what is there, key by key. */
  type(target: Target, text: string): Promise<void>;
  /** Presses Enter in the target. */
  pressEnter(target: Target): Promise<void>;
  /** Runs a script as the page's own would run. */
  run(script: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** PNG. */
  picture(): Promise<Uint8Array>;
  /** Errors that no script caught, and violations of the page's policy, from the first script on, over all pages of this tab. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** How long something may take to be there. Machines that build are slow. */
export const PATIENCE_MS = 20_000;

/** `text` as the lines that can be told apart when looking at it. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
