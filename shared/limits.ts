/** The protocol's version, as `welcome.version` says it. Source: S39. */
export const PROTOCOL_VERSION = 1;
/** Two digits and three. Source: P1. */
export const HEADER_OCTETS = 5;
export const MAX_NICK_OCTETS = 99;
export const MAX_MESSAGE_OCTETS = 999;
/** 5 + 99 + 999. Source: P1. */
export const MAX_PACKET_OCTETS = HEADER_OCTETS + MAX_NICK_OCTETS + MAX_MESSAGE_OCTETS;
/** Texts inside service packets (`notice.text`, `message`). Source: P3. */
export const MAX_SERVICE_TEXT_OCTETS = 800;
/** Source: P9. */
export const MAX_NICK_CODE_POINTS = 15;
/** Chat packets replayed to who names no offset. Source: S12. */
export const DEFAULT_HISTORY = 50;
export const MAX_HISTORY = 500;
/** A WebSocket message or an HTTP body from a client. Source: W8, H14. */
export const MAX_INPUT_OCTETS = 64 * 1024;
/** One answer to a poll, the roster included. Source: H4, H5. */
export const MAX_POLL_OCTETS = 256 * 1024;
/** Refusals remembered of a session. Source: S20. */
export const MAX_REFUSALS = 64;
/** Nicknames that a roster lists before it only counts. Source: S37. */
export const MAX_ROSTER_NICKS = 1000;
/** Source: P14. */
export const DEFAULT_ROOM = "lobby";
