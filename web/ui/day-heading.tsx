import { useEffect, useState } from "preact/hooks";
import { useApp } from "./context.ts";

/** What a day is called changes while one looks on: at midnight, today becomes yesterday. */
export function DayHeading({ at }: { at: number }) {
  const { words } = useApp();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const look = () => setNow(Date.now());
    const timer = setTimeout(look, new Date(now).setHours(24, 0, 0, 0) - now);
    // Timers stand still while a computer sleeps.
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [now]);
  return (
    <h2 class="day">
      <span>{words.format.day(at, now)}</span>
    </h2>
  );
}
