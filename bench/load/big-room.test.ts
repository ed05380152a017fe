import { describe, expect, it } from "vitest";
import { bigRoom } from "./big-room.ts";

describe("a big room", () => {
  it("[L8, L10] says a join to those present in a packet, many at once in few, and above the limit in none", {
    timeout: 240_000,
  }, async () => {
    const { faults, joins, burst, quiet } = await bigRoom({ sizes: "20,200", joins: 5, everyMs: 300, burst: 300, limit: 60, pin: false });
    expect(faults).toEqual([]);
    const [few, many] = joins;
    // A `joined` and perhaps a `clock`: what is there for 200 is what is there for 20. A roster of 200 would be 1,400 octets.
    expect(few?.octets).toBeLessThan(120);
    expect(many?.octets).toBeLessThan(120);
    expect(burst.nicks).toBe(300);
    expect(burst.packets).toBeLessThan(60);
    expect(quiet.joined).toBe(60);
    expect(quiet.left).toBe(2);
    expect(quiet.rosters).toBe(quiet.present);
  });
});
