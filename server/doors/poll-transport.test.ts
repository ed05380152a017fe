import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import Fastify, { type FastifyReply } from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { Payload } from "../chat/transport.ts";
import { PollTransport } from "./poll-transport.ts";

/** More than the operating system takes of what nobody reads. */
const LARGE = new Payload(Buffer.alloc(32 * 1024 * 1024, "05005aliceHello"), 1);

/** A server whose polls are parked on one transport, as they come. */
async function open() {
  const transport = new PollTransport(() => false);
  const parked: FastifyReply[] = [];
  let arrived = (): void => {};
  const app = Fastify();
  app.get("/poll", (_request, reply) => {
    transport.park(reply, 0, [], () => {});
    parked.push(reply);
    arrived();
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const asks = async (): Promise<{ socket: Socket; reply: FastifyReply }> => {
    const here = new Promise<void>((resolve) => (arrived = resolve));
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.write("GET /poll HTTP/1.1\r\nHost: x\r\n\r\n");
    await here;
    return { socket, reply: parked.at(-1) as FastifyReply };
  };
  return { transport, asks };
}

it("[H15] [X5] a large answer that was not taken is given up when it is asked for again: one of a session is kept at the most", async () => {
  const { transport, asks } = await open();
  const first = await asks();
  transport.write(LARGE);
  const gone = once(first.reply.raw, "close");
  await asks();
  await gone; // else it would wait for its reader for half a minute
  expect(first.reply.raw.socket?.destroyed).not.toBe(false);
});

it("[H16] an answer that is taken is not disturbed by the next poll", async () => {
  const { transport, asks } = await open();
  const first = await asks();
  const whole = new Promise<void>((resolve) => {
    let taken = 0;
    first.socket.on("data", (octets) => {
      taken += octets.length;
      if (taken > LARGE.octets.length) resolve();
    });
  });
  transport.write(LARGE);
  await whole;
  await asks();
  expect(first.socket.destroyed).toBe(false);
});
