import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ComposeFile, inOrder, readComposeFile, type Service } from "./compose-file.ts";
import { Container } from "./container.ts";
import { type Image, readDockerfile } from "./image.ts";
import { Loopback } from "./loopback.ts";
import { mayHaveNamespaces, Namespaces } from "./namespaces.ts";
import type { Place } from "./place.ts";
import { PublishedPort } from "./published-port.ts";

export type Wishes = {
  /** Where docker-compose.yml, Dockerfile and the built tree are. */
  readonly root: string;
  /** The published port in place of the file's; 0 takes any free one. */
  readonly port?: number;
  /** Where volumes are kept, which are then still there afterwards. */
  readonly volumes?: string;
  /** What the nodes are set to beyond the file. */
  readonly settings: Readonly<Record<string, string>>;
  /** Also where there are namespaces, it does without. */
  readonly onLoopback: boolean;
  readonly say: (line: string) => void;
};

/** What docker-compose.yml describes, without containers: the same commands, settings, configuration files, names and health checks. */
export class Composition {
  readonly place: Place;
  readonly #file: ComposeFile;
  readonly #image: Image;
  readonly #wishes: Wishes;
  /** Removed at the end. */
  readonly #folder = mkdtempSync(join(tmpdir(), "palabre-by-hand-"));
  readonly #containers: ReadonlyMap<string, Container>;
  #published: PublishedPort | undefined;
  #isEnding = false;

  constructor(wishes: Wishes) {
    this.#wishes = wishes;
    this.#file = readComposeFile(join(wishes.root, "docker-compose.yml"), process.env);
    this.#image = readDockerfile(join(wishes.root, "Dockerfile"));
    this.place = !wishes.onLoopback && mayHaveNamespaces() ? new Namespaces(this.#file) : new Loopback(this.#file);
    const services = Object.entries(this.#file.services);
    this.#containers = new Map(services.map(([name, service]) => [name, this.#container(name, service)]));
  }

  /** Starts the services in their order, each when those that it depends on are as it wants them. Gives where people come in, when all are healthy. */
  async up(): Promise<string> {
    for (const group of inOrder(this.#file)) {
      for (const name of group) {
        for (const [other, { condition }] of Object.entries(this.#file.services[name]?.depends_on ?? {}))
          if (condition === "service_healthy") await this.#containers.get(other)?.healthy();
        this.#containers.get(name)?.start();
      }
    }
    this.#published = await this.#publish();
    await Promise.all([...this.#containers.values()].map((container) => container.healthy()));
    return this.#published.url;
  }

  /** Stops the services in good order, those that depend on others first. Gives 0 where each of the nodes gave that. */
  async down(): Promise<number> {
    this.#isEnding = true;
    let status = 0;
    for (const group of inOrder(this.#file).reverse()) {
      await Promise.all(
        group.map(async (name) => {
          const code = await this.#containers.get(name)?.stop();
          if (this.#file.services[name]?.build !== undefined) status ||= code ?? 1;
        }),
      );
    }
    this.#leave();
    return status;
  }

  /** As when the machine loses power: everything at once. */
  kill(): void {
    for (const container of this.#containers.values()) container.kill();
    this.#leave();
  }

  /** Replaces one node after the other, the next when the one before is healthy: what docs/operating.md has an operator do. */
  async update(): Promise<void> {
    for (const [name, { build }] of Object.entries(this.#file.services)) {
      if (build === undefined) continue;
      const container = this.#containers.get(name);
      await container?.stop();
      if (this.#isEnding) throw new Error("everything is being stopped");
      container?.start();
      await container?.healthy();
    }
  }

  #container(name: string, service: Service): Container {
    const isOurs = service.build !== undefined;
    const moved = this.#moved(name, service);
    const here = (text: string) => this.place.asReadBy(name, movedTo(text, moved));
    const command = service.command ?? (isOurs ? this.#image.command : undefined);
    if (command === undefined) throw new Error(`${name} has no command, and its image is not here to ask`);
    const set = { ...(isOurs ? this.#image.environment : {}), ...service.environment, ...(isOurs ? this.#wishes.settings : {}) };
    return new Container({
      name,
      service,
      place: this.place,
      command: command.map((word) => here(word === "dist/server/main.js" ? join(this.#wishes.root, word) : word)),
      environment: {
        PATH: process.env.PATH ?? "",
        HOME: this.#folder,
        ...Object.fromEntries(Object.entries(set).map(([variable, value]) => [variable, here(value)])),
      },
      say: this.#wishes.say,
    });
  }

  /** Where a container's paths are on this machine: its volumes, and the files that it is given. */
  #moved(name: string, { build, volumes, configs }: Service): Map<string, string> {
    const moved = new Map<string, string>();
    const kept = this.#wishes.volumes ?? join(this.#folder, "volumes");
    for (const path of build === undefined ? [] : this.#image.volumes) moved.set(path, join(kept, name));
    for (const volume of volumes) {
      const [source = "", path = ""] = volume.split(":");
      moved.set(path, join(kept, source));
    }
    for (const path of moved.values()) mkdirSync(path, { recursive: true });
    for (const { source, target } of configs) {
      const path = join(this.#folder, name, target);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, this.place.asReadBy(name, this.#file.configs[source]?.content ?? ""));
      moved.set(target, path);
    }
    return moved;
  }

  async #publish(): Promise<PublishedPort> {
    for (const [name, { ports }] of Object.entries(this.#file.services)) {
      const [outer, inner] = ports[0]?.split(":").map(Number) ?? [];
      if (outer !== undefined && inner !== undefined) return PublishedPort.open(this.place, name, inner, this.#wishes.port ?? outer);
    }
    throw new Error("no port is published");
  }

  #leave(): void {
    this.#published?.close();
    this.place.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function movedTo(text: string, moved: ReadonlyMap<string, string>): string {
  return moved.get(text) ?? text;
}
