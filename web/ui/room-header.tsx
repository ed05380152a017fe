import type { RefObject } from "preact";
import { count } from "../room/roster.ts";
import { ConnectionIndicator } from "./connection-indicator.tsx";
import { useApp } from "./context.ts";
import { LeaveIcon, PeopleIcon, TreeIcon } from "./icons.tsx";

type Props = { peopleButton: RefObject<HTMLButtonElement | null>; peopleOpen: boolean; onPeople(): void };

export function RoomHeader({ peopleButton, peopleOpen, onPeople }: Props) {
  const { store, words } = useApp();
  const here = count(store.roster.value);
  return (
    <header class="bar">
      <TreeIcon />
      <h1 aria-label={words.room(store.room)}>
        <bdi>{store.room}</bdi>
      </h1>
      <ConnectionIndicator />
      <button
        ref={peopleButton}
        type="button"
        class="plain people-button"
        aria-label={words.peopleCount(here)}
        aria-expanded={peopleOpen}
        aria-controls="people"
        onClick={onPeople}
      >
        <PeopleIcon />
        <span aria-hidden="true">{words.format.number(here)}</span>
      </button>
      <button type="button" class="plain" onClick={() => store.leave()}>
        <LeaveIcon />
        <span class="leave-word">{words.leave}</span>
      </button>
    </header>
  );
}
