/** What the person means by what was typed. */
export type Input =
  | { readonly kind: "nothing" }
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "nick"; readonly nick: string }
  | { readonly kind: "help" }
  /** `/me`, and nothing that one does. */
  | { readonly kind: "empty-action" }
  | { readonly kind: "unknown"; readonly word: string };

// Letters alone, then an end: "/etc/hosts" and "/r/lobby" are things that people say.
const COMMAND = /^\/(\p{L}+)(?:\s+(.*))?$/su;

// Without its first slash it would be an action to everybody: it is sent with both, and whoever shows it leaves one out.
const ESCAPED_ACTION = /^\/\/+me\s/u;

export function parseInput(text: string): Input {
  const typed = text.trim();
  if (typed === "") return { kind: "nothing" };
  if (typed.startsWith("//")) return { kind: "say", text: ESCAPED_ACTION.test(typed) ? typed : typed.slice(1) };
  const [, word, rest = ""] = COMMAND.exec(typed) ?? [];
  switch (word?.toLowerCase()) {
    case undefined:
      return { kind: "say", text: typed };
    case "nick":
      return { kind: "nick", nick: rest.trim() };
    case "help":
      return { kind: "help" };
    case "me":
      return rest.trim() === "" ? { kind: "empty-action" } : { kind: "say", text: `/me ${rest.trim()}` };
    default:
      return { kind: "unknown", word: word ?? "" };
  }
}

/** What follows `/me` in a message: what its sender does rather than says. */
export function actionIn(message: string): string | undefined {
  return /^\/me\s+(.+)$/su.exec(message)?.[1];
}

/** A message that is no action, as its sender meant it to be read. */
export function speechIn(message: string): string {
  return ESCAPED_ACTION.test(message) ? message.slice(1) : message;
}
