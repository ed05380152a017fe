import type { Locator, Page } from "playwright/test";
import { expect, test } from "./fixtures.ts";

type Language = {
  direction: "ltr" | "rtl";
  nickname: string;
  join: string;
  over: RegExp;
  messages: string;
  people: string;
  message: string;
  placeholder: string;
  send: string;
  leave: string;
  cameIn: string;
  today: string;
  yesterday: string;
};

const LANGUAGES: Record<string, Language> = {
  en: {
    direction: "ltr",
    nickname: "Nickname",
    join: "Join",
    over: /^Connected over /,
    messages: "Messages",
    people: "People",
    message: "Message",
    placeholder: "Say something in lobby",
    send: "Send",
    leave: "Leave",
    cameIn: "Bo came in",
    today: "Today",
    yesterday: "Yesterday",
  },
  fr: {
    direction: "ltr",
    nickname: "Pseudo",
    join: "Entrer",
    over: /^En ligne par /,
    messages: "Messages",
    people: "Personnes",
    message: "Message",
    placeholder: "Dire quelque chose dans lobby",
    send: "Envoyer",
    leave: "Quitter",
    cameIn: "Bo est là",
    today: "Aujourd’hui",
    yesterday: "Hier",
  },
  es: {
    direction: "ltr",
    nickname: "Apodo",
    join: "Entrar",
    over: /^En línea por /,
    messages: "Mensajes",
    people: "Personas",
    message: "Mensaje",
    placeholder: "Di algo en lobby",
    send: "Enviar",
    leave: "Salir",
    cameIn: "Bo entró",
    today: "Hoy",
    yesterday: "Ayer",
  },
  de: {
    direction: "ltr",
    nickname: "Spitzname",
    join: "Eintreten",
    over: /^Verbunden über /,
    messages: "Nachrichten",
    people: "Leute",
    message: "Nachricht",
    placeholder: "Sag etwas in lobby",
    send: "Senden",
    leave: "Verlassen",
    cameIn: "Bo ist dazugekommen",
    today: "Heute",
    yesterday: "Gestern",
  },
  pt: {
    direction: "ltr",
    nickname: "Nome",
    join: "Entrar",
    over: /^Online por /,
    messages: "Mensagens",
    people: "Pessoas",
    message: "Mensagem",
    placeholder: "Diga algo em lobby",
    send: "Enviar",
    leave: "Sair",
    cameIn: "Bo entrou",
    today: "Hoje",
    yesterday: "Ontem",
  },
  ar: {
    direction: "rtl",
    nickname: "الاسم المستعار",
    join: "دخول",
    over: /^الاتصال قائم عبر /,
    messages: "الرسائل",
    people: "الأشخاص",
    message: "الرسالة",
    placeholder: "رسالة إلى \u2068lobby\u2069",
    send: "إرسال",
    leave: "خروج",
    cameIn: "دخول Bo",
    today: "اليوم",
    yesterday: "أمس",
  },
};

const DAY = 24 * 3_600_000;
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };

// Each looks at much, and on a busy machine that takes its time.
test.setTimeout(60_000);

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "long-poll") await page.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket"));
});

/** Comes in by the words of the language. */
async function join(page: Page, url: string, nick: string, words: Language): Promise<void> {
  await page.goto(url);
  await page.getByRole("textbox", { name: words.nickname, exact: true }).fill(nick);
  await page.getByRole("button", { name: words.join, exact: true }).click();
  await expect(page.getByRole("banner").getByRole("status")).toHaveText(words.over);
}

function parts(page: Page, words: Language) {
  return {
    room: page.getByRole("heading", { level: 1 }),
    leave: page.getByRole("button", { name: words.leave, exact: true }),
    log: page.getByRole("log", { name: words.messages, exact: true }),
    people: page.getByRole("list", { name: words.people, exact: true }),
    composer: page.getByRole("textbox", { name: words.message, exact: true }),
    send: page.getByRole("button", { name: words.send, exact: true }),
  };
}

