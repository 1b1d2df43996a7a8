import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { ID_REST_MS, type Incarnation } from "../../src/diskless/leases.ts";
import { leaseContract } from "./contracts/leases.ts";
import { MemoryLeases } from "./fakes/memory-leases.ts";

describe("leases in memory", () =>
  leaseContract(async () => {
    const clock = new VirtualClock();
    const rows = new MemoryLeases(clock);
    return {
      leases: () => rows.view(),
      ttlMs: 9_000,
      passTtl: () => clock.advance(9_001),
      passRest: () => clock.advance(ID_REST_MS + 9_001),
    };
  }));

test("leases in memory tell of each that ends, once", async () => {
  const clock = new VirtualClock();
  const ended: Incarnation[] = [];
  const leases = new MemoryLeases(clock, ({ brokerId, number }) => ended.push({ brokerId, number })).view();
  const first = await leases.claim({ brokerId: 1 }, 1_000);
  const second = await leases.claim({ brokerId: 1 }, 1_000);
  await leases.release(first);
  await clock.advance(1_001);
  await leases.fence(second);
  await leases.fence(second);
  expect(ended).toEqual([first, second]);
});
