// When a broker may say that it has its lease, and when it may end others': by clocks that go on, stand still and jump.

import { expect, test } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { LeaseView } from "../../src/diskless/leases.ts";
import { LeaseKeeper } from "../../src/membership/lease-keeper.ts";
import { Link } from "../diskless/fakes/link.ts";
import { MemoryLeases } from "../diskless/fakes/memory-leases.ts";
import { ProcessClock } from "./bench.ts";

const TTL_MS = 9000;
const INTERVAL_MS = 2000;

class Bench {
  readonly time = new VirtualClock();
  readonly clock = new ProcessClock(this.time);
  readonly link = new Link();
  readonly leases = new MemoryLeases(this.time);
  readonly told: string[] = [];
  lapses = 0;

  async claim(brokerId?: number, address?: string): Promise<LeaseKeeper> {
    const { clock, link, leases } = this;
    const options = { leases: link.to(leases.view()), clock, logger: silentLogger, ttlMs: TTL_MS, intervalMs: INTERVAL_MS };
    const keeper = await LeaseKeeper.claim(options, { brokerId, address });
    keeper.follow({
      renewed: (lapsed: readonly LeaseView[]) => {
        if (lapsed.length > 0) this.told.push(`${keeper.mayFence ? "may end" : "sees"} ${lapsed.map((each) => each.brokerId)}`);
      },
      lapsed: () => this.lapses++,
      ended: () => this.told.push("ended"),
    });
    return keeper;
  }
}

test("a lease that is renewed is held, and is over an eighth of its time, a second at most, before the database ends it", async () => {
  const bench = new Bench();
  const keeper = await bench.claim();
  await bench.time.advance(60_000);
  expect(keeper.isHeld).toBe(true);
  bench.link.isCutOff = true;
  await bench.time.advance(TTL_MS - 1001);
  expect(keeper.isHeld).toBe(true);
  await bench.time.advance(1);
  expect(keeper.isHeld).toBe(false);
  expect((await bench.leases.view().list())[0]?.remainingMs).toBe(1000);
});

test("its time counts from before the renewal was sent, however long the answer takes", async () => {
  const bench = new Bench();
  const keeper = await bench.claim();
  await bench.time.advance(INTERVAL_MS - 1);
  bench.link.beforeAnswer = () => new Promise((resolve) => bench.time.after(7000, resolve));
  await bench.time.advance(1 + 7000);
  bench.link.isCutOff = true;
  await bench.time.advance(999);
  expect(keeper.isHeld).toBe(true);
  await bench.time.advance(1);
  expect(keeper.isHeld).toBe(false);
});

test("no timer need fire for it to be over, and a lapsed lease that nobody ended is held again", async () => {
  const bench = new Bench();
  const keeper = await bench.claim();
  bench.clock.stop();
  await bench.time.advance(TTL_MS * 10);
  expect(keeper.isHeld).toBe(false);
  bench.clock.goOn();
  await bench.time.advance(0);
  expect(keeper.isHeld).toBe(true);
  expect(bench.told).toEqual([]);
});

test("it is told that it has lapsed, once, and not while it is renewed", async () => {
  const bench = new Bench();
  const keeper = await bench.claim();
  await bench.time.advance(TTL_MS * 3);
  expect(bench.lapses).toBe(0);
  bench.link.isCutOff = true;
  while (keeper.isHeld) await bench.time.advance(1);
  await bench.time.advance(1);
  expect(bench.lapses).toBe(1);
  await bench.time.advance(TTL_MS * 3);
  expect(bench.lapses).toBe(1);
});

test("a computer that slept has no lease until it was renewed, though its clock stood still", async () => {
  const bench = new Bench();
  const keeper = await bench.claim();
  await bench.time.advance(INTERVAL_MS);
  bench.clock.stop();
  await bench.time.advance(TTL_MS * 2);
  bench.clock.sleptMs += TTL_MS * 2;
  expect(keeper.isHeld).toBe(false);
  bench.clock.goOn();
  await bench.time.advance(INTERVAL_MS);
  expect(keeper.isHeld).toBe(true);
});

test("a time of day that is put back, or forward by little, changes nothing; one put forward by more costs until the next renewal", async () => {
  const bench = new Bench();
  const keeper = await bench.claim();
  for (const aheadMs of [-3_600_000, -3_599_001]) {
    bench.clock.wallAheadMs = aheadMs;
    expect([aheadMs, keeper.isHeld]).toEqual([aheadMs, true]);
    await bench.time.advance(INTERVAL_MS);
  }
  bench.clock.wallAheadMs = 3_600_000;
  expect(keeper.isHeld).toBe(false);
  await bench.time.advance(INTERVAL_MS);
  expect(keeper.isHeld).toBe(true);
});

test("a lease that was ended is told once, and never held again", async () => {
  const bench = new Bench();
  const keeper = await bench.claim(3);
  await bench.claim(3);
  await bench.time.advance(5 * INTERVAL_MS);
  expect(bench.told).toEqual(["ended"]);
  expect([keeper.isHeld, keeper.hasEnded]).toEqual([false, true]);
});

test("who claimed just now, or could not renew, sees lapsed leases and ends them only after a full time of its own", async () => {
  const bench = new Bench();
  const dead = await bench.claim();
  dead.close();
  await bench.time.advance(TTL_MS + 1);
  await bench.claim();
  await bench.time.advance(TTL_MS);
  expect(new Set(bench.told)).toEqual(new Set(["sees 1"]));
  await bench.time.advance(INTERVAL_MS);
  expect(bench.told.at(-1)).toBe("may end 1");
  bench.link.failNext("lost", "renew");
  await bench.time.advance(INTERVAL_MS + 500);
  expect(bench.told.at(-1)).toBe("sees 1");
  await bench.time.advance(TTL_MS + INTERVAL_MS);
  expect(bench.told.at(-1)).toBe("may end 1");
});

test("one that is given back is free at once for who comes to the same address", async () => {
  const bench = new Bench();
  const keeper = await bench.claim(undefined, "here:9092");
  await keeper.release();
  expect(keeper.isHeld).toBe(false);
  expect((await bench.leases.view().list())[0]?.isEnded).toBe(true);
  expect((await bench.claim(undefined, "here:9092")).incarnation.brokerId).toBe(1);
});