for (const [tag, words] of Object.entries(LANGUAGES)) {
  test.describe(`in ${tag}`, () => {
    test.use({ locale: tag, viewport: DESK });

    test("the page says itself what it says, from the door to the room", async ({ page, server, newTalker }) => {
      await join(page, server.url, "Kim", words);
      await expect(page.locator("html")).toHaveAttribute("lang", tag);
      await expect(page.locator("html")).toHaveAttribute("dir", words.direction);
      const { leave, log, people, composer, send } = parts(page, words);
      await expect(composer).toHaveAttribute("placeholder", words.placeholder);
      await expect(people.getByRole("listitem")).toHaveCount(1);
      // What is said in between keeps the two notices apart.
      await expect(log.getByText("Kim")).toBeVisible();
      await composer.fill("42");
      await send.click();
      await expect(log.getByText("42", { exact: true })).toBeVisible();
      await expect(log.getByRole("heading", { name: words.today, exact: true })).toBeVisible();
      await newTalker("Bo");
      await expect(log.getByText(words.cameIn, { exact: true })).toBeVisible();
      await leave.click();
      await expect(page.getByRole("button", { name: words.join, exact: true })).toBeVisible();
    });

    test("days and times are written as people there do", async ({ page, server, newTalker }) => {
      const bo = await newTalker("Bo");
      await bo.says("what day is it?");
      const said = new Date();
      await page.clock.setFixedTime(said.getTime() + DAY);
      await join(page, server.url, "Kim", words);
      const { log } = parts(page, words);
      await expect(log.getByRole("heading", { name: words.yesterday, exact: true })).toBeVisible();
      const twelveHours = await page.evaluate(
        (language) => new Intl.DateTimeFormat(language, { timeStyle: "short" }).resolvedOptions().hour12,
        tag,
      );
      await expect(log.getByRole("time").first()).toHaveText(twelveHours ? /^\p{N}{1,2}:\p{N}\p{N}\s\p{L}+$/u : /^\p{N}{1,2}:\p{N}\p{N}$/u);
      await page.clock.setFixedTime(said.getTime() + 3 * DAY);
      await page.reload();
      const weekday = new Intl.DateTimeFormat(tag, { weekday: "long" }).format(said);
      await expect(log.getByRole("heading", { name: new RegExp(`^${weekday}`, "i") })).toBeVisible();
    });
  });
}

