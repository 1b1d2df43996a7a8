// How a broker gets on with a store that is slow, refuses, falls silent or is away. Time is the test's.

import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { ObjectStoreError } from "../../src/base/object-store.ts";
import { randomFrom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { PatientStore } from "../../src/diskless/patient-store.ts";
import { StoreHealth } from "../../src/diskless/store-health.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { objectStoreContract } from "./contracts/object-store.ts";
import { type Fault, MemoryBucket, type StoreRequest } from "./fakes/memory-object-store.ts";

const bytes = Buffer.from("0123456789");

/** Lets what was begun come to where it waits, before time passes. */
class SettlingClock extends VirtualClock {
  override async advance(byMs: number): Promise<void> {
    await super.advance(0);
    await super.advance(byMs);
  }
}

function world(latencyMs = 0, clock: Clock & Pick<VirtualClock, "advance"> = new SettlingClock()) {
  const lines: RecordedLine[] = [];
  const logger = recordingLogger(lines);
  const bucket = new MemoryBucket();
  bucket.put("old", bytes);
  const store = bucket.client({ clock, latencyMs });
  const health = new StoreHealth("s3://bucket", clock, logger);
  const patient = new PatientStore({ store, health, clock, logger, random: randomFrom((target) => target.fill(0x55)) });
  /** The first `count` requests fail so. */
  const failing = (count: number, fault: Fault) => {
    let failed = 0;
    store.faultOf = () => (failed++ < count ? fault : undefined);
  };
  return { clock, lines, bucket, store, health, patient, failing };
}

/** What becomes of a promise, for looking at before it is settled. */
function fate(promise: Promise<unknown>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: undefined };
  promise.then(
    (value) => {
      seen.outcome = value ?? "done";
    },
    (error: unknown) => {
      seen.outcome = error instanceof ObjectStoreError ? error.code : error;
    },
  );
  return seen;
}

objectStoreContract("a patient store", () => world(0, Object.assign({ advance: async () => undefined }, systemClock)).patient.foreground);

describe("a get", () => {
  test("is tried again until it succeeds", async () => {
    const { clock, store, patient, failing } = world();
    failing(5, { kind: "unavailable", isDone: false });
    const get = fate(patient.foreground.get("old", { from: 1, length: 3 }));
    await clock.advance(5_000);
    expect(get.outcome).toEqual(Buffer.from("123"));
    expect(store.requestCounts.get).toBe(6);
    expect(patient.counts).toMatchObject({ requests: { get: 6 }, errors: { get: 5 }, gotBytes: 3, running: 0, waiting: 0 });
  });

  test("is given up at its deadline, with less and less attempts until then", async () => {
    const { clock, store, patient, failing } = world();
    failing(1_000, { kind: "unavailable", isDone: false });
    const get = fate(patient.foreground.get("old"));
    await clock.advance(17_000);
    expect(get.outcome).toBeUndefined();
    await clock.advance(3_000);
    expect(get.outcome).toBe("UNAVAILABLE");
    expect(store.requestCounts.get).toBeLessThan(25);
  });

  test("of what is not there, or refused, is not tried again", async () => {
    const { store, patient } = world();
    await expect(patient.foreground.get("new")).rejects.toMatchObject({ code: "NOT_FOUND" });
    store.faultOf = () => ({ kind: "refused" });
    await expect(patient.foreground.get("old")).rejects.toMatchObject({ code: "REFUSED" });
    expect(store.requestCounts.get).toBe(2);
  });

  test("that the store is silent about is tried again after some seconds, and longer where more is to come", async () => {
    const { clock, store, patient, failing } = world();
    failing(1, { kind: "silent", isDone: false });
    const get = fate(patient.foreground.get("old", { from: 0, length: 1 }));
    await clock.advance(5_000);
    expect(store.requestCounts.get).toBe(1);
    await clock.advance(100);
    expect(get.outcome).toEqual(Buffer.from("0"));
    failing(1, { kind: "silent", isDone: false });
    void fate(patient.upkeep.get("old", { from: 0, length: 64 * 1024 * 1024 }));
    await clock.advance(60_000);
    expect(store.requestCounts.get).toBe(3);
    patient.close();
  });

  test("ends at once when nobody waits for it, or at the end", async () => {
    const { clock, patient, failing } = world();
    failing(1_000, { kind: "unavailable", isDone: false });
    const giveUp = new AbortController();
    const [one, other] = [fate(patient.foreground.get("old", undefined, giveUp.signal)), fate(patient.foreground.get("old"))];
    await clock.advance(10_000);
    giveUp.abort();
    await clock.advance(0);
    expect([one.outcome, other.outcome]).toEqual(["UNAVAILABLE", undefined]);
    patient.close();
    await clock.advance(0);
    expect(other.outcome).toBe("UNAVAILABLE");
  });
});

