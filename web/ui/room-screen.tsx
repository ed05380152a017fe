import { useRef, useState } from "preact/hooks";
import type { Code } from "../../shared/codes.ts";
import { Composer } from "./composer.tsx";
import { useApp } from "./context.ts";
import { EndedPanel } from "./ended-panel.tsx";
import { HintLine } from "./hint-line.tsx";
import { OutageLine } from "./outage-line.tsx";
import { PeoplePanel } from "./people-panel.tsx";
import { RoomHeader } from "./room-header.tsx";
import { TimelineView } from "./timeline-view.tsx";

/** The room. `ended`: the server's last word, after which there is only reading. */
export function RoomScreen({ ended }: { ended: Code | undefined }) {
  const { store } = useApp();
  const [peopleOpen, setPeopleOpen] = useState(false);
  const peopleButton = useRef<HTMLButtonElement>(null);
  const composer = useRef<HTMLTextAreaElement>(null);

  function closePeople() {
    setPeopleOpen(false);
    peopleButton.current?.focus();
  }

  // On a phone it lies over the talk, and would hide what has the focus.
  function leavePeople(to: Node) {
    if (!peopleButton.current?.contains(to)) setPeopleOpen(false);
  }

  function mention(nick: string) {
    store.writing.mention(nick);
    setPeopleOpen(false);
    composer.current?.focus();
  }

  return (
    <div class="room">
      <RoomHeader peopleButton={peopleButton} peopleOpen={peopleOpen} onPeople={() => setPeopleOpen(!peopleOpen)} />
      <main class="talk">
        <OutageLine />
        <TimelineView />
        <HintLine />
        {ended === undefined ? <Composer field={composer} /> : <EndedPanel why={ended} />}
      </main>
      <PeoplePanel open={peopleOpen} onClose={closePeople} onLeave={leavePeople} onMention={mention} />
    </div>
  );
}
