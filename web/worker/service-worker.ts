/**
 * Lets the page open where there is no network at the moment, as it did the last time: the room, what was typed and what is still to be sent are
 * in the browser, and the page goes on connecting. It never answers for the chat itself, and never with anything old while the server answers.
 */
declare const self: ServiceWorkerGlobalScope;

const CACHE = "palabre";
const PAGE = "/";
/** A network that takes longer than this over the page counts as none, where there is a page from before. */
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  passBy(event);
  event.waitUntil(keepPage().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && (pathname === "/" || pathname.startsWith("/r/"))) {
    const fresh = fetchPage(request);
    event.waitUntil(fresh.catch(() => {}));
    event.respondWith(pageWithin(fresh));
  } else if (pathname.startsWith("/assets/")) event.respondWith(part(request));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(String(event.notification.data ?? PAGE)));
});

/** The page from the network if it comes in time or there is no other, else as it was the last time. */
async function pageWithin(fresh: Promise<Response>): Promise<Response> {
  const kept = await caches.match(PAGE);
  if (!kept) return fresh;
  const patience = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  return Promise.race([fresh.catch(() => kept), patience]);
}

async function fetchPage(request: Request): Promise<Response> {
  const response = await fetch(request);
  await keep(response.clone()).catch(() => {});
  return response;
}

async function keepPage(): Promise<void> {
  await keep(await fetch(PAGE, { cache: "no-cache" }));
}

/** Keeps a page, with the parts that it names, in place of the one before. What is not ours (an error, somebody's sign-in page) is not kept. */
async function keep(response: Response): Promise<void> {
  if (!response.ok || response.redirected) return;
  const html = await response.clone().text();
  if (!html.includes('id="palabre"')) return;
  const cache = await caches.open(CACHE);
  const before = await (await cache.match(PAGE))?.text();
  if (before === html) return;
  const parts = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  for (const path of parts) {
    // All of them, or the page stays as it was: half of a new one would not open.
    if (!(await cache.match(path)) && !isPart(await keepPart(cache, new Request(path)))) return;
  }
  await cache.put(PAGE, response);
  // What no page names any more; a language is there again as soon as it is asked for.
  const needed = new Set([PAGE, ...parts]);
  for (const request of await cache.keys()) if (!needed.has(new URL(request.url).pathname)) await cache.delete(request);
}

/** A part of the page: its name changes with its content, so what was kept is right. */
async function part(request: Request): Promise<Response> {
  const kept = await caches.match(request);
  if (kept) return kept;
  return keepPart(await caches.open(CACHE), request);
}

async function keepPart(cache: Cache, request: Request): Promise<Response> {
  const response = await fetch(request);
  if (isPart(response)) await cache.put(request, response.clone());
  return response;
}

/** A network's sign-in page that came under a part's name would stay for good. */
function isPart(response: Response): boolean {
  return response.ok && !response.redirected && /javascript|css/.test(response.headers.get("Content-Type") ?? "");
}

type Routes = { addRoutes?(rules: { condition: { urlPattern: { pathname: string } }; source: "network" }[]): Promise<void> };

/** The talk goes past the worker, which need not wake up for every poll: where the browser can do that. */
function passBy(event: ExtendableEvent & Routes): void {
  const rules = ["/poll", "/history"].map((pathname) => ({ condition: { urlPattern: { pathname } }, source: "network" as const }));
  event.addRoutes?.(rules).catch(() => {});
}

/** Brings the room to the front where it is open, or opens it. */
async function show(path: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.find((client) => new URL(client.url).pathname === path);
  await (open ? open.focus() : self.clients.openWindow(path));
}

export {};
