// What a store of metadata promises that processes share over a network. Runs on units in memory with the fast tests, and on the database's
// with the slow ones.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MetadataStore } from "../../../src/storage/metadata-store.ts";

export interface KeyValue {
  readonly key: string;
  readonly value: unknown;
}

/** A process's way to what is shared. */
export interface Way {
  /** Nothing arrives, in either direction. */
  cut(): void;
  /** What the process says arrives, and it hears nothing. */
  deafen(): void;
  heal(): void;
}

export interface SharedProcess {
  readonly store: MetadataStore<KeyValue>;
  readonly way: Way;
}

/** A history of its own, empty at first. */
export interface MetadataBench {
  /** One more process. It keeps the history in short after ten units. */
  open(): Promise<SharedProcess>;
  /** Lets time pass until it holds. */
  until(condition: () => boolean): Promise<void>;
  end(): Promise<void>;
}

/** The last value of each key says it all. */
export function compactKeys(changes: readonly KeyValue[]): KeyValue[] {
  return [...new Map(changes.map((change) => [change.key, change])).values()];
}

const set = (key: string, value: unknown): KeyValue => ({ key, value });

/** As an image is. */
class Follower {
  readonly values = new Map<string, unknown>();
  readonly versions: number[] = [];

  constructor(store: MetadataStore<KeyValue>) {
    store.subscribe((changes, version) => {
      for (const { key, value } of changes) this.values.set(key, value);
      this.versions.push(version);
    });
  }
}

/** Resolves to what it rejected with; time passes meanwhile. */
async function failureOf(bench: MetadataBench, promise: Promise<unknown>): Promise<unknown> {
  let failure: unknown;
  let isSettled = false;
  const settled = promise.then(
    () => undefined,
    (error: unknown) => {
      failure = error;
    },
  );
  void settled.finally(() => {
    isSettled = true;
  });
  await bench.until(() => isSettled);
  return failure;
}

async function resultOf<T>(bench: MetadataBench, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const seen = promise.finally(() => {
    isSettled = true;
  });
  seen.catch(() => undefined);
  await bench.until(() => isSettled);
  return seen;
}

export function metadataContract(makeBench: () => Promise<MetadataBench>): void {
  let bench: MetadataBench;
  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.end());

  describe("one process", () => orderedUnits(() => bench));
  describe("several processes", () => sharedUnits(() => bench));
  describe("a process without a way to the others", () => brokenWays(() => bench));
}

function orderedUnits(current: () => MetadataBench): void {
  test("commits units in order, and hears of each before its commit resolves", async () => {
    const { store } = await current().open();
    const heard: unknown[] = [];
    const leave = store.subscribe((changes, version) => heard.push([changes, version]));
    expect([store.version, await store.load()]).toEqual([0, []]);
    expect(await store.commit([set("a", 1), set("b", 2)], 0)).toBe(true);
    expect(heard).toEqual([[[set("a", 1), set("b", 2)], 1]]);
    leave();
    expect(await store.commit([set("c", 3)], 1)).toBe(true);
    expect(heard).toHaveLength(1);
    expect([store.version, await store.load()]).toEqual([2, [set("a", 1), set("b", 2), set("c", 3)]]);
  });

  test("may not commit on what it has not seen", async () => {
    const { store } = await current().open();
    expect(await Promise.all([store.commit([set("a", 1)], 0), store.commit([set("a", 2)], 0), store.commit([set("a", 3)], 1)])).toEqual([
      true,
      false,
      true,
    ]);
    expect(await store.commit([set("a", 4)], 7)).toBe(false);
    expect(await store.load()).toEqual([set("a", 1), set("a", 3)]);
  });

  test("finds again what it wrote, whatever it was", async () => {
    const { store } = await current().open();
    const changes = [
      set("zero \0 and a half \ud83d of a pair", "ä\n\"'\\ \u2028 😀"),
      set("numbers", [0, -0.5, 2 ** 53 - 1, 1e300, 1e-7]),
      set("others", { b: null, a: [[], {}, true, ""], "": 1 }),
    ];
    await store.commit(changes, 0);
    await store.commit([], 1);
    const { store: other } = await current().open();
    expect(await other.load()).toEqual(changes);
    expect(JSON.stringify(await other.load())).toBe(JSON.stringify(changes));
    expect(other.version).toBe(2);
  });

  test("tells those who may lose leaderships first, and waits for them", async () => {
    const { store } = await current().open();
    const heard: string[] = [];
    let goOn = () => {};
    store.subscribeToComing?.(async () => {
      heard.push(`coming, at ${store.version}`);
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      heard.push("ready");
    });
    store.subscribe((_, version) => heard.push(`applied ${version}`));
    const commit = store.commit([set("move", 1)], 0);
    await current().until(() => heard.length > 0);
    expect([heard, store.version]).toEqual([["coming, at 0"], 0]);
    goOn();
    expect(await commit).toBe(true);
    expect(heard).toEqual(["coming, at 0", "ready", "applied 1"]);
    await store.commit([set("other", 1)], 1);
    expect(heard).toEqual(["coming, at 0", "ready", "applied 1", "applied 2"]);
  });

  test("keeps a long history in short, and counts on", async () => {
    const { store } = await current().open();
    for (let count = 0; count < 25; count++) await store.commit([set(`key ${count % 3}`, count)], count);
    const expected = new Map([
      ["key 0", 24],
      ["key 1", 22],
      ["key 2", 23],
    ]);
    const { store: other } = await current().open();
    expect(other.version).toBe(25);
    const history = await other.load();
    expect(new Map(history.map(({ key, value }) => [key, value]))).toEqual(expected);
    expect(history.length).toBeLessThan(25);
    expect(await other.commit([set("key 0", 25)], 25)).toBe(true);
  });

  test("commits nothing once it is closed", async () => {
    const { store } = await current().open();
    await store.close();
    await expect(store.commit([set("a", 1)], 0)).rejects.toMatchObject({ name: "StorageError" });
  });
}

