/** The server's addresses, under whatever path its own has. */
export type Addresses = { readonly ws: string; readonly poll: string; readonly history: string };

/** `url` begins with http: or https:. */
export function addressesUnder(url: string): Addresses {
  const base = url.replace(/[?#].*$/, "").replace(/\/+$/, "");
  return { ws: `${base.replace(/^http/, "ws")}/ws`, poll: `${base}/poll`, history: `${base}/history` };
}
