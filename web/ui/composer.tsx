import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { countMessages } from "../room/message-count.ts";
import { useApp } from "./context.ts";
import { SendIcon } from "./icons.tsx";

/** Where one writes. Enter sends, Shift+Enter breaks the line; what is longer than one message says into how many it will be split. */
export function Composer({ field }: { field: RefObject<HTMLTextAreaElement | null> }) {
  const { store, words } = useApp();
  const { writing } = store;
  const draft = writing.draft.value;
  const messages = countMessages(draft);

  useLayoutEffect(() => {
    // On a touch screen the focus would bring the keyboard up over half of the room.
    if (!matchMedia("(pointer: coarse)").matches) field.current?.focus();
  }, [field]);
  useLayoutEffect(() => {
    if (field.current) fitHeight(field.current);
  }, [field, draft]);

  function send() {
    writing.submit();
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes, Enter chooses a word; 229 is how some browsers say so.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="writing">
        <textarea
          ref={field}
          data-home
          rows={1}
          dir="auto"
          aria-label={words.message}
          aria-describedby="splits"
          placeholder={words.writeTo(store.room)}
          enterkeyhint="send"
          value={draft}
          onInput={(event) => writing.setDraft(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="primary round" aria-label={words.send} aria-disabled={draft.trim() === ""}>
          <SendIcon />
        </button>
      </div>
      <p class="splits" id="splits" role="status">
        {messages > 1 && words.splits(messages)}
      </p>
    </form>
  );
}

/** As high as its text. The style sheet says where that ends and scrolling begins. */
function fitHeight(field: HTMLTextAreaElement): void {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}
