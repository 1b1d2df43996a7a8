// What every object store does, whatever it is made of.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ListedObject, type ObjectStore, ObjectStoreError } from "../../../src/base/object-store.ts";

/** `open` gives a client of a store, or of a part of one, that holds nothing yet. */
export function objectStoreContract(title: string, open: () => Promise<ObjectStore> | ObjectStore): void {
  describe(title, () => {
    let store: ObjectStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    describeObjects(() => store);
    describeLists(() => store);
    describeDeletions(() => store);

    test("a request that was given up, or comes after the end, is rejected as one without an answer", async () => {
      const signal = AbortSignal.abort();
      await expect(codeOf(store.put("given-up", [Buffer.from("x")], signal))).resolves.toBe("UNAVAILABLE");
      await expect(codeOf(store.get("given-up", undefined, signal))).resolves.toBe("UNAVAILABLE");
      store.close();
      await expect(codeOf(store.get("given-up"))).resolves.toBe("UNAVAILABLE");
    });
  });
}

function describeObjects(store: () => ObjectStore): void {
  test("parts that are put make one object", async () => {
    await store().put("parts/1", [Buffer.from("one "), Buffer.alloc(0), Buffer.from("two "), Buffer.from("three")]);
    expect((await store().get("parts/1")).toString()).toBe("one two three");
  });

  test("an object of many megabytes in parts of all sizes comes back as it was", async () => {
    const parts = [1, 70_000, 3_000_000, 17, 5_000_000].map((length, at) => Buffer.alloc(length, `${at} ${length};`));
    await store().put("large/1", parts);
    expect((await store().get("large/1")).equals(Buffer.concat(parts))).toBe(true);
    const range = await store().get("large/1", { from: 70_000, length: 3_000_000 });
    expect(range.equals(Buffer.concat(parts).subarray(70_000, 3_070_000))).toBe(true);
  });

  test("an object may be empty", async () => {
    await store().put("empty/1", []);
    expect(await store().get("empty/1")).toHaveLength(0);
  });

  test("a range is given exactly, to the last byte", async () => {
    await store().put("ranges/1", [Buffer.from("0123456789")]);
    expect((await store().get("ranges/1", { from: 0, length: 1 })).toString()).toBe("0");
    expect((await store().get("ranges/1", { from: 3, length: 4 })).toString()).toBe("3456");
    expect((await store().get("ranges/1", { from: 9, length: 1 })).toString()).toBe("9");
    expect((await store().get("ranges/1", { from: 0, length: 10 })).toString()).toBe("0123456789");
  });

  test("a range that the object does not have is refused, not shortened", async () => {
    await store().put("ranges/2", [Buffer.from("0123456789")]);
    expect(await codeOf(store().get("ranges/2", { from: 8, length: 3 }))).toBe("REFUSED");
    expect(await codeOf(store().get("ranges/2", { from: 10, length: 1 }))).toBe("REFUSED");
    expect(await codeOf(store().get("ranges/2", { from: 1000, length: 1000 }))).toBe("REFUSED");
  });

  test("what is not there is not found", async () => {
    expect(await codeOf(store().get("nowhere/1"))).toBe("NOT_FOUND");
    expect(await codeOf(store().get("nowhere/1", { from: 1, length: 1 }))).toBe("NOT_FOUND");
  });

  test("keys may have characters that mean something elsewhere", async () => {
    const keys = ["odd/a b+c", "odd/d&e<f>\"g'", "odd/50%41", "odd/ä€😀", "odd/q?x=1#y", "odd/(*)!~;,=@:$"];
    for (const key of keys) await store().put(key, [Buffer.from(key)]);
    for (const key of keys) expect((await store().get(key)).toString()).toBe(key);
    expect((await all(store(), "odd/")).map(({ key }) => key)).toEqual(inOrder(keys));
    expect(await store().delete(keys)).toEqual([]);
    expect(await all(store(), "odd/")).toEqual([]);
  });

  test("many requests at once do not mix their objects up", async () => {
    const numbers = Array.from({ length: 40 }, (_, at) => at);
    await Promise.all(numbers.map((at) => store().put(`crowd/${at}`, [Buffer.alloc(1000 + at, `${at},`)])));
    const bodies = await Promise.all(numbers.map((at) => store().get(`crowd/${at}`)));
    for (const [at, body] of bodies.entries()) expect(body.equals(Buffer.alloc(1000 + at, `${at},`))).toBe(true);
  });
}

function describeLists(store: () => ObjectStore): void {
  test("a list has what begins with the prefix, in order, with sizes", async () => {
    for (const key of ["list/b", "list/a/2", "list/a/10", "listen/1"]) await store().put(key, [Buffer.from(key)]);
    const listed = (...keys: string[]) => ({ objects: keys.map((key) => ({ key, sizeBytes: key.length })), isTruncated: false });
    expect(await store().list("list/")).toEqual(listed("list/a/10", "list/a/2", "list/b"));
    expect(await store().list("list/a/1")).toEqual(listed("list/a/10"));
    expect(await store().list("lis")).toEqual(listed("list/a/10", "list/a/2", "list/b", "listen/1"));
    expect(await store().list("list/", "list/a/10")).toEqual(listed("list/a/2", "list/b"));
    expect(await store().list("list/", "list/b")).toEqual(listed());
    expect(await store().list("nothing/")).toEqual(listed());
  });

  test("a long list comes in pages", async () => {
    const keys = Array.from({ length: 1003 }, (_, at) => `pages/${String(at).padStart(5, "0")}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => store().put(key, [Buffer.from("1")])));
    const first = await store().list("pages/");
    expect(first.objects.length).toBeLessThanOrEqual(1000);
    expect(first.isTruncated).toBe(true);
    expect((await all(store(), "pages/")).map(({ key }) => key)).toEqual(keys);
    expect(await store().delete(keys.slice(0, 1000))).toEqual([]);
    expect((await all(store(), "pages/")).map(({ key }) => key)).toEqual(keys.slice(1000));
  });
}

function describeDeletions(store: () => ObjectStore): void {
  test("what was deleted is gone, and what was not there counts as deleted", async () => {
    for (const key of ["gone/1", "gone/2", "gone/3"]) await store().put(key, [Buffer.from(key)]);
    expect(await store().delete(["gone/1", "gone/3", "gone/4"])).toEqual([]);
    expect(await codeOf(store().get("gone/1"))).toBe("NOT_FOUND");
    expect((await all(store(), "gone/")).map(({ key }) => key)).toEqual(["gone/2"]);
    expect(await store().delete(["gone/1", "gone/2"])).toEqual([]);
    expect(await all(store(), "gone/")).toEqual([]);
  });
}

async function all(store: ObjectStore, prefix: string): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for (;;) {
    const { objects, isTruncated } = await store.list(prefix, found.at(-1)?.key);
    found.push(...objects);
    if (!isTruncated) return found;
  }
}

function inOrder(keys: readonly string[]): string[] {
  return [...keys].sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
}

async function codeOf(request: Promise<unknown>): Promise<string> {
  const error = await request.then(
    () => "done",
    (reason: unknown) => reason,
  );
  return error instanceof ObjectStoreError ? error.code : String(error);
}
