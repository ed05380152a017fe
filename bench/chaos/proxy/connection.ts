import type { Socket } from "node:net";
import type { Random } from "../random.ts";
import { Dialogue } from "./dialogue.ts";
import type { Asked } from "./errand.ts";
import { Lane } from "./lane.ts";
import { type ConnectionPlan, type Cut, planConnection } from "./plan.ts";
import type { Fault, Profile } from "./profile.ts";
import { wasReset } from "./reset.ts";

/** How long a peer that was sent FIN may take to hang up, ms. */
const HANG_UP_WITHIN_MS = 1000;

/** What a connection needs of its proxy. */
export type ConnectionPort = {
  ask(request: Buffer, sent: () => void): Asked;
  hold(ms: number): Promise<void>;
  happened(fault: Fault): void;
};

/** One client, the server behind it, and what happens between them. */
export class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #plan: ConnectionPlan;
  readonly #port: ConnectionPort;
  readonly #dialogue: Dialogue;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #once = new Set<Fault>();
  /** `half-open`: nothing gets through, and one of them at least does not know. */
  #state: "open" | "half-open" | "closed" = "open";
  #calm: boolean;
  #timer: NodeJS.Timeout | undefined;

  /** Both sockets have `allowHalfOpen` and somebody who listens to `error`; `server` may still be connecting. `calm`: none of the faults of `profile`. */
  constructor(client: Socket, server: Socket, profile: Profile, random: Random, calm: boolean, port: ConnectionPort) {
    this.#client = client;
    this.#server = server;
    this.#port = port;
    this.#calm = calm;
    this.#plan = planConnection(random, calm ? {} : profile);
    this.#up = this.#lane(server, client, this.#plan.up, random.fork("up"));
    this.#down = this.#lane(client, server, this.#plan.down, random.fork("down"));
    this.#dialogue = this.#talk(profile, random);
    const { suddenInMs } = this.#plan;
    if (suddenInMs !== undefined) this.#timer = setTimeout(() => this.#sudden(), suddenInMs);
    client.on("data", (octets: Buffer) => this.#fromClient(octets));
    server.on("data", (octets: Buffer) => this.#fromServer(octets));
    client.once("end", () => this.#clientEnded());
    server.once("end", () => this.#serverEnded());
    client.once("close", (broken) => this.#gone(broken, server));
    server.once("close", (broken) => this.#gone(broken, client));
  }

  /** Ends it for both sides. False where it had ended. */
  cut(by: Cut): boolean {
    if (this.#state === "closed") return false;
    this.#close();
    for (const socket of [this.#client, this.#server]) {
      if (by === "rst") socket.resetAndDestroy();
      else hangUp(socket);
    }
    return true;
  }

  /** No more faults: what waits goes on, and what is half open is cut. */
  calm(): void {
    this.#calm = true;
    clearTimeout(this.#timer);
    if (this.#state === "half-open") this.cut("rst");
    else if (this.#state === "open") {
      this.#up.calm();
      this.#down.calm();
    }
  }

  #lane(to: Socket, from: Socket, course: ConnectionPlan["up"], random: Random): Lane {
    return new Lane(to, course, random, {
      stopped: () => this.#sudden(),
      room: () => this.#flow(from),
      happened: (fault) => this.#happenedOnce(fault),
    });
  }

  #talk(profile: Profile, random: Random): Dialogue {
    const connection = this;
    return new Dialogue(profile, random, {
      get calm() {
        return connection.#calm;
      },
      toServer: (octets) => this.#up.push(octets),
      toClient: (octets) => this.#down.push(octets),
      endClient: () => this.#down.end("fin"),
      cut: (by) => void this.cut(by),
      ask: this.#port.ask,
      hold: this.#port.hold,
      room: () => this.#flow(this.#client),
      happened: this.#port.happened,
    });
  }

  #fromClient(octets: Buffer): void {
    if (this.#state !== "open") return;
    this.#dialogue.fromClient(octets);
    this.#flow(this.#client);
  }

  #fromServer(octets: Buffer): void {
    if (this.#state !== "open") return;
    this.#dialogue.fromServer(octets);
    this.#flow(this.#server);
  }

  /** Takes from `socket` as long as there is room for what it sends. */
  #flow(socket: Socket): void {
    const full = socket === this.#client ? this.#up.full || this.#dialogue.full : this.#down.full;
    if (full && this.#state === "open") socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  #clientEnded(): void {
    if (wasReset(this.#client)) this.#broken(this.#client, this.#server);
    else if (this.#state === "half-open") this.cut("fin");
    else if (this.#state === "open" && this.#dialogue.clientEnded()) this.#up.end("fin");
    else if (this.#state === "open") this.cut("fin");
  }

  #serverEnded(): void {
    if (wasReset(this.#server)) this.#broken(this.#server, this.#client);
    else if (this.#state === "half-open") this.cut("fin");
    else if (this.#state === "open") this.#dialogue.serverEnded();
  }

  #broken(socket: Socket, other: Socket): void {
    socket.destroy();
    this.#gone(true, other);
  }

  /** One side is no more, by itself: the other one learns it as it was, behind what is on its way. */
  #gone(broken: boolean, other: Socket): void {
    if (this.#state !== "open") return;
    if (this.#client.destroyed && this.#server.destroyed) return this.#close();
    if (other === this.#server) {
      this.#dialogue.clientGone();
      this.#down.close();
      this.#up.end(broken ? "rst" : "fin");
    } else {
      this.#up.close();
      if (broken) {
        this.#dialogue.clientGone();
        this.#down.end("rst");
      } else this.#dialogue.serverEnded();
    }
    // Nobody wants what it still sends; but it is read, up to its end.
    if (!other.destroyed) other.resume();
  }

  #sudden(): void {
    const { sudden } = this.#plan;
    if (this.#state !== "open" || sudden === undefined) return;
    // The last octets may have gone in the instant before it got calm: then nothing follows them, and all that is left is to cut.
    if (sudden.kind === "cut" || this.#calm) {
      const by = sudden.kind === "cut" ? sudden.by : "rst";
      this.#port.happened(by === "rst" ? "cut-by-rst" : "cut-by-fin");
      this.cut(by);
      return;
    }
    this.#close();
    this.#state = "half-open";
    this.#port.happened(`half-open-${sudden.gone}-gone`);
    if (sudden.gone === "client") this.#client.resetAndDestroy();
    if (sudden.gone === "server") this.#server.resetAndDestroy();
    this.#client.resume();
    this.#server.resume();
    this.#timer = setTimeout(() => this.cut("rst"), sudden.forMs);
  }

  #close(): void {
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#up.close();
    this.#down.close();
    this.#dialogue.clientGone();
  }

  #happenedOnce(fault: Fault): void {
    if (this.#once.has(fault)) return;
    this.#once.add(fault);
    this.#port.happened(fault);
  }
}

/** FIN; what still comes is thrown away. */
function hangUp(socket: Socket): void {
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), HANG_UP_WITHIN_MS);
  socket.once("end", () => socket.destroySoon());
  socket.once("close", () => clearTimeout(timer));
}
