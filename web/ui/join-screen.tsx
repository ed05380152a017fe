import { useState } from "preact/hooks";
import type { Code } from "../../shared/codes.ts";
import { checkNickname } from "../../shared/nickname.ts";
import { useApp } from "./context.ts";
import { Entrance } from "./entrance.tsx";
import { LanguageChoice } from "./language-choice.tsx";
import { NicknameField } from "./nickname-field.tsx";
import { WithNames } from "./with-names.tsx";

/** Asks for a nickname. `refused`: what the server has against the last one; `entering`: it is being asked. */
export function JoinScreen({ entering, refused }: { entering: boolean; refused: Code | undefined }) {
  const { store, words } = useApp();
  const [text, setText] = useState(store.usualNickname);
  const [pressed, setPressed] = useState(false);
  const nick = text.trim();
  const checked = checkNickname(nick);
  const faultTyped = checked.ok || (nick === "" && !pressed) ? undefined : words.nicknameFault[checked.fault];
  const faultHeard = refused && nick === store.usualNickname ? words.because[refused] : undefined;
  const suggestion = faultHeard ? store.suggestion.value : undefined;

  function join(event: Event) {
    event.preventDefault();
    setPressed(true);
    if (!entering) store.join(nick);
  }

  // Whoever touches the form is about to come in.
  const warm = () => store.warm();

  return (
    <Entrance heading={<bdi>{store.room}</bdi>}>
      <p class="quiet">{words.entrance}</p>
      <form onSubmit={join} onFocusIn={warm} onInput={warm} onPointerEnter={warm} aria-busy={entering}>
        <NicknameField label={words.nickname} value={text} fault={faultTyped ?? faultHeard} onValue={setText} enterKeyHint="go" />
        {suggestion !== undefined && (
          <button
            type="button"
            class="wide"
            onClick={() => {
              setText(suggestion);
              store.join(suggestion);
            }}
          >
            <span>
              <WithNames names={[suggestion]} text={([name = ""]) => words.joinAs(name)} />
            </span>
          </button>
        )}
        <button type="submit" class="primary wide" aria-disabled={entering}>
          {entering ? words.joining : words.join}
        </button>
        {entering && (
          <button type="button" class="wide" onClick={() => store.leave()}>
            {words.cancel}
          </button>
        )}
        {entering && <p role="status">{store.slow.value && words.slow}</p>}
      </form>
      <LanguageChoice />
    </Entrance>
  );
}
