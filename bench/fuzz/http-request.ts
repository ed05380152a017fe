import { concatOctets, encodeUtf8 } from "../../shared/octets.ts";

export type Request = {
  readonly method: string;
  readonly path: string;
  readonly version: string;
  readonly lines: readonly string[];
  readonly body: Uint8Array;
};

/** A request as it stands on the wire. Its length is said where it has a body and no line says it. */
export function requestOctets({ method, path, version, lines, body }: Request): Uint8Array<ArrayBuffer> {
  const says = lines.some((line) => /^(?:content-length|transfer-encoding)/i.test(line));
  const length = says || (body.length === 0 && method === "GET") ? [] : [`Content-Length: ${body.length}`];
  return concatOctets([
    encodeUtf8(`${[`${method} ${path} ${version}`, "Host: fuzz.test", ...lines, ...length].join("\r\n")}\r\n\r\n`),
    body,
  ]);
}

export function request(method: string, path: string, lines: readonly string[] = [], body: Uint8Array = NOTHING): Request {
  return { method, path, version: "HTTP/1.1", lines, body };
}

const NOTHING = new Uint8Array(0);
