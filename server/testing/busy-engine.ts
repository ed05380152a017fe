import type { Engine } from "../engine/engine.ts";

/** An engine of which one can see whether it has something to do. */
export type BusyEngine = { readonly engine: Engine; readonly busy: () => boolean };

export function busyEngine(inner: Engine): BusyEngine {
  let asked = 0;
  const engine = new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const answer: unknown = value.apply(target, args);
        if (!(answer instanceof Promise)) return answer;
        asked++;
        return answer.finally(() => asked--);
      };
    },
  });
  return { engine, busy: () => asked > 0 };
}
