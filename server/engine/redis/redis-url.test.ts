import { expect, it } from "vitest";
import { describePlace, parseRedisUrl } from "./redis-url.ts";

const PLACES: readonly (readonly [url: string, described: string])[] = [
  ["redis://localhost", "redis://localhost:6379"],
  ["rediss://:p%40ss:w%2Frd@redis.example:7000/3", "rediss://redis.example:7000"],
  ["redis://user:secret@[::1]:6380", "redis://[::1]:6380"],
  ["redis+sentinel://:secret@one,two:26380/main/2", "redis+sentinel://one:26379,two:26380/main"],
  ["rediss+cluster://one,two:7001,three", "rediss+cluster://one:6379,two:7001,three:6379"],
];
it.each(PLACES)("%s is read, and told without what is secret", (url, described) => {
  const place = parseRedisUrl(url);
  expect(place && describePlace(place)).toBe(described);
  // What is told is read as the same place again.
  expect(parseRedisUrl(described)?.hosts).toEqual(place?.hosts);
});

it("reads what is escaped", () => {
  expect(parseRedisUrl("redis://us%3Aer:p%40ss:w%2Frd@h/4")).toMatchObject({ username: "us:er", password: "p@ss:w/rd", database: 4 });
  expect(parseRedisUrl("redis+sentinel://h/my%20primary")).toMatchObject({ primary: "my primary", database: 0 });
});

it.each([
  "",
  "localhost:6379",
  "http://localhost",
  "redis://",
  "redis://one,two",
  "redis://host:port",
  "redis://host:70000",
  "redis://host/name",
  "redis://host/1/2",
  "redis://host?database=1",
  "redis://:%zz@host",
  "redis+sentinel://host",
  "redis+sentinel://host/%zz",
  "redis+cluster://host/1",
])("%j is none", (url) => {
  expect(parseRedisUrl(url)).toBeUndefined();
});
