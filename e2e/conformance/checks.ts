import type { Check } from "./check.ts";
import { AWAY } from "./checks/away.ts";
import { HELLO } from "./checks/hello.ts";
import { LAST } from "./checks/last.ts";
import { LOG } from "./checks/log.ts";
import { NAMES } from "./checks/names.ts";
import { NUMBERS } from "./checks/numbers.ts";
import { PACKETS } from "./checks/packets.ts";
import { POLLS } from "./checks/polls.ts";
import { POSTS } from "./checks/posts.ts";
import { PRESENCE } from "./checks/presence.ts";
import { RATE } from "./checks/rate.ts";
import { REQUESTS } from "./checks/requests.ts";
import { SECURITY } from "./checks/security.ts";
import { TCP } from "./checks/tcp.ts";
import { WEBSOCKET } from "./checks/websocket.ts";

/** Every check. The one that stops the server stands last. */
export const CHECKS: readonly Check[] = [
  ...PACKETS,
  ...NAMES,
  ...LOG,
  ...HELLO,
  ...NUMBERS,
  ...RATE,
  ...AWAY,
  ...PRESENCE,
  ...WEBSOCKET,
  ...POLLS,
  ...REQUESTS,
  ...POSTS,
  ...SECURITY,
  ...TCP,
  ...LAST,
];
