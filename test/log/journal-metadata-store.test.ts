import { describe, expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { readDamagedJournal, replaceDamagedJournal } from "../../src/log/damaged-journal.ts";
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

function options(filesystem: JournalOptions<Change>["filesystem"], path = PATH): JournalOptions<Change> {
  filesystem.makeDirectory(path.slice(0, path.lastIndexOf("/")));
  return { filesystem, path, compact };
}

const PATH = "/data/metadata.journal";

async function closedJournal(unitCount: number): Promise<MemoryFilesystem> {
  const filesystem = new MemoryFilesystem();
  const store = openJournalMetadataStore(options(filesystem));
  for (let count = 0; count < unitCount; count++) await store.commit([set("a", count)], count);
  await store.close();
  return filesystem;
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

  test("drops an unfinished end after a crash, and nothing else", async () => {
    const filesystem = new MemoryFilesystem();
    const store = openJournalMetadataStore(options(filesystem));
    for (let count = 0; count < 3; count++) await store.commit([set("a", count)], count);
    const whole = filesystem.readFile(PATH);
    const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let length = lastLine; length < whole.length; length++) {
      const crashed = new MemoryFilesystem();
      crashed.makeDirectory("/data");
      crashed.replaceFile(PATH, whole.subarray(0, length));
      const torn = openJournalMetadataStore(options(crashed));
      expect(torn.version).toBe(2);
      expect(await torn.commit([set("b", 9)], 2)).toBe(true);
      expect(await torn.load()).toEqual([set("a", 0), set("a", 1), set("b", 9)]);
    }
  });

  test("drops what a crash left unfinished behind the units that a stop in order counted", async () => {
    const filesystem = await closedJournal(3);
    const crashed = openJournalMetadataStore(options(filesystem));
    await crashed.commit([set("b", 1)], 3);
    const whole = filesystem.readFile(PATH);
    filesystem.replaceFile(PATH, whole.subarray(0, whole.length - 3));
    expect(openJournalMetadataStore(options(filesystem)).version).toBe(3);
  });

  test("that is shorter than when it was closed in order is damaged, and says where", async () => {
    const filesystem = await closedJournal(3);
    const whole = filesystem.readFile(PATH);
    for (let length = 0; length < whole.length; length++) {
      filesystem.replaceFile(PATH, whole.subarray(0, length));
      const validBytes = whole.subarray(0, length).lastIndexOf("\n") + 1;
      expect(() => openJournalMetadataStore(options(filesystem)), `${length} bytes`).toThrow(
        expect.objectContaining({
          code: "METADATA_CORRUPT",
          message: expect.stringContaining(`${PATH} is damaged`),
          facts: expect.objectContaining({ path: PATH, positionBytes: validBytes }),
        }),
      );
      expect(filesystem.readFile(PATH)).toEqual(whole.subarray(0, length));
    }
  });

  test("of which any byte is wrong after a stop in order is damaged", async () => {
    const filesystem = await closedJournal(3);
    const whole = filesystem.readFile(PATH);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      filesystem.replaceFile(PATH, damaged);
      expect(() => openJournalMetadataStore(options(filesystem)), `byte ${at}`).toThrow(
        expect.objectContaining({ code: "METADATA_CORRUPT" }),
      );
    }
  });

  test("that is missing is made only where it never was", async () => {
    const filesystem = await closedJournal(3);
    filesystem.remove(PATH);
    const missing = expect.objectContaining({ code: "METADATA_CORRUPT", message: expect.stringContaining(`${PATH} is missing`) });
    expect(() => openJournalMetadataStore(options(filesystem))).toThrow(missing);
    const beside = new MemoryFilesystem();
    expect(() => openJournalMetadataStore({ ...options(beside), hasData: () => true })).toThrow(missing);
    expect(beside.list("/data")).toEqual([]);
    expect(openJournalMetadataStore({ ...options(beside), hasData: () => false }).version).toBe(0);
  });

  test("may be closed in order after it was compacted", async () => {
    const filesystem = new MemoryFilesystem();
    for (const round of [0, 1, 2]) {
      const store = openJournalMetadataStore({ ...options(filesystem), compactAfterUnits: 4 });
      for (let count = 0; count < 5; count++) expect(await store.commit([set("k", count)], round * 5 + count)).toBe(true);
      await store.close();
    }
    expect(openJournalMetadataStore(options(filesystem)).version).toBe(15);
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

  test.each([
    { kind: "fail", count: 1 },
    { kind: "fail", count: 5 },
    { kind: "descriptors", count: 1 },
    { kind: "descriptors", count: 5 },
    { kind: "crash", count: 1 },
    { kind: "power", count: 1 },
  ] as const)(
    "has every committed unit and no refused one when a disk operation meets: $kind, $count times",
    async ({ kind, count: failures }) => {
      for (let failAt = 1; ; failAt++) {
        const disk = new MemoryFilesystem();
        disk.makeDirectory("/data");
        const filesystem = new FailingFilesystem(disk, kind, failAt);
        filesystem.failAt(failAt, failures);
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
          // It takes units again as soon as the disk does.
          filesystem.failAt(Number.POSITIVE_INFINITY);
          const last = set("k", 10);
          expect(await store.commit([last], store.version)).toBe(true);
          committed.push(last);
        } catch (error) {
          expect(error instanceof Crashed || error instanceof StorageError).toBe(true);
        }
        const left = filesystem.afterwards();
        left.makeDirectory("/data");
        const found = await openJournalMetadataStore(options(left)).load();
        expect(found.slice(0, committed.length)).toEqual(committed);
        // What was in flight in the crash may be there; what was refused by a process that lived on may not.
        const more = found.slice(committed.length);
        expect(
          kind === "fail" || kind === "descriptors" ? more : more.filter((change) => !refused.some(({ value }) => value === change.value)),
        ).toEqual([]);
        if (filesystem.operationCount < failAt) break;
      }
    },
  );
});

