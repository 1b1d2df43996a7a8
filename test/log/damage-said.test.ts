// What a start says of a log from which a file, or all that was in it, is gone: what is missing, and nothing of what went rightly.

import { expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { bench, roll, write } from "./compaction-bench.ts";
import { compactAll } from "./compaction-support.ts";
import { append, batchOf, readAll, spec, testFolder } from "./support.ts";

const SETTINGS = { "internal.segment.bytes": "600" };

function complaintsIn(lines: readonly RecordedLine[]): string[] {
  return lines.filter(({ level }) => level !== "info" && level !== "debug").map(({ message, facts }) => `${message}: ${facts["path"]}`);
}

/** Of as many bytes each, in a log that was stopped in order. */
async function threeBatches() {
  const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
  const engine = folder.open();
  const log = engine.open(spec());
  for (let count = 0; count < 3; count++) append(log, batchOf([`value ${count}`]));
  const batchBytes = log.sizeBytes / 3;
  await engine.close();
  return { folder, batchBytes };
}

test("that its first segment is missing, though the log starts within it", async () => {
  const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
  const engine = folder.open();
  const log = engine.open(spec(SETTINGS));
  for (let count = 0; count < 30; count++) append(log, batchOf([`value ${count}`]));
  await log.deleteRecordsBefore(2);
  await engine.close();
  folder.filesystem.remove("/data/orders-0/00000000000000000000.log");
  const lines: RecordedLine[] = [];
  const reopened = folder.open({ logger: recordingLogger(lines) });
  reopened.open(spec(SETTINGS));
  expect(complaintsIn(lines)).toEqual(["a segment is missing: /data/orders-0/00000000000000000000.log"]);
  await reopened.close();
});

test("that an index leads to another batch than it names, and the right one is read", async () => {
  const settings = { "index.interval.bytes": "100" };
  const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
  const engine = folder.open();
  const log = engine.open(spec(settings));
  let sizeBytes = 0;
  for (let count = 0; count < 10; count++) {
    append(log, batchOf([`value ${count}`]));
    sizeBytes ||= log.sizeBytes;
  }
  const records = await readAll(log);
  await engine.close();
  const path = "/data/orders-0/00000000000000000000.index";
  const index = folder.filesystem.readFile(path);
  const [offset, position] = [index.readInt32BE(0), index.readInt32BE(4)];
  expect(position).toBe(offset * sizeBytes);
  // The next one, which has no entry.
  index.writeInt32BE(position + sizeBytes, 4);
  folder.filesystem.replaceFile(path, index);
  const lines: RecordedLine[] = [];
  const reopened = folder.open({ logger: recordingLogger(lines) });
  expect(await readAll(reopened.open(spec(settings)), offset)).toEqual(records.slice(offset));
  expect(complaintsIn(lines)).toEqual([expect.stringContaining(path)]);
  await reopened.close();
});

test("that its last batch lies beyond its end, and the end stays where it was", async () => {
  const { folder, batchBytes } = await threeBatches();
  const path = "/data/orders-0/00000000000000000000.log";
  const content = folder.filesystem.readFile(path);
  content.writeUInt8(1, 2 * batchBytes + 4);
  folder.filesystem.replaceFile(path, content);
  const lines: RecordedLine[] = [];
  const reopened = folder.open({ logger: recordingLogger(lines) });
  const again = reopened.open(spec());
  expect(again.logEndOffset).toBe(3);
  expect((await readAll(again, 0).catch(() => [])).map(({ offset }) => offset)).not.toContain(2 ** 24 + 2);
  expect(lines.map(({ facts }) => `${facts["segment"] ?? facts["path"]}`)).toContain(path);
  await reopened.close();
});

test("that its last batch lies behind a gap, after a kill, when nobody knows where the log ended", async () => {
  const { folder, batchBytes } = await threeBatches();
  for (const name of [".kafka_cleanshutdown", "recovery-point-offset-checkpoint"]) folder.filesystem.remove(`/data/${name}`);
  const path = "/data/orders-0/00000000000000000000.log";
  const content = folder.filesystem.readFile(path);
  content.writeUInt8(1, 2 * batchBytes + 5);
  folder.filesystem.replaceFile(path, content);
  const lines: RecordedLine[] = [];
  const reopened = folder.open({ logger: recordingLogger(lines) });
  expect(reopened.open(spec()).logEndOffset).toBe(2 ** 16 + 3);
  const gap = lines.find(({ message }) => message === "offsets are missing at the end of a log");
  expect(gap?.facts).toMatchObject({ path, positionBytes: 2 * batchBytes, nextOffset: 2, baseOffset: 2 ** 16 + 2 });
  await reopened.close();
});

test("nothing of segments that were deleted", async () => {
  const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
  const engine = folder.open();
  const log = engine.open(spec(SETTINGS));
  for (let count = 0; count < 30; count++) append(log, batchOf([`value ${count}`]));
  await log.deleteRecordsBefore(17);
  await engine.close();
  const lines: RecordedLine[] = [];
  const reopened = folder.open({ logger: recordingLogger(lines) });
  reopened.open(spec(SETTINGS));
  expect(complaintsIn(lines)).toEqual([]);
  await reopened.close();
});

test("nothing of segments of which compaction left nothing", async () => {
  const each = bench();
  write(each, [["a", "1"]]);
  roll(each);
  write(each, [["a", "2"]]);
  roll(each);
  await compactAll(each.engine);
  await each.engine.close();
  const sizes = each.folder.filesystem.list("/data/orders-0").filter((name) => name.endsWith(".log"));
  expect(sizes.map((name) => each.folder.filesystem.stat(`/data/orders-0/${name}`)?.sizeBytes)).toContain(0);
  const lines: RecordedLine[] = [];
  const reopened = each.folder.open({ logger: recordingLogger(lines) });
  reopened.open(spec(SETTINGS));
  expect(complaintsIn(lines)).toEqual([]);
  await reopened.close();
});
