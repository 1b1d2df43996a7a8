import { describe, expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { type JournalOptions, openJournalMetadataStore } from "../../src/log/journal-metadata-store.ts";
import { StorageError } from "../../src/storage/storage-error.ts";
import { Crashed, FailingFilesystem } from "../support/failing-filesystem.ts";
import { folders } from "./support.ts";

interface Change {
  readonly key: string;
  readonly value: number;
}

/** The last value of each key says it all. */
function compact(changes: readonly Change[]): Change[] {
  return [...new Map(changes.map((change) => [change.key, change])).values()];
}

function options(filesystem: JournalOptions<Change>["filesystem"], path = "/data/metadata.journal"): JournalOptions<Change> {
  filesystem.makeDirectory(path.slice(0, path.lastIndexOf("/")));
  return { filesystem, path, compact };
}

const set = (key: string, value: number): Change => ({ key, value });

describe.each(folders)("a metadata journal on the $name filesystem", ({ make }) => {
  test("keeps units of changes in order, also over a restart", async () => {
    const { filesystem, directory, remove } = make();
    const path = `${directory}/metadata.journal`;
    const store = openJournalMetadataStore(options(filesystem, path));
    expect(await store.load()).toEqual([]);
    expect(await store.commit([set("a", 1), set("b", 2)], 0)).toBe(true);
    expect(await store.commit([set("ä\n", 3)], 1)).toBe(true);
    expect(store.version).toBe(2);
    await store.close();
    const again = openJournalMetadataStore(options(filesystem, path));
    expect(again.version).toBe(2);
    expect(await again.load()).toEqual([set("a", 1), set("b", 2), set("ä\n", 3)]);
    expect(await again.commit([set("c", 4)], 2)).toBe(true);
    await again.close();
    remove();
  });
});

describe("a metadata journal", () => {
  test("refuses a unit from someone who has not seen all before it", async () => {
    const store = openJournalMetadataStore(options(new MemoryFilesystem()));
    const results = await Promise.all([store.commit([set("a", 1)], 0), store.commit([set("a", 2)], 0), store.commit([set("a", 3)], 1)]);
    expect(results).toEqual([true, false, true]);
    expect(await store.load()).toEqual([set("a", 1), set("a", 3)]);
  });

  test("tells its subscribers of every unit before the commit resolves, until they leave", async () => {
    const store = openJournalMetadataStore(options(new MemoryFilesystem()));
    const heard: unknown[] = [];
    const leave = store.subscribe((changes, version) => heard.push([changes, version]));
    await store.commit([set("a", 1)], 0);
    expect(heard).toEqual([[[set("a", 1)], 1]]);
    leave();
    await store.commit([set("a", 2)], 1);
    expect(heard).toHaveLength(1);
  });

  test("is compacted when it is long, and counts on", async () => {
    const filesystem = new MemoryFilesystem();
    const store = openJournalMetadataStore({ ...options(filesystem), compactAfterUnits: 10 });
    for (let count = 0; count < 25; count++) await store.commit([set(`key ${count % 3}`, count)], count);
    expect(store.version).toBe(25);
    await store.close();
    const again = openJournalMetadataStore({ ...options(filesystem), compactAfterUnits: 10 });
    expect(again.version).toBe(25);
    const changes = await again.load();
    expect(changes.length).toBe(3 + 5);
    expect(compact(changes)).toEqual(expect.arrayContaining([set("key 0", 24), set("key 1", 22), set("key 2", 23)]));
    expect(await again.commit([set("x", 1)], 25)).toBe(true);
  });

  test("drops an unfinished end, and nothing else", async () => {
    const filesystem = new MemoryFilesystem();
    const store = openJournalMetadataStore(options(filesystem));
    for (let count = 0; count < 3; count++) await store.commit([set("a", count)], count);
    await store.close();
    const whole = filesystem.readFile("/data/metadata.journal");
    const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let length = lastLine; length < whole.length; length++) {
      filesystem.replaceFile("/data/metadata.journal", whole.subarray(0, length));
      const torn = openJournalMetadataStore(options(filesystem));
      expect(torn.version).toBe(2);
      expect(await torn.commit([set("b", 9)], 2)).toBe(true);
      expect(await torn.load()).toEqual([set("a", 0), set("a", 1), set("b", 9)]);
      await torn.close();
    }
  });

  test("that is damaged before its end is not guessed at", async () => {
    const filesystem = new MemoryFilesystem();
    const store = openJournalMetadataStore(options(filesystem));
    for (let count = 0; count < 3; count++) await store.commit([set("a", count)], count);
    await store.close();
    const damaged = filesystem.readFile("/data/metadata.journal");
    damaged.write("#", damaged.indexOf("\n") + 15);
    filesystem.replaceFile("/data/metadata.journal", damaged);
    expect(() => openJournalMetadataStore(options(filesystem))).toThrow(expect.objectContaining({ code: "METADATA_CORRUPT" }));
  });

  test("of a newer format is refused", async () => {
    const filesystem = new MemoryFilesystem();
    await openJournalMetadataStore(options(filesystem)).close();
    const text = JSON.stringify({ format: 2, version: 0, changes: [] });
    const { crc32c } = await import("../../protocol/wire/crc32c.ts");
    filesystem.replaceFile("/data/metadata.journal", `${crc32c(Buffer.from(text)).toString(16).padStart(8, "0")} ${text}\n`);
    expect(() => openJournalMetadataStore(options(filesystem))).toThrow(expect.objectContaining({ code: "DIRECTORY_TOO_NEW" }));
  });

  test.each(["fail", "crash", "power"] as const)(
    "has every committed unit and no refused one when a disk operation meets: %s",
    async (kind) => {
      for (let failAt = 1; ; failAt++) {
        const disk = new MemoryFilesystem();
        disk.makeDirectory("/data");
        const filesystem = new FailingFilesystem(disk, kind, failAt);
        const committed: Change[] = [];
        const refused: Change[] = [];
        try {
          const store = openJournalMetadataStore({
            filesystem,
            path: "/data/metadata.journal",
            compact: (changes: readonly Change[]) => changes,
            compactAfterUnits: 4,
          });
          for (let count = 0; count < 10; count++) {
            const change = set("k", count);
            await store.commit([change], store.version).then(
              () => committed.push(change),
              (error: unknown) => {
                refused.push(change);
                if (filesystem.hasCrashed) throw error;
              },
            );
          }
        } catch (error) {
          expect(error instanceof Crashed || error instanceof StorageError).toBe(true);
        }
        const left = filesystem.afterwards();
        left.makeDirectory("/data");
        const found = await openJournalMetadataStore(options(left)).load();
        expect(found.slice(0, committed.length)).toEqual(committed);
        // What was in flight in the crash may be there; what was refused by a process that lived on may not.
        const more = found.slice(committed.length);
        expect(kind === "fail" ? more : more.filter((change) => !refused.some(({ value }) => value === change.value))).toEqual([]);
        if (filesystem.operationCount < failAt) break;
      }
    },
  );
});
