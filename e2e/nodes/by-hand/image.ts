import { readFileSync } from "node:fs";

/** What a container of an image has, before the compose file says more. */
export type Image = {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
};

/** What the last stage of a Dockerfile sets. Its folder is the built tree itself, and its user whoever runs this. */
export function readDockerfile(path: string): Image {
  const stage =
    readFileSync(path, "utf8")
      .split(/^FROM /m)
      .at(-1) ?? "";
  const command = /^CMD (\[.*\])$/m.exec(stage)?.[1];
  if (command === undefined) throw new Error(`${path} has no CMD [...]`);
  const pairs = [...stage.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = ""]) => line.split(" "));
  return {
    command: JSON.parse(command) as string[],
    volumes: [...stage.matchAll(/^VOLUME (\S+)$/gm)].map(([, path = ""]) => path),
    environment: Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string])),
  };
}
