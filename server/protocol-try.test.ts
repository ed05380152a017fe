import { describe, expect, it } from "vitest";
import { Company, transports } from "./testing/company.ts";

describe.each(transports)("over $name", (transport) => {
  const company = new Company(transport);
  it("talks", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    console.log(await alice.speaks("hello"));
    await bob.hears("hello");
    console.log(bob.told);
    await bob.cuts();
    await alice.speaks("there?");
    console.log(await bob.returns());
    await bob.hears("there?");
    console.log(bob.told);
    const t = Date.now();
    await company.house.stop();
    console.log("stop", Date.now() - t);
    expect(1).toBe(1);
  });
});
