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

export function parseInput(text: string): Input {
  const typed = text.trim();
  if (typed === "") return { kind: "nothing" };
  if (typed.startsWith("//")) return { kind: "say", text: typed.slice(1) };
  const [, word, rest = ""] = COMMAND.exec(typed) ?? [];
  switch (word?.toLowerCase()) {
    case undefined:
      return { kind: "say", text: typed };
    case "nick":
      return { kind: "nick", nick: rest.trim() };
    case "help":
      return { kind: "help" };
    case "me":
      return rest.trim() === "" ? { kind: "empty-action" } : { kind: "say", text: typed };
    default:
      return { kind: "unknown", word: word ?? "" };
  }
}

/** What follows `/me` in a message: what its sender does rather than says. */
export function actionIn(message: string): string | undefined {
  return /^\/me\s+(.+)$/su.exec(message)?.[1];
}
