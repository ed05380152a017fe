export type Unseen = Readonly<Record<string, string>>;

/**
 * What nobody sees from outside, and why: of a rule that no check shows, all of it; of another one, the part that is named. Every rule of
 * docs/protocol.md is quoted by a check or stands here.
 */
export const UNSEEN: Unseen = {
  L6: "what is trimmed, and when, is the operator's setting and takes thousands of packets or days",
  L7: "that it survives a crash or a loss of power; seen is that what is acknowledged is there",
  L10: "NOTICE_LIMIT is the operator's setting, and 10,000 people by default",
  S11: "the gap where packets were trimmed (L6)",
  S15: "what clients drop and renumber is for clients",
  S16: "a crash or a change of node in between",
  S28: "it takes a restart of the server",
  S29: "the 24 hours; seen is that it is remembered at all",
  S31: "the spread of ±10 %, beyond what two people's heartbeats show",
  S32: "the client's half",
  S37: "the first 1,000 of more than 1,000 present",
  S44: "`internal` and `removed`; `full` and `stopping` without --cap and --stop",
  S45: "how clients back off is for clients",
  P13: "how clients split a longer text is for clients",
  T1: "a door that is closed cannot be told from one that does not exist",
  T6: "nothing is answered to a datagram, and the port is the operator's setting",
  D4: "how the log is flushed, the drain time and the exit status",
  D5: "it takes stopping the server with two signals",
  D6: "it takes a restart of the server",
  X2: "how the server compares; seen is that a part of a secret opens nothing",
  X4: "how the server's log and the page show it",
  X5: "what a slow receiver costs the server; seen is that it gets all of it",
};
