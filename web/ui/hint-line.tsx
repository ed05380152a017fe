import { useEffect } from "preact/hooks";
import type { Hint } from "../room/hint.ts";
import type { Words } from "../words/words.ts";
import { useApp } from "./context.ts";
import { HelpPanel } from "./help-panel.tsx";
import { CloseIcon } from "./icons.tsx";
import { LinkField } from "./link-field.tsx";

/** What the page has to say about what the person just tried, above the composer. */
export function HintLine() {
  const { store, words } = useApp();
  const hint = store.writing.hint.value;
  const close = () => {
    store.writing.hint.value = undefined;
  };
  useEffect(() => {
    const onKeyDown = ({ key, isComposing, defaultPrevented }: KeyboardEvent) => {
      if (key === "Escape" && !isComposing && !defaultPrevented) store.writing.hint.value = undefined;
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [store]);
  return (
    <div class="hints" role="status">
      {hint && (
        <div class="hint">
          {hint.kind === "help" ? <HelpPanel /> : <p dir="auto">{say(hint, words)}</p>}
          {hint.kind === "copy-yourself" && <LinkField link={hint.link} label={words.copyYourself} />}
          {hint.kind === "unsent" && (
            <button type="button" onClick={() => store.leave(true)}>
              {words.leaveAnyway}
            </button>
          )}
          <button type="button" class="plain" aria-label={words.close} onClick={close}>
            <CloseIcon />
          </button>
        </div>
      )}
    </div>
  );
}

function say(hint: Exclude<Hint, { kind: "help" }>, words: Words): string {
  switch (hint.kind) {
    case "unknown-command":
      return words.unknownCommand(hint.word);
    case "nickname-fault":
      return words.nicknameFault[hint.fault];
    case "rename-refused":
      return words.because[hint.code];
    case "unsent":
      return words.unsent(hint.count);
    case "empty-action":
      return words.emptyAction;
    case "link-copied":
      return words.linkCopied;
    case "copy-yourself":
      return words.copyYourself;
    default:
      return hint satisfies never;
  }
}
