// The data folder as a whole: who may use it, what it says about itself, what comes back after a stop.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { type Logger, silentLogger } from "../../src/base/logger.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { openMemoryEngine } from "../../src/log/segmented-engine.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { append, batchOf, folders, readAll, spec, type TestFolder, TOPIC_ID, testFolder } from "./support.ts";

describe.each(folders)("a data folder on the $name filesystem", ({ make }) => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = make();
  });
  afterEach(() => folder.remove());

  const names = (path = "") => folder.filesystem.list(`${folder.directory}${path}`);
  const text = (name: string) => folder.filesystem.readFile(`${folder.directory}/${name}`).toString();

  test("is used by one engine at a time", async () => {
    const engine = folder.open();
    expect(() => folder.open()).toThrow(expect.objectContaining({ code: "DIRECTORY_IN_USE" }));
    await engine.close();
    await folder.open().close();
  });

  test("keeps its cluster id, unless another is asked for", async () => {
    const first = folder.open();
    expect(first.clusterId).toMatch(/^[\w][\w-]{21}$/);
    await first.close();
    const second = folder.open();
    expect(second.clusterId).toBe(first.clusterId);
    await second.close();
    const third = folder.open({ clusterId: "another-cluster-id-000", brokerId: 4 });
    expect(third.clusterId).toBe("another-cluster-id-000");
    await third.close();
    expect(text("meta.properties")).toMatch(/^version=1\ncluster.id=another-cluster-id-000\nnode.id=4\ndirectory.id=[\w-]{22}$/m);
  });

  test("of a newer version is refused, and given free again", () => {
    folder.filesystem.makeDirectory(folder.directory);
    folder.filesystem.replaceFile(`${folder.directory}/meta.properties`, "version=2\ncluster.id=x\n");
    for (const _ of [1, 2]) expect(() => folder.open()).toThrow(expect.objectContaining({ code: "DIRECTORY_TOO_NEW" }));
  });

  test("that is a file is refused", () => {
    folder.filesystem.makeDirectory(folder.directory);
    folder.filesystem.replaceFile(`${folder.directory}/file`, "");
    expect(() => folder.open({ directory: `${folder.directory}/file` })).toThrow(expect.objectContaining({ code: "DIRECTORY_UNWRITABLE" }));
  });

  test("lists its partitions with their topics", async () => {
    const engine = folder.open();
    engine.open({ ...spec(), topic: "a.b-c_1", partition: 12 });
    engine.open(spec());
    await engine.close();
    const again = folder.open();
    expect(again.list()).toEqual([
      { topic: "a.b-c_1", partition: 12, topicId: TOPIC_ID },
      { topic: "orders", partition: 0, topicId: TOPIC_ID },
    ]);
    await again.close();
  });

  test("has Kafka's checkpoints and mark after a clean stop, and no mark while it is used", async () => {
    const engine = folder.open();
    append(engine.open(spec({ "internal.segment.bytes": "200" })), batchOf(["a", "b"]));
    const log = engine.open(spec({ "internal.segment.bytes": "200" }, 1));
    for (let count = 0; count < 10; count++) append(log, batchOf(["x".repeat(50)]));
    log.deleteRecordsBefore(4);
    await engine.close();
    expect(text("recovery-point-offset-checkpoint")).toBe("0\n2\norders 0 2\norders 1 10\n");
    expect(text("replication-offset-checkpoint")).toBe("0\n2\norders 0 2\norders 1 10\n");
    expect(text("log-start-offset-checkpoint")).toBe("0\n1\norders 1 4\n");
    expect(JSON.parse(text(".kafka_cleanshutdown"))).toEqual({ version: 0, brokerEpoch: -1 });
    const again = folder.open();
    expect(names()).not.toContain(".kafka_cleanshutdown");
    await again.close();
    // Partitions that were not opened this time are not forgotten.
    expect(text("recovery-point-offset-checkpoint")).toBe("0\n2\norders 0 2\norders 1 10\n");
    expect(folder.open().open(spec({}, 1)).logStartOffset).toBe(4);
  });

  test("has the files that Kafka keeps of a partition", async () => {
    const engine = folder.open();
    const log = engine.open(spec({ "internal.segment.bytes": "200" }));
    log.startLeaderEpoch(3);
    for (let count = 0; count < 2; count++) append(log, batchOf(["x".repeat(50)]), 3);
    await engine.close();
    expect(names("/orders-0")).toEqual([
      "00000000000000000000.index",
      "00000000000000000000.log",
      "00000000000000000000.timeindex",
      "00000000000000000001.index",
      "00000000000000000001.log",
      "00000000000000000001.snapshot",
      "00000000000000000001.timeindex",
      "00000000000000000002.snapshot",
      "leader-epoch-checkpoint",
      "partition.metadata",
    ]);
    expect(text("orders-0/leader-epoch-checkpoint")).toBe("0\n1\n3 0\n");
    expect(text("orders-0/partition.metadata")).toBe(`version: 0\ntopic_id: ${TOPIC_ID}`);
  });

  test("deletes a partition under another name first, and its files later", async () => {
    const engine = folder.open();
    const log = engine.open(spec({ "file.delete.delay.ms": "5000" }));
    append(log, batchOf(["a"]));
    engine.delete({ topic: "orders", partition: 0 });
    engine.delete({ topic: "unknown", partition: 0 });
    expect(engine.list()).toEqual([]);
    expect(names().filter((name) => name.startsWith("orders"))).toEqual([expect.stringMatching(/^orders-0\.[0-9a-f]{32}-delete$/)]);
    const again = engine.open({ ...spec(), topicId: "CAAAAAAAAAAAAAAAAAAAAA" });
    expect(again.logEndOffset).toBe(0);
    await folder.clock.advance(5000);
    expect(names().filter((name) => name.startsWith("orders"))).toEqual(["orders-0"]);
    await engine.close();
  });

  test("finishes at the next start what a stop kept it from deleting", async () => {
    const engine = folder.open();
    append(engine.open(spec()), batchOf(["a"]));
    engine.delete({ topic: "orders", partition: 0 });
    await engine.close();
    await folder.open().close();
    expect(names().filter((name) => name.startsWith("orders"))).toEqual([]);
  });

  test("sets the log of another topic of the same name aside", async () => {
    const engine = folder.open();
    append(engine.open(spec()), batchOf(["a"]));
    await engine.close();
    const again = folder.open();
    const log = again.open({ ...spec(), topicId: "q83vEjRWeJCrze8SNFZ4kA" });
    expect(log.logEndOffset).toBe(0);
    expect(names().filter((name) => name.startsWith("orders"))).toEqual([
      "orders-0",
      expect.stringMatching(/^orders-0\.[0-9a-f]{32}-stray$/),
    ]);
    expect(again.list()).toHaveLength(1);
    await again.close();
  });

  test("keeps a stray under Kafka's name, and gives it back with all that was known of it", async () => {
    const engine = folder.open();
    const log = engine.open(spec());
    for (const value of ["a", "b", "c"]) append(log, batchOf([value]));
    log.deleteRecordsBefore(1);
    await engine.close();
    const setting = folder.open();
    const aside = setting.setAside(spec());
    expect(aside).toMatch(/^orders-0\.[0-9a-f]{32}-stray$/);
    expect(setting.list()).toEqual([]);
    expect(setting.hasPartitions()).toBe(true);
    await setting.close();
    const again = folder.open();
    const [stray, ...others] = again.strays();
    expect(stray).toMatchObject({ topic: "orders", partition: 0, topicId: TOPIC_ID, folder: aside, logStartOffset: 1, recoveryPoint: 3 });
    expect(others).toEqual([]);
    if (stray !== undefined) again.adopt(stray);
    expect(again.strays()).toEqual([]);
    const adopted = again.open(spec());
    expect(await readAll(adopted)).toEqual([
      { offset: 1, value: "b" },
      { offset: 2, value: "c" },
    ]);
    expect(names("/orders-0").filter((name) => name.endsWith("-offset-checkpoint"))).toEqual([]);
    await again.close();
  });

  test("knows the topic of a stray whose name is too long for a folder's", async () => {
    const topic = "t".repeat(249);
    const engine = folder.open();
    append(engine.open({ ...spec(), topic, partition: 12 }), batchOf(["a"]));
    await engine.close();
    const again = folder.open();
    const aside = again.setAside({ topic, partition: 12 });
    expect(aside).toHaveLength(255);
    expect(aside).toMatch(/^t{213}-12\.[0-9a-f]{32}-stray$/);
    expect(again.strays()).toMatchObject([{ topic, partition: 12, topicId: TOPIC_ID, folder: aside }]);
    await again.close();
  });

  test("does not put a stray over a partition that is there", async () => {
    const engine = folder.open();
    append(engine.open(spec()), batchOf(["a"]));
    await engine.close();
    const again = folder.open();
    again.setAside(spec());
    append(again.open(spec()), batchOf(["b"]));
    const [stray] = again.strays();
    expect(() => stray !== undefined && again.adopt(stray)).toThrow(expect.objectContaining({ code: "WRITE_FAILED" }));
    expect(again.strays()).toHaveLength(1);
    await again.close();
  });

  test("sets the records of a log aside that starts after its end, and says so", async () => {
    const engine = folder.open();
    const log = engine.open(spec());
    for (const value of ["a", "b", "c"]) append(log, batchOf([value]));
    await engine.close();
    folder.filesystem.replaceFile(`${folder.directory}/log-start-offset-checkpoint`, "0\n1\norders 0 9\n");
    // As after a power failure: after a stop in order the leader epochs would know better.
    folder.filesystem.remove(`${folder.directory}/.kafka_cleanshutdown`);
    const warnings: { facts: object; message: string }[] = [];
    const logger: Logger = { ...silentLogger, warn: (facts, message) => void warnings.push({ facts, message }) };
    const again = folder.open({ logger });
    const anew = again.open(spec());
    expect([anew.logStartOffset, anew.logEndOffset]).toEqual([9, 9]);
    const [stray] = again.strays();
    expect(warnings).toEqual([
      {
        facts: { directory: `${folder.directory}/orders-0`, logStartOffset: 9, logEndOffset: 3, aside: stray?.folder },
        message: "a log starts after its end; set its records aside",
      },
    ]);
    append(anew, batchOf(["d"]));
    await again.close();
    const third = folder.open();
    expect(await readAll(third.open(spec()))).toEqual([{ offset: 9, value: "d" }]);
    const found = third.strays()[0];
    third.delete(spec());
    if (found !== undefined) third.adopt(found);
    expect((await readAll(third.open(spec()))).map(({ value }) => value)).toEqual(["a", "b", "c"]);
    await third.close();
  });

  test("whose meta.properties is damaged is refused with the file's name, and nothing is changed", () => {
    folder.filesystem.makeDirectory(folder.directory);
    const path = `${folder.directory}/meta.properties`;
    for (const content of [
      "",
      "version=1\nnode.id=1\n",
      "version=1\ncluster.id=\u0000\n",
      "version=1\ncluster.id=x\n\u0007\n",
      "version=y\ncluster.id=x\n",
    ]) {
      folder.filesystem.replaceFile(path, content);
      expect(() => folder.open(), JSON.stringify(content)).toThrow(
        expect.objectContaining({ code: "PROPERTIES_CORRUPT", message: expect.stringContaining(path) }),
      );
      expect(text("meta.properties")).toBe(content);
    }
  });

  test("says that meta.properties was missing beside data", async () => {
    const engine = folder.open();
    append(engine.open(spec()), batchOf(["a"]));
    await engine.close();
    folder.filesystem.remove(`${folder.directory}/meta.properties`);
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
    await folder.open({ logger }).close();
    expect(warnings).toEqual(["meta.properties was missing beside data, and was made anew"]);
    await folder.open({ logger }).close();
    expect(warnings).toHaveLength(1);
  });

  test("names a checkpoint file that is damaged", async () => {
    const engine = folder.open();
    append(engine.open(spec()), batchOf(["a"]));
    await engine.close();
    const warned: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (facts, message) => void warned.push({ ...facts, message }) };
    const paths = ["log-start-offset-checkpoint", "orders-0/leader-epoch-checkpoint"].map((name) => `${folder.directory}/${name}`);
    for (const path of paths) folder.filesystem.replaceFile(path, "0\n1\ngarbage\n");
    const again = folder.open({ logger });
    expect(await readAll(again.open(spec()))).toHaveLength(1);
    expect(warned).toEqual([
      { path: paths[0], positionBytes: 4, readLines: 0, message: "a checkpoint file is damaged; what does not read counts as missing" },
      { path: paths[1], positionBytes: 4, message: "a checkpoint file is damaged, and counts as missing" },
    ]);
    await again.close();
  });

  test.each(["missing", "damaged"])("whose leader-epoch-checkpoint is %s costs nothing but what else is damaged", async (what) => {
    const settings = { "internal.segment.bytes": "200", "index.interval.bytes": "0" };
    const engine = folder.open();
    const log = engine.open(spec(settings));
    for (let offset = 0; offset < 8; offset++) append(log, batchOf([`value ${offset}`]), offset < 5 ? 1 : 2);
    await engine.close();
    const path = `${folder.directory}/orders-0/leader-epoch-checkpoint`;
    const stored = folder.filesystem.readFile(path);
    const names = folder.filesystem.list(`${folder.directory}/orders-0`);
    const [first = "", ...later] = names.filter((name) => name.endsWith(".log"));
    expect(later.length).toBeGreaterThan(1);
    const firstPath = `${folder.directory}/orders-0/${first}`;
    const spoiled = Buffer.from(folder.filesystem.readFile(firstPath));
    const at = spoiled.lastIndexOf("value");
    const batchAt = spoiled.length / 2;
    spoiled[at] = (spoiled[at] ?? 0) ^ 1;
    folder.filesystem.replaceFile(firstPath, spoiled);
    if (what === "missing") folder.filesystem.remove(path);
    else folder.filesystem.replaceFile(path, "0\n1\ngarbage\n");
    const said: object[] = [];
    const logger: Logger = { ...silentLogger, error: (facts) => void said.push(facts) };
    const again = folder.open({ logger });
    const reopened = again.open(spec(settings));
    expect(reopened.logEndOffset).toBe(8);
    expect((await readAll(reopened, 2)).map(({ value }) => value)).toEqual([2, 3, 4, 5, 6, 7].map((offset) => `value ${offset}`));
    expect([0, 4, 5, 7].map((offset) => reopened.leaderEpochAt(offset))).toEqual([1, 1, 2, 2]);
    const problem = "the checksum of the batch at offset 1 is wrong";
    expect(said).toEqual([{ path: firstPath, positionBytes: batchAt, sizeBytes: batchAt, problem }]);
    await again.close();
    expect(folder.filesystem.readFile(firstPath)).toEqual(spoiled);
    expect(folder.filesystem.readFile(path)).toEqual(stored);
    expect(folder.filesystem.list(`${folder.directory}/orders-0`)).toEqual(names);
  });

  test("keeps few files open, however many partitions are written and read", async () => {
    const engine = folder.open({ openFiles: 10, indexBytes: 2000, tailBytes: 0 });
    const logs = Array.from({ length: 40 }, (_, partition) => engine.open(spec({ "index.interval.bytes": "0" }, partition)));
    for (let round = 0; round < 20; round++) for (const [index, log] of logs.entries()) append(log, batchOf([`${round} of ${index}`]));
    for (const [index, log] of logs.entries()) {
      const found = await readAll(log, 0, 300);
      expect(found.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, round) => `${round} of ${index}`));
    }
    expect(engine.usage).toMatchObject({ openFiles: 10 });
    expect(engine.usage.indexBytes).toBeLessThan(4000);
    await engine.close();
    const again = folder.open();
    for (const [index] of logs.entries()) expect(again.open(spec({}, index)).logEndOffset).toBe(20);
    await again.close();
  });
});

