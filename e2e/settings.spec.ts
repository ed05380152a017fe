import { expect, test } from "./fixtures.ts";

const LIGHT = "rgb(250, 249, 245)";
const DARK = "rgb(22, 25, 23)";

test("the theme is the device's, or the one that one chose, here, in other tabs and at the next visit", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const { page } = alice;
  await expect(page.locator("body")).toHaveCSS("background-color", LIGHT);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(page.locator("body")).toHaveCSS("background-color", DARK);
  const other = await alice.opensTab("/r/garden");
  await other.page.emulateMedia({ colorScheme: "dark" });
  await expect(other.page.locator("body")).toHaveCSS("background-color", DARK);

  await alice.opensSettings();
  await page.getByRole("combobox", { name: "Appearance" }).selectOption("Light");
  await expect(page.locator("body")).toHaveCSS("background-color", LIGHT);
  await expect(other.page.locator("body")).toHaveCSS("background-color", LIGHT);
  await page.reload();
  await expect(page.locator("body")).toHaveCSS("background-color", LIGHT);

  await page.emulateMedia({ colorScheme: "light" });
  await alice.opensSettings();
  await page.getByRole("combobox", { name: "Appearance" }).selectOption("Dark");
  await expect(page.locator("body")).toHaveCSS("background-color", DARK);
  await expect(page.locator("body")).toHaveCSS("color-scheme", "dark");
});

test("the language can be changed in the midst of a talk, and stays so", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("Hello");
  await alice.composer.fill("half a thought");
  await alice.opensSettings();
  await alice.page.getByRole("combobox", { name: "Language" }).selectOption("Français");
  const composer = alice.page.getByRole("textbox", { name: "Message" });
  await expect(composer).toHaveAttribute("placeholder", "Dire quelque chose dans lobby");
  await expect(composer).toHaveValue("half a thought");
  await expect(alice.page.getByRole("log").getByText("Hello")).toHaveCount(1);
  await expect(alice.page.locator("html")).toHaveAttribute("lang", "fr");
  await alice.page.reload();
  await expect(composer).toHaveAttribute("placeholder", "Dire quelque chose dans lobby");
  const tab = await alice.opensTab("/r/garden");
  await expect(tab.page.getByRole("textbox", { name: "Pseudo" })).toBeVisible();
});

test("the language can be chosen before one comes in", async ({ newPerson }) => {
  const { page } = await newPerson();
  await page.getByRole("textbox", { name: "Nickname" }).fill("two words");
  await page.getByRole("combobox", { name: "Language" }).selectOption("Français");
  await expect(page.getByRole("textbox", { name: "Pseudo" })).toHaveValue("two words");
  await expect(page.getByText("Pas d’espaces")).toBeVisible();
});

test("a link is an invitation: it is copied, and whoever opens it is asked for a name and is in", async ({ newPerson }) => {
  const alice = await (await newPerson("/r/garden")).joins("alice");
  await alice.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await alice.page.getByRole("button", { name: "Invite people" }).click();
  await expect(alice.page.getByText("The link to this room is copied.")).toBeVisible();
  const link = await alice.page.evaluate(() => navigator.clipboard.readText());
  const bob = await (await newPerson(link)).joins("bob");
  await bob.says("here I am");
  await alice.sees("here I am");
});

test("where the page may not copy, the link stands there to be copied by hand", async ({ newPerson, server }) => {
  const alice = await newPerson("/r/garden");
  // As on every page that came without TLS.
  await alice.page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await alice.page.reload();
  await alice.joins("alice");
  await alice.page.getByRole("button", { name: "Invite people" }).click();
  const link = alice.page.getByRole("textbox", { name: "Whoever opens this link is in:" });
  await expect(link).toHaveValue(`${server.url}/r/garden`);
  await expect(link).toBeFocused();
  expect(await alice.page.evaluate(() => getSelection()?.toString())).toBe(`${server.url}/r/garden`);
});

test("it can be installed: a manifest that the browser finds no fault with, and icons for every screen", async ({ newPerson }) => {
  const { page } = await newPerson();
  const devtools = await page.context().newCDPSession(page);
  const { errors, url } = await devtools.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  expect(new URL(url).pathname).toBe("/manifest.webmanifest");
  const manifest = (await (await page.request.get(url)).json()) as {
    icons: { src: string; type: string }[];
    start_url: string;
    display: string;
  };
  expect(manifest).toMatchObject({ display: "standalone", start_url: "/" });
  for (const { src, type } of manifest.icons) {
    const icon = await page.request.get(new URL(src, url).href);
    expect(icon.headers()["content-type"]).toBe(type);
  }
  // A test's browser is a private window, which installs nothing: all else is as it should be.
  const obstacles = async () => (await devtools.send("Page.getInstallabilityErrors")).installabilityErrors.map(({ errorId }) => errorId);
  await expect.poll(obstacles).toEqual(["in-incognito"]);
});
