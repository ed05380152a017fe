// A process of its own that holds many receivers, so that their work is not the server's. Its parent says what it wants to know:
// {open: N, port, path, hello} → {opened} (hello: what their nicknames begin with); {expect: octets} → {done: ms} when every receiver has had so many more payload octets.
import { encodeService } from "../shared/packet.ts";
import { clientFrame, helloFrame, OctetCounter, openRaw } from "./raw-member.ts";

type Order = { open: number; port: number; path: string; hello: boolean | string } | { expect: number };

const PONG = clientFrame(encodeService({ type: "pong" }));
const counters: OctetCounter[] = [];
let waiting: { until: number[]; open: number } | undefined;

process.on("message", async (order: Order) => {
  if ("open" in order) {
    for (let index = 0; index < order.open; index++) {
      const counter = new OctetCounter();
      const number = counters.push(counter) - 1;
      const socket = await openRaw(order.port, order.path, (chunk) => {
        counter.push(chunk);
        const due = waiting?.until[number];
        if (waiting === undefined || due === undefined || counter.octets < due) return;
        waiting.until[number] = Number.POSITIVE_INFINITY;
        if (--waiting.open === 0) process.send?.({ done: performance.timeOrigin + performance.now() });
      });
      if (order.hello === false) continue;
      socket.write(helloFrame(`${order.hello === true ? "r" : order.hello}${number}`));
      // Whoever never says a word is taken for gone.
      setInterval(() => socket.write(PONG), 20_000);
    }
    // One more round for everybody to be welcomed and announced.
    setTimeout(() => process.send?.({ opened: counters.length }), 2000);
  } else {
    waiting = { until: counters.map(({ octets }) => octets + order.expect), open: counters.length };
    process.send?.({ ready: true });
  }
});
