import { useState } from "preact/hooks";
import { hasPiledMarks } from "../room/piled-marks.ts";
import { type Move, type MoveSummary, summarise } from "../room/timeline.ts";
import { useApp } from "./context.ts";
import { WithNames } from "./with-names.tsx";

const NAMED = 3;
const GROUPS: readonly (keyof MoveSummary)[] = ["came", "back", "passed", "left", "lost", "removed"];

/** Who came and went, folded into a sentence or two; all names on demand. */
export function MovesNotice({ moves, offset, at }: { moves: readonly Move[]; offset: number; at: number }) {
  const { words } = useApp();
  const [all, setAll] = useState(false);
  const summary = summarise(moves);
  const folded = GROUPS.some((group) => summary[group].length > NAMED + 1);
  const sentences = GROUPS.filter((group) => summary[group].length > 0).map((group) => {
    const people = summary[group];
    const named = all || people.length <= NAMED + 1 ? people : people.slice(0, NAMED - 1);
    return (
      <span key={group} class="sentence">
        <WithNames names={named} text={(standIns) => words.moves(group, standIns, people.length - named.length)} />
      </span>
    );
  });
  return (
    <p class={moves.some(({ nick }) => hasPiledMarks(nick)) ? "event piled" : "event"} data-offset={offset} title={words.format.moment(at)}>
      {folded ? (
        <button type="button" class="plain fold" aria-expanded={all} onClick={() => setAll(!all)}>
          {sentences}
        </button>
      ) : (
        sentences
      )}
    </p>
  );
}
