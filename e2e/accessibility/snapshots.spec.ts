import { expect, test } from "../fixtures.ts";
import { mangles } from "./troubles.ts";

test.use({ settings: { RATE_BURST: "0" } });

test("what the page is to those who do not see it: coming in", async ({ newPerson, newTalker }) => {
  await newTalker("Ana");
  const maria = await newPerson();
  await expect(maria.page.locator("body")).toMatchAriaSnapshot(`
- main:
    - /children: equal
    - paragraph: Palabre
    - heading "lobby" [level=1]
    - paragraph: /nickname/
    - text: Nickname
    - textbox "Nickname"
    - status
    - button "Join"
    - text: Language
    - combobox "Language":
      - option /browser/ [selected]
      - option "English"
      - option "Français"
      - option "Español"
      - option "Deutsch"
      - option "Português"
      - option "العربية"
`);
  await maria.asksIn("Ana");
  await expect(maria.page.locator("body")).toMatchAriaSnapshot(`
- main:
    - textbox "Nickname": Ana
    - status: Somebody here has this nickname already.
    - button "Join as Ana2"
    - button "Join"
`);
});

test("what the page is to those who do not see it: the room, help, a phone's people", async ({ newPerson, newTalker }) => {
  const maria = await (await newPerson()).joins("Maria");
  const { page } = maria;
  const ana = await newTalker("Ana");
  await ana.says("Good morning, @Maria!", "See https://example.org.");
  await maria.sees("See https://example.org.");
  await expect(page.locator("body")).toMatchAriaSnapshot(`
- banner:
    - /children: equal
    - heading "Room lobby" [level=1]
    - status: /Connected over (WebSocket|long polling)/
    - button "Leave"
- main:
    - status
    - log "Messages":
      - paragraph: Nothing older is kept.
      - heading "Today" [level=2]
      - paragraph: Maria and Ana came in
      - paragraph: /Ana/
      - text: Good morning,
      - mark: "@Maria"
      - link "https://example.org"
    - status
    - textbox "Message"
    - button "Send" [disabled]
    - status
- complementary "People":
    - heading "People" [level=2]
    - text: "2"
    - list "People":
      - listitem:
        - text: Maria (you)
        - button "Change nickname"
      - listitem:
        - button "Ana"
    - button "Invite people"
    - group: Settings
`);
  await maria.says("/help");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
- main:
    - log "Messages"
    - status:
      - heading /What/ [level=2]
      - term: Enter
      - definition: sends
      - term: Shift + Enter
      - definition
      - term: "@name"
      - definition
      - term: /nick name
      - definition
      - term: /me waves
      - definition
      - term: //text
      - definition
      - term: /help
      - definition
      - button "Close"
    - textbox "Message"
`);
  await page.setViewportSize({ width: 360, height: 640 });
  await expect(page.locator("body")).toMatchAriaSnapshot(`
- banner:
    - /children: equal
    - heading "Room lobby" [level=1]
    - status: /Connected over/
    - button "2 people" [expanded=false]
    - button "Leave"
- main
`);
  await expect(page.getByRole("complementary")).toBeHidden();
  await page.getByRole("button", { name: "2 people" }).click();
  await expect(page.locator("body")).toMatchAriaSnapshot(`
- banner:
    - button "2 people" [expanded]
- complementary "People":
    - heading "People" [level=2]
    - text: "2"
    - button "Close"
    - list "People":
      - listitem
      - listitem:
        - button "Ana"
`);
});

test("what the page is to those who do not see it: refused, reconnecting", async ({ newPerson, relay }) => {
  mangles(relay, "unsayable");
  const maria = await newPerson(relay.url);
  const { page } = maria;
  await maria.asksIn("Maria");
  await maria.isIn("long polling");
  await maria.says("unsayable");
  await expect(maria.messages).toMatchAriaSnapshot(`
- log "Messages":
    - paragraph: /Maria/
    - text: /unsayable Not sent\\..*/
    - button "Try again"
    - button "Discard"
`);
  await page.getByRole("button", { name: "Discard" }).click();
  relay.breaks();
  await maria.says("Is anybody there?");
  await expect(page.locator("body")).toMatchAriaSnapshot(`
- banner:
    - heading "Room lobby" [level=1]
    - status: Reconnecting
    - timer: /in \\d+ s/
    - button "Try now"
    - button "Leave"
- main:
    - log "Messages":
      - text: Is anybody there?
      - img "Sending"
    - textbox "Message"
`);
});
