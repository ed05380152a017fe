/** The part of Web Storage that is used. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Texts under names, kept by the browser if it can: where it forbids that, or has no room left, the page works on without. */
export class TextStorage {
  readonly #storage: WebStorage | undefined;
  readonly #prefix: string;

  /** `open` may throw, as reading `window.localStorage` does where storage is forbidden. */
  constructor(open: () => WebStorage | undefined, prefix: string) {
    this.#storage = attempt(open) ?? undefined;
    this.#prefix = prefix;
  }

  get(name: string): string | undefined {
    return attempt(() => this.#storage?.getItem(this.#prefix + name)) ?? undefined;
  }

  /** False where it was not kept. What was kept under that name before is gone then, too: it would no longer be true. */
  set(name: string, text: string): boolean {
    const kept = attempt(() => {
      this.#storage?.setItem(this.#prefix + name, text);
      return this.#storage !== undefined;
    });
    if (!kept) this.remove(name);
    return kept ?? false;
  }

  remove(name: string): void {
    attempt(() => this.#storage?.removeItem(this.#prefix + name));
  }
}

function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
