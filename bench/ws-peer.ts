// The peer to compare with: the `ws` library alone, a `send` for each receiver, nothing kept.
import { WebSocket, WebSocketServer } from "ws";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (data: Buffer) => {
    for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(data);
  });
});
server.on("listening", () => console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}`));
