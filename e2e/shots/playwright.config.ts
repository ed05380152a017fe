import { defineConfig, devices } from "playwright/test";
import stories from "../playwright.config.ts";

const phone = { viewport: { width: 360, height: 720 }, hasTouch: true, isMobile: true, userAgent: devices["Pixel 5"].userAgent };

/** `npm run shots`: the page in each state, each way it can look, as pictures in screenshots/. Nothing is asserted: they are for looking at. */
export default defineConfig({
  ...stories,
  testDir: ".",
  testMatch: "states.ts",
  outputDir: "../../test-results/shots",
  timeout: 120_000,
  use: { ...stories.use, viewport: { width: 1280, height: 800 }, trace: "off" },
  projects: [
    { name: "light" },
    { name: "dark", use: { colorScheme: "dark" } },
    { name: "phone", use: phone },
    { name: "phone-dark", use: { ...phone, colorScheme: "dark" } },
    { name: "right-to-left", use: { locale: "ar" } },
    { name: "right-to-left-phone", use: { ...phone, locale: "ar" } },
  ],
});
