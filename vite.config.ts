import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const SERVER = process.env.PALABRE_SERVER ?? "http://127.0.0.1:9814";

export default defineConfig({
  root: "web",
  plugins: [compressed()],
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    // What people had at the end of 2020; what is missing there besides syntax: web/older-browsers.ts. Any older, and the style sheet's
    // logical properties would be rewritten by language instead of by direction.
    target: ["chrome87", "edge87", "firefox79", "safari14.1"],
    // The Content-Security-Policy lets no `data:` in.
    assetsInlineLimit: 0,
    modulePreload: false,
    rollupOptions: {
      input: { index: "web/index.html", "service-worker": "web/worker/service-worker.ts" },
      // A service worker is found by its name, and what it may serve by where it lies.
      output: { entryFileNames: ({ name }) => (name === "service-worker" ? "[name].js" : "assets/[name]-[hash].js") },
    },
    reportCompressedSize: true,
  },
  server: {
    // The Host stays what the browser said, or its Origin would look like another site's.
    proxy: {
      "/ws": { target: SERVER, changeOrigin: false, ws: true },
      "/poll": { target: SERVER, changeOrigin: false },
      "/history": { target: SERVER, changeOrigin: false },
    },
  },
});

/** Writes FILE.br and FILE.gz beside every file that gets smaller by it, for the server to send as they are. */
function compressed(): Plugin {
  const brotli = promisify(brotliCompress);
  const zip = promisify(gzip);
  let folder = "";
  return {
    name: "palabre:compressed",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && /\.(html|js|css|svg|json|webmanifest|txt)$/.test(entry.name));
      await Promise.all(
        files.map(async (file) => {
          const path = join(file.parentPath, file.name);
          const octets = await readFile(path);
          const smaller = [
            [`${path}.br`, await brotli(octets, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: octets.length } })],
            [`${path}.gz`, await zip(octets, { level: 9 })],
          ] as const;
          for (const [name, packed] of smaller) if (packed.length < octets.length) await writeFile(name, packed);
        }),
      );
    },
  };
}
