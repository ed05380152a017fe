import { readFileSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";

/** Nothing inline, nothing from elsewhere, no frames: markup that slipped through could do nothing. Source: X4. */
const PAGE_HEADERS = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
} as const;

const A_YEAR = "public, max-age=31536000, immutable";

/** The built web client: the page at `/` and `/r/NAME`, and its assets. `root` is where the build put them. */
export async function registerPage(app: FastifyInstance, root: string): Promise<void> {
  assertBuilt(root);
  await app.register(fastifyStatic, {
    root,
    index: false,
    preCompressed: true,
    wildcard: false,
    globIgnore: ["**/*.br", "**/*.gz"],
    cacheControl: false,
    setHeaders(response, path) {
      // Everything under assets/ has the hash of its content in its name.
      response.setHeader("Cache-Control", /[\\/]assets[\\/]/.test(path) ? A_YEAR : "no-cache");
      for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    },
  });
  const page = (_request: unknown, reply: FastifyReply) => reply.sendFile("index.html");
  app.get("/", page);
  app.get("/r/:room", page);
}

function assertBuilt(root: string): void {
  try {
    readFileSync(join(root, "index.html"));
  } catch (cause) {
    throw new Error("The page is not built. Run: npm run build", { cause });
  }
}
