// What is kept on disk of objects that were read.

import { describe, expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { DiskCachedStore } from "../../src/diskless/disk-cached-store.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { objectStoreContract } from "./contracts/object-store.ts";
import { MemoryBucket } from "./fakes/memory-object-store.ts";

const FOLDER = "/cache";
const OBJECT = Buffer.alloc(10_000, "0123456789");
/** Later than what is asked for again in doubt. */
const LATER_MS = 60_000;

function world(maxBytes = 80_000, filesystem = new MemoryFilesystem()) {
  const clock = new VirtualClock();
  const lines: RecordedLine[] = [];
  const bucket = new MemoryBucket();
  for (let each = 0; each < 20; each++) bucket.put(`o/${each}`, OBJECT);
  const store = bucket.client({ clock });
  const open = () => DiskCachedStore.open({ store, folder: FOLDER, maxBytes, filesystem, clock, logger: recordingLogger(lines) });
  const files = () => filesystem.list(FOLDER).filter((name) => name.endsWith(".chunk"));
  return { clock, lines, store, filesystem, open, files, cached: open() };
}

objectStoreContract("objects that are kept on disk", () => world().cached);

test("what was read is read from disk the next time, each range for itself", async () => {
  const { clock, store, cached } = world();
  const range = { from: 3, length: 4 };
  expect((await cached.get("o/1", range)).toString()).toBe("3456");
  await clock.advance(LATER_MS);
  expect((await cached.get("o/1", range)).toString()).toBe("3456");
  expect((await cached.get("o/1", { from: 4, length: 4 })).toString()).toBe("4567");
  expect(await cached.get("o/1")).toEqual(OBJECT);
  await clock.advance(LATER_MS);
  expect(await cached.get("o/1")).toEqual(OBJECT);
  expect(store.requestCounts.get).toBe(3);
  expect(cached.counts).toEqual({ entries: 3, sizeBytes: 10_008, hits: 2, misses: 3 });
});

test("who asks again at once has it from the store, which may have spoilt it on the way", async () => {
  const { clock, store, cached } = world();
  store.faultOf = () => (store.requestCounts.get === 1 ? { kind: "flipped" } : undefined);
  expect(await cached.get("o/1")).not.toEqual(OBJECT);
  expect(await cached.get("o/1")).toEqual(OBJECT);
  await clock.advance(LATER_MS);
  expect(await cached.get("o/1")).toEqual(OBJECT);
  expect(store.requestCounts.get).toBe(2);
});

test("there is no more than the bound, and what was used last stays", async () => {
  const { clock, store, cached, files } = world();
  for (let each = 0; each < 8; each++) await cached.get(`o/${each}`);
  await clock.advance(LATER_MS);
  await cached.get("o/0");
  expect(files()).toHaveLength(8);
  await cached.get("o/8");
  expect(files()).toHaveLength(8);
  expect(cached.counts).toMatchObject({ entries: 8, sizeBytes: 80_000 });
  await clock.advance(LATER_MS);
  const before = store.requestCounts.get;
  await cached.get("o/0");
  expect(store.requestCounts.get).toBe(before);
  await cached.get("o/1");
  expect(store.requestCounts.get).toBe(before + 1);
});

test("what would fill the cache alone is not kept", async () => {
  const { cached, files } = world(79_999);
  await cached.get("o/1");
  expect(files()).toEqual([]);
});

test("the folder is emptied at the start, of what is the cache's own", async () => {
  const { filesystem, cached, open, files } = world();
  await cached.get("o/1");
  filesystem.replaceFile(`${FOLDER}/notes.txt`, "not ours");
  cached.close();
  expect(files()).toHaveLength(1);
  open();
  expect(files()).toEqual([]);
  expect(filesystem.list(FOLDER)).toContain("notes.txt");
});

describe("a reader has what the store gives", () => {
  test("where another process has the folder", async () => {
    const { lines, open, files } = world();
    const second = open();
    expect(await second.get("o/1")).toEqual(OBJECT);
    expect(files()).toEqual([]);
    expect(lines).toMatchObject([{ level: "warn", message: "another process has the folder of the cache on disk; nothing is kept there" }]);
  });

  test("where a file is gone, shorter, or was changed", async () => {
    const { clock, store, filesystem, cached, files } = world();
    const path = () => `${FOLDER}/${files()[0]}`;
    const spoil = [
      () => filesystem.remove(path()),
      () => filesystem.replaceFile(path(), OBJECT.subarray(1)),
      () => filesystem.replaceFile(path(), Buffer.alloc(OBJECT.length)),
    ];
    await cached.get("o/1");
    for (const [index, spoilIt] of spoil.entries()) {
      await clock.advance(LATER_MS);
      spoilIt();
      expect(await cached.get("o/1")).toEqual(OBJECT);
      expect(store.requestCounts.get).toBe(index + 2);
    }
    await clock.advance(LATER_MS);
    expect(await cached.get("o/1")).toEqual(OBJECT);
    expect(store.requestCounts.get).toBe(4);
  });

  test("where the disk is full, which is said now and then", async () => {
    const { clock, lines, filesystem, cached } = world();
    const write = filesystem.replaceFileUnsynced.bind(filesystem);
    filesystem.replaceFileUnsynced = () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    for (let each = 0; each < 5; each++) expect(await cached.get(`o/${each}`)).toEqual(OBJECT);
    expect(lines).toMatchObject([{ message: "the cache on disk could not be written" }]);
    filesystem.replaceFileUnsynced = write;
    await clock.advance(LATER_MS);
    await cached.get("o/1");
    expect(cached.counts.entries).toBe(1);
  });

  test("where the folder cannot be made", async () => {
    const filesystem = new MemoryFilesystem();
    filesystem.makeDirectory = () => {
      throw Object.assign(new Error("read-only file system"), { code: "EROFS" });
    };
    const { lines, cached } = world(80_000, filesystem);
    expect(await cached.get("o/1")).toEqual(OBJECT);
    expect(lines).toMatchObject([{ message: "the folder of the cache on disk cannot be used; nothing is kept there" }]);
  });
});