describe("a checkpoint", () => {
  test("moves the recovery point, so that a crash costs no more than what came after", async () => {
    const disk = new MemoryFilesystem();
    const filesystem = new FailingFilesystem(disk, "crash", Number.POSITIVE_INFINITY);
    const folder = testFolder(filesystem, "/data", () => undefined);
    const engine = folder.open();
    const log = engine.open(spec());
    for (let count = 0; count < 100; count++)
      append(log, batchOf([`value ${count}`], { producerId: 1, producerEpoch: 0, baseSequence: count }));
    await engine.checkpoint();
    expect(disk.readFile("/data/recovery-point-offset-checkpoint").toString()).toBe("0\n1\norders 0 100\n");
    expect(disk.list("/data/orders-0")).toContain("00000000000000000100.snapshot");
    append(log, batchOf(["after"], { producerId: 1, producerEpoch: 0, baseSequence: 100 }));
    // A batch that the disk spoiled before the checkpoint is not looked at; one after it is.
    const crashed = filesystem.afterwards();
    const reopened = testFolder(crashed, "/data", () => undefined)
      .open()
      .open(spec());
    expect(reopened.logEndOffset).toBe(101);
    expect(reopened.activeProducers()).toMatchObject([{ producerId: 1, lastSequence: 100 }]);
  });

  test("is not written again when nothing changed", async () => {
    const filesystem = new FailingFilesystem(new MemoryFilesystem(), "crash", Number.POSITIVE_INFINITY);
    const engine = testFolder(filesystem, "/data", () => undefined).open();
    append(engine.open(spec()), batchOf(["a"]));
    await engine.checkpoint();
    const before = filesystem.operationCount;
    await engine.checkpoint();
    expect(filesystem.operationCount).toBe(before);
  });
});

