import type { SavedConnection } from "../../shared/connection/chat-connection.ts";
import { parseSessionSecret, type SessionSecret } from "../../shared/session-secret.ts";
import type { Snapshot } from "./room-picture.ts";
import type { TextStorage } from "./text-storage.ts";

/** Where the person was reading: how far the top of an item was from the top of the view, in CSS pixels. */
export type ReadingPlace = "end" | { readonly offset: number; readonly top: number };

export type KeptSession = { readonly secret: SessionSecret; readonly connection: SavedConnection; readonly snapshot?: Snapshot };

/** What of one room survives a reload of the page. It belongs to the tab, as the session does. */
export class Keepsake {
  readonly #storage: TextStorage;
  readonly #room: string;

  constructor(storage: TextStorage, room: string) {
    this.#storage = storage;
    this.#room = room;
  }

  get session(): KeptSession | undefined {
    const kept = parse<KeptSession>(this.#storage.get(this.#name("session")));
    if (typeof kept?.connection !== "object" || parseSessionSecret(String(kept.secret)) === undefined) return undefined;
    if (kept.snapshot) return kept;
    // Nothing to show from before: the room is asked for anew, only what was typed and what is known of the answers stays.
    const { log: _, ...connection } = kept.connection;
    return { ...kept, connection };
  }

  set session(session: KeptSession | undefined) {
    const name = this.#name("session");
    if (!session) this.#storage.remove(name);
    else if (!this.#storage.set(name, JSON.stringify(session))) {
      const { snapshot: _, ...smaller } = session;
      this.#storage.set(name, JSON.stringify(smaller));
    }
  }

  get draft(): string {
    return this.#storage.get(this.#name("draft")) ?? "";
  }

  set draft(text: string) {
    if (text === "") this.#storage.remove(this.#name("draft"));
    else this.#storage.set(this.#name("draft"), text);
  }

  get place(): ReadingPlace {
    return parse<ReadingPlace>(this.#storage.get(this.#name("place"))) ?? "end";
  }

  set place(place: ReadingPlace) {
    this.#storage.set(this.#name("place"), JSON.stringify(place));
  }

  #name(what: string): string {
    return `${what}:${this.#room}`;
  }
}

function parse<Value>(json: string | undefined): Value | undefined {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as Value);
  } catch {
    return undefined;
  }
}