function sharedUnits(current: () => MetadataBench): void {
  test("hear of every unit in order, once", async () => {
    const [one, other] = [await current().open(), await current().open()];
    const followers = [one, other].map(({ store }) => new Follower(store));
    for (let version = 0; version < 12; version++) {
      const { store } = version % 2 === 0 ? one : other;
      await current().until(() => store.version === version);
      expect(await store.commit([set("turn", version)], version)).toBe(true);
    }
    await current().until(() => followers.every(({ versions }) => versions.length === 12));
    for (const { versions } of followers) expect(versions).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  test("have seen what came in between when a commit is refused", async () => {
    const [one, other] = [await current().open(), await current().open()];
    const follower = new Follower(other.store);
    await one.store.commit([set("a", 1)], 0);
    expect(await resultOf(current(), other.store.commit([set("a", 2)], 0))).toBe(false);
    expect([other.store.version, follower.values.get("a")]).toEqual([1, 1]);
    expect(await other.store.commit([set("a", 2)], 1)).toBe(true);
  });

  test("lose no update when all commit at once", async () => {
    const processes = await Promise.all(Array.from({ length: 3 }, () => current().open()));
    const increments = 15;
    const count = async ({ store }: SharedProcess) => {
      const { values } = new Follower(store);
      for (let done = 0; done < increments; ) {
        const version = store.version;
        if (await store.commit([set("sum", Number(values.get("sum") ?? 0) + 1)], version)) done++;
      }
    };
    await resultOf(current(), Promise.all(processes.map(count)));
    const { store } = await current().open();
    expect(store.version).toBe(3 * increments);
    expect((await store.load()).findLast(({ key }) => key === "sum")?.value).toBe(3 * increments);
  });
}

function brokenWays(current: () => MetadataBench): void {
  const UNAVAILABLE = { name: "StorageError", code: "UNAVAILABLE" };

  test("stands still, has its commits rejected in time, and catches up by itself", async () => {
    const [one, other] = [await current().open(), await current().open()];
    const follower = new Follower(other.store);
    await one.store.commit([set("a", 1)], 0);
    await current().until(() => other.store.version === 1);
    other.way.cut();
    for (let version = 1; version < 4; version++) await one.store.commit([set("a", version + 1)], version);
    expect(await failureOf(current(), other.store.commit([set("b", 1)], 1))).toMatchObject(UNAVAILABLE);
    expect([other.store.version, follower.values.get("a")]).toEqual([1, 1]);
    other.way.heal();
    await current().until(() => other.store.version === 4);
    expect(follower.versions).toEqual([1, 2, 3, 4]);
    expect(await resultOf(current(), other.store.commit([set("b", 1)], 4))).toBe(true);
  });

  test("finds out that a commit was done whose answer it did not hear", async () => {
    const [one, other] = [await current().open(), await current().open()];
    const followers = [one, other].map(({ store }) => new Follower(store));
    await one.store.commit([set("a", 1)], 0);
    one.way.deafen();
    const commit = one.store.commit([set("a", 2)], 1);
    await current().until(() => other.store.version === 2);
    one.way.heal();
    expect(await resultOf(current(), commit)).toBe(true);
    for (const { versions } of followers) expect(versions).toEqual([1, 2]);
    expect(await one.store.commit([set("a", 3)], 2)).toBe(true);
  });

  test("commits once it has a way again, if that is in time", async () => {
    const [one, other] = [await current().open(), await current().open()];
    one.way.cut();
    const commit = one.store.commit([set("a", 1)], 0);
    one.way.heal();
    expect(await resultOf(current(), commit)).toBe(true);
    await current().until(() => other.store.version === 1);
  });

  test("may leave a commit of which it never heard, which then counts as any other", async () => {
    const [one, other] = [await current().open(), await current().open()];
    const follower = new Follower(one.store);
    await one.store.commit([set("a", 1)], 0);
    one.way.deafen();
    const commit = one.store.commit([set("a", 2)], 1);
    await current().until(() => other.store.version === 2);
    expect(await failureOf(current(), commit)).toMatchObject(UNAVAILABLE);
    one.way.heal();
    await current().until(() => follower.versions.length === 2);
    expect(follower.versions).toEqual([1, 2]);
  });
}
