// What a start says of a log from which a file, or all that was in it, is gone: what is missing, and nothing of what went rightly.

import { expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { bench, roll, write } from "./compaction-bench.ts";
import { compactAll } from "./compaction-support.ts";
import { append, batchOf, spec, testFolder } from "./support.ts";

const SETTINGS = { "internal.segment.bytes": "600" };

function complaintsIn(lines: readonly RecordedLine[]): string[] {
  return lines.filter(({ level }) => level !== "info" && level !== "debug").map(({ message, facts }) => `${message}: ${facts["path"]}`);
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