describe("a log that is closed while its engine goes on", () => {
  const segments = { "index.interval.bytes": "100" };
  const checkpointed = async (filesystem: MemoryFilesystem) => {
    const folder = testFolder(filesystem, "/data", () => undefined);
    const engine = folder.open();
    const log = engine.open(spec(segments));
    append(log, batchOf(["a", "b"]));
    await engine.checkpoint();
    for (let number = 0; number < 20; number++) append(log, batchOf([`later ${number}`]));
    log.close();
    return { folder, engine };
  };

  test("is opened with all that it had, however much was checkpointed", async () => {
    const { engine } = await checkpointed(new MemoryFilesystem());
    const log = engine.open(spec(segments));
    expect(log.logEndOffset).toBe(22);
    expect(await readAll(log)).toHaveLength(22);
  });

  test("keeps what the checkpoint says of the disk", async () => {
    const { engine } = await checkpointed(new MemoryFilesystem());
    expect(engine.open(spec(segments)).recoveryPoint).toBe(2);
  });

  test("is not taken for stopped in order when the disk may lack its end", async () => {
    const filesystem = new MemoryFilesystem();
    const { engine } = await checkpointed(filesystem);
    await engine.close();
    expect(filesystem.list("/data")).not.toContain(".kafka_cleanshutdown");
  });

  test("is on the disk up to its end when it was opened again, and the engine is closed", async () => {
    const filesystem = new MemoryFilesystem();
    const { folder, engine } = await checkpointed(filesystem);
    const log = engine.open(spec(segments));
    await engine.close();
    expect(log.recoveryPoint).toBe(22);
    expect(filesystem.list("/data")).toContain(".kafka_cleanshutdown");
    expect(folder.open().open(spec(segments)).logEndOffset).toBe(22);
  });
});

