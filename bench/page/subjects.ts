import type { Page } from "playwright";
import type { FullRoom } from "./full-room.ts";
import { type Said, saying } from "./talk.ts";

/** A page with a timeline (role `log`) and a field to write in, all of it in memory, the end in view. */
export type Subject = {
  readonly name: string;
  /** Opens it. What it takes to have all there is measured apart: `fills`. */
  open(page: Page): Promise<void>;
  fills(page: Page): Promise<void>;
  /** Others say so many messages within `ms`. */
  goesOn(page: Page, messages: number, ms: number): Promise<void>;
};

/** The page itself, over a real server. All gets into memory by scrolling up through it. */
export function palabre(room: FullRoom): Subject {
  return {
    name: "Palabre",
    async open(page) {
      await page.goto(room.url);
      await page.getByRole("textbox", { name: "Nickname" }).fill("reader");
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await page.getByText("Connected over WebSocket").waitFor();
    },
    async fills(page) {
      const box = page.getByRole("log");
      await box.hover();
      const deadlineMs = performance.now() + 900_000;
      while (!(await page.evaluate(isAtBeginning))) {
        if (performance.now() > deadlineMs) throw new Error("the beginning of the talk was not reached");
        for (let turn = 0; turn < 10; turn++) await page.mouse.wheel(0, -2000);
      }
    },
    goesOn: (_, messages, ms) => room.goesOn(messages, ms),
  };
}

/** The peer: every message a row, all rows in the page, the end kept in view by setting `scrollTop`. */
export function allRows(messages: number): Subject {
  let said = 0;
  return {
    name: "all rows",
    async open(page) {
      await page.setContent(`<!doctype html><style>
        body { margin: 0; height: 100vh; display: flex; flex-direction: column; font: 1rem/1.45 sans-serif; overflow-wrap: anywhere }
        [role=log] { flex: 1; overflow-y: auto; overflow-anchor: none } [role=log] div { white-space: pre-wrap; padding: 0 1rem } textarea { flex: none }
        </style><div role="log" tabindex="0"></div><textarea></textarea>`);
    },
    async fills(page) {
      for (; said < messages; said += 5000) {
        await page.evaluate(append, {
          lines: Array.from({ length: Math.min(5000, messages - said) }, (_, index) => saying(said + index)),
          after: 0,
        });
      }
      said = messages;
    },
    async goesOn(page, more, ms) {
      const lines = Array.from({ length: more }, () => saying(said++));
      await page.evaluate(append, { lines, after: ms });
    },
  };
}

/** In the page: what stands above the oldest message says that there is nothing older. */
function isAtBeginning(): boolean {
  return document.querySelector(".start")?.textContent === "Nothing older is kept.";
}

/** In the page: appends rows, all at once or evenly over `after` ms, as a socket would bring them. */
async function append({ lines, after }: { lines: Said[]; after: number }): Promise<void> {
  const box = document.querySelector("[role=log]") as HTMLElement;
  const startedMs = performance.now();
  for (let done = 0; done < lines.length; ) {
    const due = after === 0 ? lines.length : Math.min(lines.length, Math.ceil(((performance.now() - startedMs) / after) * lines.length));
    const follows = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    for (const { nick, text } of lines.slice(done, due)) {
      const row = document.createElement("div");
      row.textContent = `${nick}: ${text}`;
      box.append(row);
    }
    if (due > done && follows) box.scrollTop = box.scrollHeight;
    done = Math.max(done, due);
    if (done < lines.length) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
