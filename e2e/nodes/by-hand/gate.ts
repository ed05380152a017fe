import { connect, type Server, type Socket } from "node:net";

// Passes connections to a published port on to the service behind it. Runs on the services' side, and is handed the listening socket from the machine's.
const [, , host = "", port = ""] = process.argv;

process.once("message", (_, server: Server) => {
  server.on("connection", (outside: Socket) => {
    const inside = connect(Number(port), host);
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      one.setNoDelay(true);
      one.on("error", () => {}); // told by "close"
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
});
// Its own end is that of whoever started it.
process.once("disconnect", () => process.exit());
