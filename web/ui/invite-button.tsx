import { invite, linkTo } from "../page/invitation.ts";
import { useApp } from "./context.ts";
import { LinkIcon } from "./icons.tsx";

/** Hands over the link to this room. `onDone`: there may be something to read about it. */
export function InviteButton({ onDone }: { onDone(): void }) {
  const { store, words } = useApp();

  async function press() {
    const invited = await invite(store.room, words.room(store.room));
    if (invited === "copied") store.writing.hint.value = { kind: "link-copied" };
    else if (invited === "by-hand") store.writing.hint.value = { kind: "copy-yourself", link: linkTo(store.room) };
    onDone();
  }

  return (
    <button type="button" class="wide" onClick={() => void press()}>
      <LinkIcon />
      {words.invite}
    </button>
  );
}
