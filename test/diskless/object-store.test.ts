// The store in memory keeps the contract of every object store, and fails as it is told to.

import { expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { objectStoreContract } from "./contracts/object-store.ts";
import { type Fault, MemoryBucket } from "./fakes/memory-object-store.ts";

const clock = new VirtualClock();

objectStoreContract("objects in memory", () => new MemoryBucket().client({ clock }));

const bytes = Buffer.from("0123456789");

function failing(fault: Fault) {
  const bucket = new MemoryBucket();
  bucket.put("old", bytes);
  const store = bucket.client({ clock });
  store.faultOf = () => fault;
  return { bucket, store };
}

test("faults of a put are rejected, whether it was done or not", async () => {
  const done = failing({ kind: "unavailable", isDone: true });
  await expect(done.store.put("new", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(done.bucket.objects.has("new")).toBe(true);
  const undone = failing({ kind: "slow-down" });
  await expect(undone.store.put("new", [bytes])).rejects.toMatchObject({ code: "SLOW_DOWN" });
  expect(undone.bucket.objects.has("new")).toBe(false);
});

test("a late put lands when its time has come", async () => {
  const { bucket, store } = failing({ kind: "late", landsAfterMs: 500 });
  await expect(store.put("new", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await clock.advance(499);
  expect(bucket.objects.has("new")).toBe(false);
  await clock.advance(1);
  expect(bucket.objects.has("new")).toBe(true);
});

test("bodies may be spoilt", async () => {
  expect((await failing({ kind: "short" }).store.get("old")).toString()).toBe("012345678");
  expect((await failing({ kind: "flipped" }).store.get("old")).toString()).toBe("0123446789");
  await expect(failing({ kind: "not-found" }).store.get("old")).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await failing({ kind: "kept" }).store.delete(["old", "older"])).toEqual(["old"]);
});

test("who gives up waiting has an answer at once, and the put lands all the same", async () => {
  const bucket = new MemoryBucket();
  const store = bucket.client({ clock, latencyMs: 100 });
  const giveUp = new AbortController();
  const put = store.put("new", [bytes], giveUp.signal);
  const rejected = expect(put).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await clock.advance(49);
  giveUp.abort();
  await rejected;
  expect(bucket.objects.has("new")).toBe(false);
  await clock.advance(1);
  expect(bucket.objects.has("new")).toBe(true);
});

test("of two processes one may be cut off, and loses the answers that are under way", async () => {
  const bucket = new MemoryBucket();
  const one = bucket.client({ clock, latencyMs: 100 });
  const other = bucket.client({ clock });
  const put = expect(one.put("new", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await clock.advance(60);
  one.cutOff();
  await put;
  expect(await other.get("new")).toEqual(bytes);
  await expect(one.get("new")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  one.heal();
  one.latencyMs = 0;
  expect(await one.get("new")).toEqual(bytes);
});

test("a silent store is left by aborting", async () => {
  const { store } = failing({ kind: "silent", isDone: false });
  const giveUp = new AbortController();
  const get = expect(store.get("old", undefined, giveUp.signal)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  giveUp.abort();
  await get;
});

test("a key that is put again with other bytes is noticed", async () => {
  const bucket = new MemoryBucket();
  const store = bucket.client({ clock });
  await store.put("key", [bytes]);
  await store.put("key", [bytes]);
  expect(bucket.changedKeys.size).toBe(0);
  await store.put("key", [Buffer.from("else")]);
  expect([...bucket.changedKeys]).toEqual(["key"]);
});
