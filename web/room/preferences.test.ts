import { describe, expect, it } from "vitest";
import { storageOf } from "../testing/texts.ts";
import { Preferences } from "./preferences.ts";
import { TextStorage } from "./text-storage.ts";

function browser(texts = new Map<string, string>()): TextStorage {
  return storageOf(texts, "palabre:");
}

describe("preferences", () => {
  it("are the quiet ones until somebody chooses", () => {
    const { nickname, language, theme, notify, sound } = new Preferences(browser());
    expect([nickname, language, theme, notify, sound].map((one) => (typeof one === "string" ? one : one.chosen.value))).toEqual([
      "",
      "",
      "system",
      "off",
      "off",
    ]);
  });

  it("are there again at the next visit", () => {
    const storage = browser();
    const before = new Preferences(storage);
    before.nickname = "alice";
    before.language.choose("ar");
    before.theme.choose("dark");
    before.sound.choose("on");
    const after = new Preferences(storage);
    expect(after.nickname).toBe("alice");
    expect(after.language.chosen.value).toBe("ar");
    expect(after.theme.chosen.value).toBe("dark");
    expect(after.sound.chosen.value).toBe("on");
    expect(after.notify.chosen.value).toBe("off");
  });

  it("of another tab hold here too, once one looks", () => {
    const storage = browser();
    const [here, there] = [new Preferences(storage), new Preferences(storage)];
    there.theme.choose("light");
    expect(here.theme.chosen.value).toBe("system");
    here.look();
    expect(here.theme.chosen.value).toBe("light");
  });

  it("that make no sense are none", () => {
    const preferences = new Preferences(browser(new Map(Object.entries({ "palabre:theme": "purple", "palabre:notify": "<b>" }))));
    expect(preferences.theme.chosen.value).toBe("system");
    expect(preferences.notify.chosen.value).toBe("off");
  });

  it("hold for the visit where the browser keeps nothing", () => {
    const preferences = new Preferences(
      new TextStorage(() => {
        throw new Error("forbidden");
      }, ""),
    );
    preferences.theme.choose("dark");
    expect(preferences.theme.chosen.value).toBe("dark");
  });
});
