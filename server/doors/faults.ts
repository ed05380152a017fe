import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { CODES, type Refusal } from "../../shared/codes.ts";
import type { HubLog } from "../chat/hub.ts";
import { encodeError, refuse } from "../chat/replies.ts";
import { replyRaw, replyRefusal } from "./packets-reply.ts";

/** What bodies of packets come as; nothing said counts as that too, and so does what `curl -d` says. Source: H1. */
const PACKET_TYPES: ReadonlySet<string> = new Set(["", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"]);

/** What every door answers to requests that are not what it takes: the protocol's codes, one line in the log, no stack trace. */
export function registerFaults(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    if (PACKET_TYPES.has(type)) done(null, body);
    else done(Object.assign(new Error("not packets"), { statusCode: 400, code: "NOT_PACKETS" }), undefined);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    // Whoever asked for a file hung up before it came: nothing failed here, and nobody is left to be told.
    if (error.code === "ERR_STREAM_PREMATURE_CLOSE") {
      reply.hijack();
      reply.raw.destroy();
      return;
    }
    const refusal = refusalOf(error);
    if (refusal.code === "internal")
      request.log.error({ err: error, method: request.method, path: request.routeOptions.url }, "unexpected failure");
    else request.log.info({ code: refusal.code, address: request.ip, method: request.method }, "request refused");
    replyRefusal(reply, refusal, refusal.code === "too-large" ? ["Connection", "close"] : []);
  });
  app.setNotFoundHandler(notFound);
}

function refusalOf(error: FastifyError): Refusal {
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return refuse("too-large", "A body is at most 64 KiB.");
  if (error.code === "NOT_PACKETS") return refuse("malformed", "Bodies are packets, as text/plain; charset=utf-8.");
  if (error.statusCode !== undefined && error.statusCode < 500) return refuse("malformed", "The request is not well formed.");
  return refuse("internal", "That could not be done. Come back in a moment.", 1000);
}

const BROKEN: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: refuse("timeout", "The request took too long to arrive."),
  HPE_HEADER_OVERFLOW: refuse("too-large", "The head of a request is at most 16 KiB."),
};

/** What each address takes. */
const METHODS: readonly (readonly [address: RegExp, allow: string])[] = [
  [/^\/poll$/, "GET, POST"],
  [/^\/(?:ws|history)$/, "GET"],
  [/^\/(?:$|r\/[^/]*$|assets\/|healthz$|readyz$)/, "GET, HEAD"],
];

function notFound(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split("?")[0] ?? "";
  const allow = METHODS.find(([pattern]) => pattern.test(path))?.[1];
  if (allow !== undefined && !allow.split(", ").includes(request.method)) {
    replyRaw(reply, 405, ["Allow", allow, "Cache-Control", "no-store"]);
    return;
  }
  const body = Buffer.from("There is nothing at this address. The chat is at /\n");
  replyRaw(
    reply,
    404,
    ["Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store"],
    request.method === "HEAD" ? undefined : body,
  );
}

/** A request whose address can't be read. */
export function unreadableAddress(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  replyRefusal(reply, refusalOf(error));
}

/** A request that never became one: too slow, too large a head, or no HTTP. */
export function brokenRequest(error: NodeJS.ErrnoException, socket: Socket, log: HubLog): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = BROKEN[error.code ?? ""] ?? refuse("malformed", "This is no HTTP request.");
  log.info({ code: refusal.code, address: socket.remoteAddress }, "request refused");
  const body = encodeError(refusal);
  const { status } = CODES[refusal.code];
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
  );
  socket.end(body, () => socket.destroySoon());
}