for (const [tag, words] of Object.entries(LANGUAGES).filter(([tag]) => tag === "en" || tag === "ar")) {
  test.describe(`written ${words.direction}`, () => {
    test.use({ locale: tag, viewport: DESK });

    test("the room begins on the side where one begins to read", async ({ page, server, newTalker }) => {
      await join(page, server.url, "Kim", words);
      const { room, leave, log, people, composer, send } = parts(page, words);
      const bo = await newTalker("Bo");
      await expect(log.getByText("Bo", { exact: true })).toBeVisible();
      // Letters of either direction, and none that have one: all of them stand under the name.
      const texts = ["hello", "مرحبا", "42", "👍"];
      await bo.says(...texts);
      await expect(log.getByText("👍", { exact: true })).toBeVisible();
      await inOrder(words, room, leave);
      await inOrder(words, log, people);
      await inOrder(words, composer, send);
      const name = log.getByText("Bo", { exact: true }).last();
      await inOrder(words, name, log.getByRole("time"));
      for (const text of texts) {
        const away = (await start(log.getByText(text, { exact: true }), words)) - (await start(name, words));
        expect(Math.abs(away), text).toBeLessThan(16);
      }

      await page.setViewportSize(PHONE);
      await inOrder(words, room, leave);
      await inOrder(words, composer, send);
      await expect(people).toBeHidden();
      await page.getByRole("banner").getByRole("button", { expanded: false }).click();
      await expect(people).toBeVisible();
      // It covers the end of the room, and leaves its beginning to be seen.
      const { x, width } = await boxOf(people);
      if (words.direction === "ltr") expect(x).toBeGreaterThan(PHONE.width / 8);
      else expect(x + width).toBeLessThan(PHONE.width * (7 / 8));
    });

    test("what is written the other way reads in its own", async ({ page, server, newTalker }) => {
      await join(page, server.url, "Kim", words);
      const { log, composer } = parts(page, words);
      const bo = await newTalker("Bo");
      const layla = await newTalker("ليلى");
      // By where the first letter is drawn, and the full stop, which has no direction of its own.
      const goesRight = async (line: Locator, ...parts: [string, string]) => {
        await expect(line).toBeVisible();
        const [first, second] = [await placeOf(line, parts[0]), await placeOf(line, parts[1])];
        return first < second;
      };
      await bo.says("Hello there, everybody.", "https://example.org اقرؤوا هذا.", "@Kim نلتقي غدًا.");
      await layla.says("أهلًا بكم جميعًا.", "Look: أهلًا, all.");
      expect(await goesRight(log.getByText("Hello there"), "H", ".")).toBe(true);
      expect(await goesRight(log.getByText("أهلًا بكم"), "أ", ".")).toBe(false);
      expect(await goesRight(log.getByText("Look:"), "L", ".")).toBe(true);
      // Neither a link nor a name that is called makes an Arabic sentence a Latin one.
      expect(await goesRight(log.getByText("اقرؤوا"), "https", "اقرؤوا")).toBe(false);
      expect(await goesRight(log.getByText("نلتقي"), "K", "غ")).toBe(false);

      // A name does not turn the sentence around that it stands in.
      if (words.direction === "ltr") expect(await goesRight(log.getByText(/ليلى.*came in/), "ل", "came in")).toBe(true);
      else expect(await goesRight(log.getByText(/دخول.*Bo/), "دخول", "B")).toBe(false);

      // A command keeps its slash before it.
      await composer.fill("/dance");
      await composer.press("Enter");
      const hint = page.getByRole("status").getByText("dance");
      expect(await goesRight(hint, "/", "dance")).toBe(true);
    });
  });
}

test.describe("a language that was chosen", () => {
  test.use({ locale: "en-GB" });

  test("is spoken at once, in its direction, and after a reload", async ({ page, server }) => {
    await page.goto(server.url);
    await page.getByRole("combobox", { name: "Language" }).selectOption("العربية");
    const html = page.locator("html");
    for (const again of [false, true]) {
      if (again) await page.reload();
      await expect(page.getByRole("button", { name: "دخول", exact: true })).toBeVisible();
      await expect(html).toHaveAttribute("lang", "ar");
      await expect(html).toHaveAttribute("dir", "rtl");
    }
    await page.getByRole("combobox", { name: "اللغة" }).selectOption("Português");
    await expect(page.getByRole("button", { name: "Entrar", exact: true })).toBeVisible();
    await expect(html).toHaveAttribute("lang", "pt");
    await expect(html).toHaveAttribute("dir", "ltr");
  });
});

async function boxOf(element: Locator) {
  const box = await element.boundingBox();
  if (!box) throw new Error("there is nothing to be seen");
  return box;
}

/** The first is read before the second: neither is drawn over the other. */
async function inOrder({ direction }: Language, first: Locator, second: Locator): Promise<void> {
  const [one, two] = [await boxOf(first), await boxOf(second)];
  if (direction === "ltr") expect(one.x + one.width).toBeLessThanOrEqual(two.x + 1);
  else expect(two.x + two.width).toBeLessThanOrEqual(one.x + 1);
}

/** How far an element's text, or its box, begins from the edge of the page on which one begins to read, in pixels. */
async function start(element: Locator, { direction }: Language): Promise<number> {
  const { left, right } = await element.evaluate((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  });
  return direction === "ltr" ? left : DESK.width - right;
}

/** Where the first such part of an element's text is drawn: the middle of it, in pixels from the left. */
async function placeOf(element: Locator, part: string): Promise<number> {
  return element.evaluate((node, sought) => {
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const at = text.nodeValue?.indexOf(sought) ?? -1;
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + sought.length);
      const { left, width } = range.getBoundingClientRect();
      return left + width / 2;
    }
    throw new Error(`there is no ${sought}`);
  }, part);
}
