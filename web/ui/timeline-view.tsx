import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { nicknameKey } from "../../shared/nickname.ts";
import { higher, lower, type Place, windowOf } from "../room/timeline-window.ts";
import { useApp } from "./context.ts";
import { DownIcon } from "./icons.tsx";
import { useOnceAFrame } from "./once-a-frame.ts";
import { OutboxView } from "./outbox-view.tsx";
import { ScrollKeeper } from "./scroll-keeper.ts";
import { TimelineItemView } from "./timeline-item.tsx";
import { TimelineStart } from "./timeline-start.tsx";

/** The talk. Follows its end while the person does, and draws only so much of it as is near to what they see. */
export function TimelineView() {
  const { store, words } = useApp();
  const { items, older, unread } = useOnceAFrame(
    useCallback(() => ({ items: store.timeline.value.items, older: store.older.value, unread: store.unread.value }), [store]),
  );
  const said = store.said.value;
  const atEnd = store.atEnd.value;
  // Older pages are to be had only then.
  const connected = store.connected.value;
  const self = nicknameKey(store.nick.value);
  const [place, setPlace] = useState<Place>(() => (store.place === "end" ? "end" : store.place.offset));
  const shown = windowOf(items, place);
  const complete = shown.to === items.length;
  const box = useRef<HTMLDivElement>(null);
  const keeper = useRef<ScrollKeeper>(undefined);

  useLayoutEffect(() => {
    if (!box.current) return;
    const own = new ScrollKeeper(box.current);
    keeper.current = own;
    if (store.place !== "end") {
      own.restore(store.place);
      // It has to be asked for: until then this is not the end, either.
      if (own.seeking) store.atEnd.value = false;
    }
    // The keyboard of a phone, a window made smaller, a composer that grows: the talk keeps its place.
    const watch = new ResizeObserver(() => own.settle());
    watch.observe(box.current);
    for (const child of box.current.children) watch.observe(child);
    return () => {
      keeper.current = undefined;
      watch.disconnect();
    };
  }, [store]);

  // One step a frame: what is drawn at once is not felt.
  const step = useRef<() => void>(() => {});
  const frame = useRef<number>(undefined);
  step.current = drawMore;
  function drawMoreSoon() {
    frame.current ??= requestAnimationFrame(() => {
      frame.current = undefined;
      step.current();
    });
  }

  useLayoutEffect(() => {
    const settled = keeper.current?.settle() ?? true;
    // What one reads would jump, and be back a frame later.
    if (!settled && shown.from > 0) setPlace(higher(items, shown) ?? place);
    drawMoreSoon();
  });

  // What somebody was reading is no longer to be had.
  useLayoutEffect(() => {
    if (older === "none" && keeper.current?.seeking) follow();
  });

  // Whoever said something follows again.
  useLayoutEffect(() => {
    if (said > 0) follow();
  }, [said]);

  function follow() {
    store.atEnd.value = true;
    setPlace("end");
    keeper.current?.follow();
  }

  function onScroll() {
    if (!keeper.current) return;
    keeper.current.note(complete);
    store.place = keeper.current.place;
    const end = complete && keeper.current.atBottom;
    store.atEnd.value = end;
    if (end) setPlace("end");
    else if (place === "end") setPlace(items.at(shown.from)?.first ?? "end");
    drawMoreSoon();
  }

  /** Home and End lead to the ends of all that is known, not of what happens to be drawn. */
  function onKeyDown(event: KeyboardEvent) {
    if (event.target !== box.current || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "End") follow();
    else if (event.key === "Home") goToTop();
    else return;
    event.preventDefault();
  }

  function goToTop() {
    keeper.current?.goToTop();
    if (shown.from === 0) keeper.current?.settle();
    else setPlace(items.at(0)?.first ?? "end");
  }

  function drawMore() {
    if (!keeper.current) return;
    const { nearTop, nearBottom } = keeper.current;
    if (nearBottom && !complete) setPlace(lower(items, shown) ?? "end");
    else if (nearTop && shown.from === 0 && connected) void store.loadOlder();
    else if (nearTop && place !== "end") setPlace(higher(items, shown) ?? place);
  }

  return (
    <div class="timeline">
      <div
        class="scroll"
        ref={box}
        role="log"
        aria-label={words.messages}
        // What is new in it is read aloud by the Announcer: once, and without what only scrolls into it.
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        tabIndex={0}
        onKeyDown={onKeyDown}
        onScroll={onScroll}
      >
        <div class="column">
          {shown.from === 0 && <TimelineStart older={older} empty={items.length === 0} />}
          {items.slice(shown.from, shown.to).map((item) => (
            <TimelineItemView key={item.key} item={item} self={self} words={words} />
          ))}
          {complete && <OutboxView last={items.at(-1)} />}
        </div>
      </div>
      {!atEnd && (
        <button
          type="button"
          class={unread > 0 ? "latest primary" : "latest"}
          aria-label={unread > 0 ? undefined : words.toLatest}
          onClick={() => {
            follow();
            box.current?.focus({ preventScroll: true });
          }}
        >
          {unread > 0 && words.newMessages(unread)}
          <DownIcon />
        </button>
      )}
    </div>
  );
}