describe("a get that takes longer than nearly all", () => {
  /** After many that took 40 ms. */
  async function used() {
    const there = world(40);
    for (let each = 0; each < 100; each++) {
      void fate(there.patient.foreground.get("old"));
      await there.clock.advance(50);
    }
    return there;
  }
  const slow = (isSlow: () => boolean) => () => (isSlow() ? 3_000 : 40);

  test("has a second one beside it, whose answer is taken, and the first is ended", async () => {
    const { clock, store, patient } = await used();
    let made = 0;
    store.latencyMs = slow(() => made++ === 0);
    const get = fate(patient.foreground.get("old"));
    await clock.advance(49);
    expect(made).toBe(1);
    await clock.advance(45);
    expect(get.outcome).toEqual(bytes);
    expect(patient.counts).toMatchObject({ hedges: 1, running: 0, errors: { get: 0 }, requests: { get: 102 } });
  });

  test("has no more than that, and of all reads few have one", async () => {
    const { clock, store, patient } = await used();
    store.latencyMs = slow(() => true);
    for (let each = 0; each < 10; each++) void fate(patient.foreground.get("old"));
    await clock.advance(2_999);
    expect(patient.counts).toMatchObject({ hedges: 1, running: 11 });
    await clock.advance(100);
    expect(patient.counts).toMatchObject({ running: 0, requests: { get: 111 } });
  });

  test("fails when both do, and when it fails alone there is another attempt", async () => {
    const { clock, store, patient, failing } = await used();
    failing(2, { kind: "unavailable", isDone: false });
    store.latencyMs = slow(() => true);
    const get = fate(patient.foreground.get("old"));
    await clock.advance(3_100);
    expect(patient.counts).toMatchObject({ hedges: 1, errors: { get: 2 } });
    store.latencyMs = 40;
    await clock.advance(3_100);
    expect(get.outcome).toEqual(bytes);
  });

  test("of upkeep waits", async () => {
    const { clock, store, patient } = await used();
    store.latencyMs = slow(() => true);
    void fate(patient.upkeep.get("old"));
    await clock.advance(2_000);
    expect(patient.counts.hedges).toBe(0);
  });
});

