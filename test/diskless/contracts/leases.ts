// What leases promise. Runs on those in memory with the fast tests, and on the database's with the slow ones.

import { beforeEach, describe, expect, test } from "vitest";
import type { Incarnation, Leases } from "../../../src/diskless/leases.ts";

/** Leases that nobody has claimed yet. */
export interface LeaseBench {
  /** As one more process has them. */
  leases(): Leases;
  readonly ttlMs: number;
  /** More than a lease goes by. */
  passTtl(): Promise<void>;
  /** More than ID_REST_MS go by, for leases that have ended. */
  passRest(): Promise<void>;
}

export function leaseContract(makeBench: () => Promise<LeaseBench>): void {
  let bench: LeaseBench;
  let leases: Leases;
  beforeEach(async () => {
    bench = await makeBench();
    leases = bench.leases();
  });
  const claim = (brokerId?: number) => leases.claim({ brokerId }, bench.ttlMs);
  const claimAt = async (address: string) => (await leases.claim({ address }, bench.ttlMs)).brokerId;
  const isHeld = async (incarnation: Incarnation) => (await leases.renew(incarnation, bench.ttlMs)).isHeld;

  describe("a claim", () => {
    test("without an id gives one after the other, and a number that was never given", async () => {
      const claimed = [await claim(), await claim(), await claim(7), await claim()];
      expect(claimed.map(({ brokerId }) => brokerId)).toEqual([1, 2, 7, 8]);
      const numbers = claimed.map(({ number }) => number);
      expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    });

    test("without an id gives none that clients may still look for elsewhere, until it has rested", async () => {
      const [, second, third] = [await claim(), await claim(), await claim()];
      await leases.release(third);
      await leases.release(second);
      expect((await claim()).brokerId).toBe(4);
      await bench.passRest();
      const next = await claim();
      expect(next.brokerId).toBe(2);
      expect(next.number).toBeGreaterThan(third.number);
      expect(await isHeld(second)).toBe(false);
    });

    test("gives no number that was passed over, before or after the first", async () => {
      await leases.passOver(1000);
      const first = await claim();
      expect(first.number).toBe(1001);
      await bench.leases().passOver(10);
      expect((await claim()).number).toBe(1012);
    });

    test("without an id gives the one that was last at the address, given back or not", async () => {
      const first = await leases.claim({ address: "one:9092" }, bench.ttlMs);
      expect([first.brokerId, await claimAt("two:9092")]).toEqual([1, 2]);
      await leases.release(first);
      expect([await claimAt("three:9092"), await claimAt("two:9092"), await claimAt("one:9092")]).toEqual([3, 2, 1]);
      await leases.claim({ brokerId: 9, address: "one:9092" }, bench.ttlMs);
      expect([await claimAt("one:9092"), await claimAt("three:9092")]).toEqual([9, 3]);
    });

    test("of several at once, without an id, each gets its own", async () => {
      const claimed = await Promise.all(Array.from({ length: 8 }, () => bench.leases().claim({}, bench.ttlMs)));
      expect(claimed.map(({ brokerId }) => brokerId).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(new Set(claimed.map(({ number }) => number)).size).toBe(8);
    });

    test("of an id that another process has takes it away", async () => {
      const old = await claim(3);
      const next = await bench.leases().claim({ brokerId: 3 }, bench.ttlMs);
      expect(next).toEqual({ brokerId: 3, number: next.number });
      expect(await isHeld(old)).toBe(false);
      expect(await isHeld(next)).toBe(true);
      expect(await leases.fence(old)).toBe(true);
      await leases.release(old);
      expect(await isHeld(next)).toBe(true);
    });

    test("of one id by several at once is had by the one with the highest number", async () => {
      const claimed = await Promise.all(Array.from({ length: 6 }, () => bench.leases().claim({ brokerId: 5 }, bench.ttlMs)));
      const highest = Math.max(...claimed.map(({ number }) => number));
      for (const incarnation of claimed) expect(await isHeld(incarnation)).toBe(incarnation.number === highest);
    });
  });

  describe("a lease", () => {
    test("that is renewed does not lapse, one that is not is told to those who renew theirs", async () => {
      const [kept, left] = [await claim(), await claim()];
      expect(await leases.renew(kept, bench.ttlMs)).toEqual({ isHeld: true, lapsed: [] });
      await bench.passTtl();
      const { isHeld, lapsed } = await leases.renew(kept, bench.ttlMs);
      expect(isHeld).toBe(true);
      expect(lapsed).toEqual([{ ...left, remainingMs: expect.any(Number), isEnded: false }]);
      expect(lapsed[0]?.remainingMs).toBeLessThan(0);
    });

    test("that lapsed, and that nobody ended, is held again when it is renewed", async () => {
      const incarnation = await claim();
      await bench.passTtl();
      expect(await isHeld(incarnation)).toBe(true);
      expect(await leases.fence(incarnation)).toBe(false);
    });

    test("is ended by others only when it has lapsed, and then for good", async () => {
      const [incarnation, other] = [await claim(), await claim()];
      expect(await leases.fence(incarnation)).toBe(false);
      expect(await isHeld(incarnation)).toBe(true);
      await bench.passTtl();
      expect(await leases.fence(incarnation)).toBe(true);
      expect(await isHeld(incarnation)).toBe(false);
      expect(await leases.fence(incarnation)).toBe(true);
      expect((await leases.renew(other, bench.ttlMs)).lapsed).toEqual([]);
    });

    test("that was released is not held any more, and counts as ended", async () => {
      const incarnation = await claim();
      await leases.release(incarnation);
      await leases.release(incarnation);
      expect(await isHeld(incarnation)).toBe(false);
      expect(await leases.fence(incarnation)).toBe(true);
    });

    test("is either renewed or ended, whoever comes first", async () => {
      const incarnation = await claim();
      await bench.passTtl();
      const [renewal, hasEnded] = await Promise.all([bench.leases().renew(incarnation, bench.ttlMs), bench.leases().fence(incarnation)]);
      expect(renewal.isHeld).toBe(!hasEnded);
      expect(await isHeld(incarnation)).toBe(!hasEnded);
    });

    test("is listed with the time that is left", async () => {
      const [first, second] = [await claim(9), await claim(4)];
      await leases.release(second);
      const listed = await bench.leases().list();
      expect(listed).toEqual([
        { ...second, remainingMs: expect.any(Number), isEnded: true },
        { ...first, remainingMs: expect.any(Number), isEnded: false },
      ]);
      expect(listed[1]?.remainingMs).toBeGreaterThan(0);
      expect(listed[1]?.remainingMs).toBeLessThanOrEqual(bench.ttlMs);
    });
  });
}
