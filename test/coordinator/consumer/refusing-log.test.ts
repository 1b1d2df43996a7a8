// What a group does by itself when the log does not take it: it tries again, for the reason for which it wanted to.

import { describe, expect, it } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { Member } from "../support/consumer-members.ts";
import { GroupBench, TestConnection } from "../support/group-bench.ts";

/** The log refuses from now on, or takes what comes. */
function refuse(bench: GroupBench, isRefusing: boolean): void {
  for (const log of bench.logs) log.failure = isRefusing ? "disk" : undefined;
}

/** Two members, of which the first is to give up partitions to the second. */
async function reconciling(connection = new TestConnection()) {
  const bench = new GroupBench();
  const a = await Member.joined(bench, "a", { rebalanceTimeoutMs: 10_000 }, { connection });
  await bench.clock.advance(1000);
  const b = await Member.joined(bench, "b");
  return { bench, a, b };
}

describe("a group whose log refuses", () => {
  it("puts out who goes on without giving up partitions when the log takes it", async () => {
    const { bench, a, b } = await reconciling();
    await a.say();
    await bench.clock.advance(9500);
    refuse(bench, true);
    await bench.clock.advance(1000);
    refuse(bench, false);
    await a.say();
    expect(a.errorCode).toBe(0);
    await bench.clock.advance(1000);
    await a.say();
    expect(a.errorCode).toBe(Errors.UNKNOWN_MEMBER_ID);
    await b.beat();
    expect(b.owned).toHaveLength(4);
  });

  it("keeps who is heard of again after the session that could not be ended", async () => {
    const { bench, a, b } = await reconciling();
    await bench.clock.advance(43_500);
    await b.beat();
    refuse(bench, true);
    await bench.clock.advance(900);
    refuse(bench, false);
    await a.beat();
    await bench.clock.advance(10_000);
    await a.beat();
    expect(a.errorCode).toBe(0);
  });

  it("puts out who is not heard of when the log takes it", async () => {
    const { bench, a, b } = await reconciling();
    await bench.clock.advance(43_500);
    await b.beat();
    refuse(bench, true);
    await bench.clock.advance(900);
    refuse(bench, false);
    await bench.clock.advance(1000);
    await a.beat();
    expect(a.errorCode).toBe(Errors.UNKNOWN_MEMBER_ID);
  });

  it("puts out who has no connection and is waited for when the log takes it", async () => {
    const connection = new TestConnection();
    const { bench, b } = await reconciling(connection);
    connection.close();
    await bench.clock.advance(500);
    refuse(bench, true);
    await bench.clock.advance(1000);
    refuse(bench, false);
    await bench.clock.advance(1000);
    await b.beat();
    expect(b.owned).toHaveLength(4);
  });
});