describe("a put", () => {
  test("is not tried again: it may have been done", async () => {
    const { bucket, store, patient, failing } = world();
    failing(1, { kind: "unavailable", isDone: true });
    await expect(patient.foreground.put("new", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(bucket.objects.has("new")).toBe(true);
    expect(store.requestCounts.put).toBe(1);
  });

  test("ends at its deadline, where the store is silent", async () => {
    const { clock, patient, failing } = world();
    failing(1, { kind: "silent", isDone: true });
    const put = fate(patient.foreground.put("new", [Buffer.alloc(1024 * 1024)]));
    await clock.advance(10_999);
    expect(put.outcome).toBeUndefined();
    await clock.advance(1);
    expect(put.outcome).toBe("UNAVAILABLE");
    expect(patient.counts).toMatchObject({ putBytes: 0, running: 0 });
  });
});

test("what producers wait for goes first, then reads, then upkeep", async () => {
  const { clock, store, patient } = world(100);
  const order: string[] = [];
  store.faultOf = ({ kind, key }: StoreRequest) => {
    order.push(`${kind} ${key}`);
    return undefined;
  };
  const { foreground, upkeep } = patient;
  for (let each = 0; each < 64; each++) void fate(foreground.get("old"));
  void fate(upkeep.list("listed"));
  void fate(upkeep.delete(["deleted"]));
  void fate(upkeep.put("merged", [bytes]));
  void fate(foreground.get("old", { from: 0, length: 1 }));
  void fate(foreground.put("produced", [bytes]));
  await clock.advance(50);
  expect(order).toHaveLength(64);
  expect(patient.counts).toMatchObject({ running: 64, waiting: 5 });
  await clock.advance(200);
  expect(order.slice(64)).toEqual(["put produced", "get old", "put merged", "delete deleted", "list listed"]);
  expect(patient.counts).toMatchObject({ running: 0, waiting: 0, requests: { put: 2, get: 65, list: 1, delete: 1 }, putBytes: 20 });
});

test("upkeep never takes all the room", async () => {
  const { clock, store, patient } = world(1_000);
  for (let each = 0; each < 100; each++) void fate(patient.upkeep.get("old"));
  await clock.advance(1);
  expect(store.requestCounts.get).toBe(16);
  void fate(patient.foreground.get("old"));
  await clock.advance(1);
  expect(store.requestCounts.get).toBe(17);
});

describe("a store that asks for fewer requests", () => {
  /** Asks for `perSecond` a second, for `seconds`, and counts those that are sent in each. */
  async function load({ clock, store, patient }: ReturnType<typeof world>, perSecond: number, seconds: number): Promise<number[]> {
    const sent: number[] = [];
    for (let second = 0; second < seconds; second++) {
      const before = store.requestCounts.put;
      for (let tick = 0; tick < 20; tick++) {
        for (let each = 0; each < perSecond / 20; each++) void fate(patient.foreground.put(`${second}-${tick}-${each}`, [bytes]));
        await clock.advance(50);
      }
      sent.push(store.requestCounts.put - before);
    }
    return sent;
  }

  test("gets half of what it got, and slowly more again", async () => {
    const there = world(10);
    expect(await load(there, 100, 3)).toEqual([100, 100, 100]);
    expect(there.patient.counts.limitPerSecond).toBeUndefined();
    there.failing(10, { kind: "slow-down" });
    const [first = 0] = await load(there, 100, 1);
    expect(first).toBeGreaterThan(40);
    expect(first).toBeLessThan(75);
    expect(there.patient.counts).toMatchObject({ throttled: 10, limitPerSecond: expect.closeTo(55, -1) });
    await there.clock.advance(120_000);
    expect(there.patient.counts).toMatchObject({ waiting: 0, limitPerSecond: undefined });
    expect(there.lines).toMatchObject([
      { level: "warn", message: "the object store asks for fewer requests", facts: { store: "s3://bucket" } },
    ]);
  });

  test("now and then, however few there are, gets as many as before", async () => {
    const there = world(10);
    let count = 0;
    there.store.faultOf = () => (++count % 10 === 0 ? { kind: "slow-down" } : undefined);
    expect(await load(there, 100, 10)).toEqual(Array.from({ length: 10 }, () => 100));
    expect(there.patient.counts).toMatchObject({ throttled: 100, limitPerSecond: undefined });
  });

  test("gets a trickle as long as it refuses all", async () => {
    const there = world(10);
    await load(there, 100, 2);
    there.failing(1_000_000, { kind: "slow-down" });
    const sent = await load(there, 100, 20);
    expect(Math.max(...sent.slice(10))).toBeLessThanOrEqual(4);
    expect(there.lines.filter(({ message }) => message === "the object store asks for fewer requests")).toHaveLength(1);
  });

  test("comes to be asked no more than it takes", async () => {
    const there = world(10);
    const { clock, store } = there;
    // It takes 20 in each second.
    let counted = { second: 0, count: 0 };
    store.faultOf = () => {
      const second = Math.floor(clock.now() / 1000);
      if (counted.second !== second) counted = { second, count: 0 };
      return ++counted.count > 20 ? { kind: "slow-down" } : undefined;
    };
    await load(there, 40, 20);
    const { throttled } = there.patient.counts;
    const later = await load(there, 40, 30);
    const sent = later.reduce((sum, count) => sum + count, 0);
    expect(sent / 30).toBeGreaterThan(10);
    expect((there.patient.counts.throttled - throttled) / sent).toBeLessThan(0.1);
  });
});

describe("in the log", () => {
  test("a store that is away has a line when that is certain, and one when it is back", async () => {
    const { clock, lines, store, health, patient } = world();
    store.cutOff();
    const get = fate(patient.foreground.get("old"));
    await clock.advance(10_000);
    store.heal();
    await clock.advance(3_000);
    expect(get.outcome).toEqual(bytes);
    expect(lines).toMatchObject([
      { level: "warn", message: "a store does not answer", facts: { store: "s3://bucket", purpose: "objects", waiting: 0 } },
      { level: "info", message: "a store answers again" },
    ]);
    expect(health.awaySince).toBeUndefined();
  });

  test("a failure now and then has none", async () => {
    const { clock, lines, store, patient } = world();
    let count = 0;
    store.faultOf = () => (++count % 3 === 0 ? { kind: "unavailable", isDone: true } : undefined);
    for (let each = 0; each < 50; each++) void fate(patient.foreground.get("old"));
    await clock.advance(10_000);
    expect(lines).toEqual([]);
  });

  test("a store that refuses us has one at once", async () => {
    const { lines, store, patient } = world();
    store.faultOf = () => ({ kind: "refused" });
    await expect(patient.foreground.put("new", [bytes])).rejects.toMatchObject({ code: "REFUSED" });
    expect(lines).toMatchObject([{ message: "a store does not answer" }]);
  });
});