describe("a disk that fails", () => {
  test("in a write leaves the log as it was, and the next append works", async () => {
    const disk = new MemoryFilesystem();
    for (let failAt = 1; failAt < 12; failAt++) {
      const filesystem = new FailingFilesystem(disk, "fail", Number.POSITIVE_INFINITY);
      const directory = `/data-${failAt}`;
      const log = testFolder(filesystem, directory, () => undefined)
        .open()
        .open(spec());
      append(log, batchOf(["before"]));
      filesystem.failAt(filesystem.operationCount + failAt);
      const results = Array.from({ length: 12 }, (_, index) => log.append(batchOf([`${index}`]), { leaderEpoch: 0, origin: "client" }));
      const refused = results.filter(({ ok }) => !ok);
      expect(refused).toEqual([{ ok: false, error: Errors.KAFKA_STORAGE_ERROR, message: expect.any(String), recordErrors: [] }]);
      const values = (await readAll(log)).map(({ value }) => value);
      expect(values).toHaveLength(12);
      expect(new Set(values).size).toBe(12);
    }
  });

  test("in a sync makes the log refuse appends, for nobody can say what the disk has", async () => {
    const filesystem = new FailingFilesystem(new MemoryFilesystem(), "fail", Number.POSITIVE_INFINITY);
    const engine = testFolder(filesystem, "/data", () => undefined).open();
    const log = engine.open(spec({ "flush.messages": "1" }));
    append(log, batchOf(["a"]));
    await log.flush();
    filesystem.failAt(filesystem.operationCount + 2); // the write, then the sync
    append(log, batchOf(["b"]));
    await expect(log.flush()).rejects.toThrow();
    expect(log.durableOffset).toBe(1);
    expect(log.append(batchOf(["c"]), { leaderEpoch: 0, origin: "client" })).toMatchObject({
      ok: false,
      error: Errors.KAFKA_STORAGE_ERROR,
    });
    await engine.close();
    expect(filesystem.list("/data")).not.toContain(".kafka_cleanshutdown");
  });
});

test("an engine in memory forgets everything and gives memory of deleted segments back at once", async () => {
  const engine = openMemoryEngine({ brokerId: 1 });
  const log = engine.open(spec({ "internal.segment.bytes": "1000", "retention.bytes": "2000", "retention.ms": "-1" }));
  for (let count = 0; count < 100; count++) append(log, batchOf([`value ${count}`]));
  expect(log.enforceRetention()).toBeGreaterThan(5);
  expect(await readAll(log)).not.toHaveLength(0);
  await engine.close();
  expect(openMemoryEngine({ brokerId: 1 }).list()).toEqual([]);
});