describe("a damaged metadata journal", () => {
  test("gives every whole unit, counts the lost ones, and is kept when it is made anew", async () => {
    const filesystem = await closedJournal(5);
    const whole = filesystem.readFile(PATH);
    const lines = whole.toString("latin1").split("\n");
    lines[2] = lines[2]?.replace("[", "(") ?? "";
    filesystem.replaceFile(PATH, Buffer.from(lines.slice(0, 5).join("\n").concat("\n"), "latin1"));
    const left = readDamagedJournal<Change>(filesystem, PATH);
    expect(left).toEqual({ units: [[], [set("a", 0)], [set("a", 2)], [set("a", 3)]], version: 5, lostUnits: 2 });
    const uniqueHex = "0123456789abcdef".repeat(2);
    const kept = replaceDamagedJournal(filesystem, PATH, { version: 5, changes: [set("a", 3)], uniqueHex });
    expect(kept).toBe(`${PATH}.${uniqueHex}-damaged`);
    expect(filesystem.readFile(`${kept}`).toString("latin1").split("\n")[2]).toBe(lines[2]);
    const store = openJournalMetadataStore(options(filesystem));
    expect(await store.commit([set("b", 1)], 5)).toBe(true);
    expect(await store.load()).toEqual([set("a", 3), set("b", 1)]);
  });

  test.each([
    ["whose first line is damaged", (whole: Buffer) => Buffer.concat([Buffer.from("x"), whole.subarray(1)]), 3],
    ["that is empty", () => Buffer.alloc(0), 0],
  ] as const)("%s counts from what the last stop in order noted", async (_, damage, unitCount) => {
    const filesystem = await closedJournal(3);
    filesystem.replaceFile(PATH, damage(filesystem.readFile(PATH)));
    const { units, version } = readDamagedJournal<Change>(filesystem, PATH);
    expect(units).toHaveLength(unitCount);
    expect(version).toBeGreaterThanOrEqual(3);
  });

  test("that is missing leaves nothing to keep", async () => {
    const filesystem = await closedJournal(3);
    filesystem.remove(PATH);
    expect(readDamagedJournal<Change>(filesystem, PATH)).toEqual({ units: [], version: 3, lostUnits: 3 });
    expect(replaceDamagedJournal(filesystem, PATH, { version: 3, changes: [], uniqueHex: "0" })).toBeUndefined();
    expect(openJournalMetadataStore(options(filesystem)).version).toBe(3);
  });
});
