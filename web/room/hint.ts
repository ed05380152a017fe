import type { Code } from "../../shared/codes.ts";
import type { NicknameFault } from "../../shared/nickname.ts";

/** What the page has to say about what the person just tried. */
export type Hint =
  | { readonly kind: "help" }
  | { readonly kind: "unknown-command"; readonly word: string }
  | { readonly kind: "nickname-fault"; readonly fault: NicknameFault }
  | { readonly kind: "rename-refused"; readonly code: Code }
  | { readonly kind: "unsent"; readonly count: number }
  | { readonly kind: "empty-action" }
  | { readonly kind: "link-copied" }
  /** The page may not copy by itself. */
  | { readonly kind: "copy-yourself"; readonly link: string };
