import { Sitter, test } from "./sitter.ts";
import { talk } from "./talk.ts";

test.use({ settings: { RATE_BURST: "0" } });

test("join", async ({ sitter }) => {
  await sitter.smiles("join");
  await sitter.page.locator("form input").fill("Maria da Silva");
  await sitter.smiles("join-fault");
});

test("taken", async ({ sitter, newTalker }) => {
  await newTalker("Maria");
  await sitter.asksIn("Maria");
  await sitter.page.locator(".fault:not(:empty)").waitFor();
  await sitter.smiles("taken");
});

test.describe(() => {
  test.use({ settings: { MAX_CLIENTS: "1" } });
  test("full", async ({ sitter, newTalker }) => {
    await newTalker("Ana");
    await sitter.asksIn("Maria");
    await sitter.page.locator(".said").waitFor();
    await sitter.smiles("full");
  });
});

test("empty", async ({ sitter }) => {
  await sitter.joins("Maria");
  await sitter.smiles("empty");
});

test("room", async ({ sitter, newTalker, relay }) => {
  await sitter.joins("Maria");
  const bo = await talk(newTalker, "Maria");
  await sitter.says("Of course. I bring coffee.");
  await bo.says("Then we are complete.");
  await sitter.page.getByRole("log").getByText("Then we are complete.").waitFor();
  await sitter.smiles("room");
  await sitter.opensPeople();
  await sitter.smiles("people");
  await sitter.page.locator("summary").click();
  await sitter.page.locator("summary").scrollIntoViewIfNeeded();
  await sitter.smiles("settings");
  await sitter.page.locator("summary").click();
  await sitter.page.locator(".self button").click();
  await sitter.smiles("rename");
  await sitter.page.keyboard.press("Escape");
  if (await sitter.page.locator(".people .close").isVisible()) await sitter.page.locator(".people .close").click();
  await sitter.says("/help");
  await sitter.smiles("help");
  await sitter.says("/dance");
  await sitter.smiles("unknown-command");
  await sitter.writes("A long story. ".repeat(160));
  await sitter.smiles("long-draft");
  await sitter.writes("");
  relay.breaks();
  await sitter.page.locator(".outage.lasting").waitFor();
  await sitter.says("And biscuits.");
  await sitter.page.locator(".seconds").waitFor();
  await sitter.smiles("reconnecting");
  await sitter.page.context().setOffline(true);
  await sitter.page.locator(".connection.bad").waitFor();
  await sitter.smiles("offline");
});

test("reading back", async ({ sitter, newTalker }) => {
  const ana = await newTalker("Ana");
  await ana.says(...Array.from({ length: 500 }, (_, index) => `Line ${index + 1} of a long talk.`));
  await sitter.joins("Maria");
  const log = sitter.page.getByRole("log");
  await log.hover();
  await sitter.page.evaluate(() => document.querySelector('[role="log"]')?.scrollBy(0, -3000));
  await sitter.page.locator(".latest").waitFor();
  await ana.says("One more.", "And another.");
  await sitter.page.locator(".latest.primary").waitFor();
  await sitter.smiles("reading-back");
  await sitter.page.locator(".latest").click();
  await sitter.page.getByRole("log").getByText("And another.").waitFor();
  await sitter.smiles("unread");
});

test("replaced", async ({ sitter, context, relay }, { project }) => {
  await sitter.joins("Maria");
  await sitter.says("Hello?");
  const kept = await sitter.page.evaluate(() => Object.entries(sessionStorage));
  const other = await context.newPage();
  await other.addInitScript((entries) => {
    for (const [name, text] of entries) sessionStorage.setItem(name, text);
  }, kept);
  await other.goto(relay.url);
  await sitter.page.locator(".ended").waitFor();
  await sitter.smiles("replaced");
  await new Sitter(other, project.name).page.close();
});

test("no such room", async ({ sitter, relay }) => {
  await sitter.page.goto(`${relay.url}/r/No-Such-Room`);
  await sitter.page.locator("h1").waitFor();
  await sitter.smiles("no-such-room");
});

test.describe(() => {
  test.use({ settings: { ROOMS: "lobby" } });
  test("shut", async ({ sitter, relay }) => {
    await sitter.page.goto(`${relay.url}/r/elsewhere`);
    await sitter.asksIn("Maria");
    await sitter.page.getByRole("alert").waitFor();
    await sitter.smiles("shut");
  });
});
