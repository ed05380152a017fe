import { useState } from "preact/hooks";
import { checkNickname } from "../../shared/nickname.ts";
import { useApp } from "./context.ts";
import { NicknameField } from "./nickname-field.tsx";

/** Another nickname. What the server says about it is shown by the room. */
export function RenameForm({ onDone }: { onDone(): void }) {
  const { store, words } = useApp();
  const [text, setText] = useState(store.nick.peek());
  const checked = checkNickname(text.trim());

  function save(event: Event) {
    event.preventDefault();
    if (!checked.ok) return;
    store.writing.hint.value = undefined;
    if (checked.nick !== store.nick.peek()) store.writing.rename(checked.nick);
    onDone();
  }

  return (
    <form
      class="rename"
      onSubmit={save}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onDone();
      }}
    >
      <NicknameField
        label={words.newNickname}
        value={text}
        fault={checked.ok ? undefined : words.nicknameFault[checked.fault]}
        onValue={setText}
        enterKeyHint="done"
      />
      <div class="buttons">
        <button type="submit" class="primary">
          {words.save}
        </button>
        <button type="button" onClick={onDone}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}
