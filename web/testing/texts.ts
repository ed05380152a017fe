import { TextStorage } from "../room/text-storage.ts";

/** A browser's storage over `texts`, which the test may look into and change. */
export function storageOf(texts: Map<string, string>, prefix = ""): TextStorage {
  return new TextStorage(
    () => ({
      getItem: (key) => texts.get(key) ?? null,
      setItem: (key, text) => void texts.set(key, text),
      removeItem: (key) => void texts.delete(key),
    }),
    prefix,
  );
}
