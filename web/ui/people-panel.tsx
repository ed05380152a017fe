import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { nicknameKey } from "../../shared/nickname.ts";
import { count, sorted } from "../room/roster.ts";
import { useApp } from "./context.ts";
import { CloseIcon, PencilIcon } from "./icons.tsx";
import { InviteButton } from "./invite-button.tsx";
import { RenameForm } from "./rename-form.tsx";
import { Settings } from "./settings.tsx";

const FILTER_ABOVE = 10;
const SHOWN = 200;

type Props = {
  open: boolean;
  onClose(): void;
  /** The focus went elsewhere, out of the open panel. */
  onLeave(to: Node): void;
  onMention(nick: string): void;
};

/** Who is here, oneself first; how to have more people, and the settings. Beside the talk; on a phone over it, when `open`. */
export function PeoplePanel({ open, onClose, onLeave, onMention }: Props) {
  const { store, words } = useApp();
  const [filter, setFilter] = useState("");
  const [renaming, setRenaming] = useState(false);
  const closeButton = useRef<HTMLButtonElement>(null);
  const renameButton = useRef<HTMLButtonElement>(null);
  const roster = store.roster.value;
  const self = store.nick.value;
  const here = count(roster);
  const people = sorted(roster, self, words.format.compare);
  const found = filter === "" ? people : people.filter((nick) => nicknameKey(nick).includes(nicknameKey(filter)));
  const unlisted = Math.max(0, found.length - SHOWN) + (filter === "" ? roster.unlisted : 0);

  useLayoutEffect(() => {
    if (open) closeButton.current?.focus();
  }, [open]);

  function stopRenaming() {
    setRenaming(false);
    queueMicrotask(() => renameButton.current?.focus());
  }

  return (
    <aside
      id="people"
      class={open ? "people open" : "people"}
      aria-label={words.people}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.preventDefault();
        onClose();
      }}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (open && relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) onLeave(relatedTarget);
      }}
    >
      <div class="people-head">
        <h2>{words.people}</h2>
        <span class="count">{words.format.number(here)}</span>
        <button ref={closeButton} type="button" class="plain close" aria-label={words.close} onClick={onClose}>
          <CloseIcon />
        </button>
      </div>
      {(people.length > FILTER_ABOVE || filter !== "") && (
        <input
          type="search"
          class="filter"
          dir="auto"
          aria-label={words.filterPeople}
          placeholder={words.filterPeople}
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value.trim())}
        />
      )}
      {renaming && <RenameForm onDone={stopRenaming} />}
      {/* biome-ignore lint/a11y/noRedundantRoles: to WebKit a list without markers is none, unless it says so */}
      <ul role="list" aria-label={words.people}>
        {found.slice(0, SHOWN).map((nick) =>
          nick === self ? (
            <li key="" class="self">
              <bdi>{nick}</bdi> <span class="quiet">({words.you})</span>
              <button ref={renameButton} type="button" class="plain" aria-label={words.changeNickname} onClick={() => setRenaming(true)}>
                <PencilIcon />
              </button>
            </li>
          ) : (
            <li key={nick}>
              <button type="button" class="plain person" title={words.mention(nick)} onClick={() => onMention(nick)}>
                <bdi>{nick}</bdi>
              </button>
            </li>
          ),
        )}
      </ul>
      {found.length === 0 && filter !== "" && <p class="quiet">{words.nobodyFound}</p>}
      {unlisted > 0 && <p class="quiet">{words.unlisted(unlisted)}</p>}
      <div class="panel-foot">
        <InviteButton onDone={() => open && onClose()} />
        <Settings />
      </div>
    </aside>
  );
}
