import type { Code } from "../../shared/codes.ts";
import type { ConnectionState, Outage } from "../../shared/connection/connection-state.ts";

/** What the person has in front of them. */
export type Screen =
  /** Asked for a name. `refused`: what the server has against the last one. */
  | { readonly kind: "join"; readonly refused?: Code }
  | { readonly kind: "entering" }
  /** Asked to come in, and has to wait for it. */
  | { readonly kind: "queue"; readonly why: Outage["code"] }
  /** `ended`: it is still to be read, but nothing more happens in it. */
  | { readonly kind: "room"; readonly ended?: Code }
  /** Was not let in. */
  | { readonly kind: "shut"; readonly why: Code };

/** `inside`: was in the room already with this session. */
export function screenOf(state: ConnectionState, inside: boolean): Screen {
  switch (state.kind) {
    case "idle":
      return { kind: "join" };
    case "connecting":
      if (inside) return { kind: "room" };
      return state.why ? { kind: "queue", why: state.why.code } : { kind: "entering" };
    case "open":
      return { kind: "room" };
    case "waiting":
      return inside ? { kind: "room" } : { kind: "queue", why: state.why.code };
    case "ended": {
      const { code } = state.why;
      if (code === "left") return { kind: "join" };
      if (isAboutNickname(code)) return { kind: "join", refused: code };
      return inside ? { kind: "room", ended: code } : { kind: "shut", why: code };
    }
    default:
      return state satisfies never;
  }
}

/** Another nickname may do. */
export function isAboutNickname(code: Code): boolean {
  return code === "nick-taken" || code === "nick-invalid";
}
