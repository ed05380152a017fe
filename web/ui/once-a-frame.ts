import { effect, untracked } from "@preact/signals";
import { useLayoutEffect, useState } from "preact/hooks";

/**
 * What `read` makes of signals, for drawing it, at most once a frame: what came a hundred times in between costs one drawing. Whenever something is
 * painted it is as new as can be. `read` has to be the same function each time.
 */
export function useOnceAFrame<Value>(read: () => Value): Value {
  const [value, setValue] = useState(() => untracked(read));
  useLayoutEffect(() => {
    let frame: number | undefined;
    const stop = effect(() => {
      read();
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        setValue(() => untracked(read));
      });
    });
    return () => {
      stop();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [read]);
  return value;
}
