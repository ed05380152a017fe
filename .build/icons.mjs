// Draws the icons anew from the tree in web/public/favicon.svg: `node .build/icons.mjs`. They are kept in the repository, so that a build needs no browser.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";

const folder = fileURLToPath(new URL("../web/public/", import.meta.url));
const tree = readFileSync(`${folder}favicon.svg`, "utf8").replace(/^[^>]*>|<\/svg>\s*$/g, "");

/** How often one is called, on the icon of the tab. */
for (const calls of [1, 2, 3, 4, 5, 6, 7, 8, 9, "more"]) {
  const text = calls === "more" ? "9+" : String(calls);
  const size = text.length > 1 ? 9.5 : 12;
  const badge = `<circle cx="16" cy="15.6" r="7.6" fill="#b3261e" stroke="#fff" stroke-width="1"/>
  <text x="16" y="${15.6 + size * 0.36}" font-family="sans-serif" font-size="${size}" font-weight="700" text-anchor="middle" fill="#fff">${text}</text>`;
  writeFileSync(
    `${folder}icons/called-${calls}.svg`,
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${tree.trimEnd()}
  ${badge}
</svg>\n`,
  );
}

const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));
const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox"] });
/** `ground`: the tree stands on it, with as much room around as a mask may cut off. */
async function draw(name, size, ground, part) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const edge = (24 / part - 24) / 2;
  const viewBox = `${-edge} ${-edge} ${24 / part} ${24 / part}`;
  const white = ground ? tree.replace("#1f6b48", "#faf9f5").replace("#fff", "#1f6b48") : tree;
  await page.setContent(
    `<style>body{margin:0;background:${ground ?? "transparent"}}</style><svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="${viewBox}" style="display:block">${white}</svg>`,
  );
  await page.screenshot({ path: `${folder}icons/${name}.png`, omitBackground: !ground });
  await page.close();
}
await draw("app-32", 32, undefined, 1);
await draw("app-180", 180, "#1f6b48", 0.7);
await draw("app-192", 192, undefined, 0.95);
await draw("app-512", 512, undefined, 0.95);
await draw("maskable-512", 512, "#1f6b48", 0.6);
await browser.close();
