import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const FOREIGN = ["window", "process", "document", "Buffer", "setTimeout", "console", "fetch", "require"];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "palabre-purity-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** What the installed compiler says of `source`, under the settings of shared/: empty where all is well. */
async function compile(source: string): Promise<string> {
  const planted = join(folder, "planted.ts");
  const settings = join(folder, "tsconfig.json");
  await writeFile(planted, source);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(
    settings,
    JSON.stringify({
      extends: join(root, "shared/tsconfig.json"),
      compilerOptions: { rootDir: "/", noEmit: true, composite: false, declaration: false, tsBuildInfoFile: null },
      files: [planted, join(root, "shared/text-encoding.d.ts")],
      include: [],
    }),
  );
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "-p", settings, "--pretty", "false"],
      (_error, stdout, stderr) => {
        resolve(stdout + stderr);
      },
    );
  });
}

describe("the compiler", () => {
  it("lets no name of Node or of the DOM into shared/", async () => {
    const said = await compile(FOREIGN.map((name) => `export const ${name}Seen = ${name};\n`).join(""));
    const refused = [...said.matchAll(/planted\.ts\((\d+),\d+\): error TS\d+: Cannot find name '(\w+)'/g)];
    expect(refused.map(([, line, name]) => `${line} ${name}`)).toEqual(FOREIGN.map((name, index) => `${index + 1} ${name}`));
    expect(said.match(/error TS/g)).toHaveLength(FOREIGN.length);
  });

  it("lets no module of Node into shared/", async () => {
    expect(await compile('export { readFileSync } from "node:fs";\n')).toMatch(/planted\.ts\(1,\d+\): error TS\d+: .*node:fs/);
  });

  it("has nothing to say of a file that keeps to ECMAScript and UTF-8", async () => {
    const codec = JSON.stringify(relative(folder, join(root, "shared/packet.ts")));
    const source = `import { decode } from ${codec};\nexport const read = decode(new TextEncoder().encode("05005aliceHello"));\n`;
    expect(await compile(source)).toBe("");
  });
});
