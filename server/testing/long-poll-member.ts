import { type Answer, ask, type Told, within } from "./ask.ts";
import { type HelloFields, Member, service } from "./member.ts";

/** A member by long polling, who asks again as soon as it is answered. */
export class LongPollMember extends Member {
  #poll: AbortController | undefined;
  #posts: Promise<unknown> = Promise.resolve();
  /** False: asks only when the test calls `polls`. */
  asksAgain = true;

  async says(fields: HelloFields): Promise<Told> {
    this.end = undefined;
    this.forgets();
    const body = service({ type: "hello", session: this.session, ...fields });
    // What a poll of the turn before is still told, such as that it is replaced, is of no interest any more.
    const poll = this.#poll;
    this.#poll = undefined;
    const answer = await within(ask(this.house, "POST", "/poll", { body }), "the answer to a hello");
    this.#take(answer);
    const first = await this.next("welcome", "error");
    if (first.type !== "welcome") this.#poll = poll;
    else if (this.asksAgain) void this.#asks();
    return first;
  }

  /** One request, sent when the one before is answered; `fault` where it was not taken. */
  sends(...packets: Uint8Array[]): Promise<void> {
    const chats = packets.filter((packet) => packet[0] !== 0x30 || packet[1] !== 0x30).length;
    const path = `/poll?turn=${this.turn}${chats > 0 ? `&seq=${this.seq + 1}` : ""}`;
    this.seq += chats;
    const sent = this.#posts.then(async () => {
      const answer = await within(ask(this.house, "POST", path, { session: this.session, body: packets }), "the answer to a POST");
      this.hear(answer.octets);
      if (answer.status !== 200) this.finish(answer.status);
    });
    this.#posts = sent.catch(() => undefined);
    return sent;
  }

  /** One poll, from where this member is. */
  async polls(): Promise<Answer> {
    const path = `/poll?after=${this.offset}&turn=${this.turn}`;
    const answer = await within(ask(this.house, "GET", path, { session: this.session }), "the answer to a poll");
    this.#take(answer);
    return answer;
  }

  drops(): void {
    this.#poll?.abort();
  }

  async #asks(): Promise<void> {
    const poll = new AbortController();
    this.#poll = poll;
    for (;;) {
      const path = `/poll?after=${this.offset}&turn=${this.turn}`;
      const answer = await ask(this.house, "GET", path, { session: this.session, signal: poll.signal }).catch(() => undefined);
      if (answer === undefined || poll.signal.aborted || this.#poll !== poll) return;
      if (answer.status === 204) return;
      this.#take(answer);
      if (answer.status !== 200 || answer.told.some(({ type }) => type === "stopping")) return;
    }
  }

  #take(answer: Answer): void {
    this.hear(answer.octets);
    if (answer.status !== 200) return this.finish(answer.status);
    if (answer.headers["palabre-offset"] !== String(this.offset))
      this.fault(`Palabre-Offset says ${answer.headers["palabre-offset"]}, but ${this.offset} were counted`);
  }
}
