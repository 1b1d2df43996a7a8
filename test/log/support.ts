// What the tests of logs share: settings, batches, and engines on each filesystem.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BatchOptions, buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Filesystem } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { nodeFilesystem } from "../../src/base/node-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { topicSettings } from "../../src/config/topic-config.ts";
import type { TopicSettings } from "../../src/config/topic-settings.ts";
import { openSegmentedEngine, type SegmentedEngine, type SegmentedEngineOptions } from "../../src/log/segmented-engine.ts";
import type { AppendResult, PartitionLog } from "../../src/storage/partition-log.ts";
import type { LogSpec } from "../../src/storage/storage-engine.ts";

const defaults = brokerConfig();

export function settingsWith(overrides: Readonly<Record<string, string>> = {}): TopicSettings {
  return topicSettings(defaults, overrides);
}

export const TOPIC_ID = "BAAAAAAAAAAAAAAAAAAAAA";

export function spec(overrides: Readonly<Record<string, string>> = {}, partition = 0): LogSpec {
  return { topic: "orders", partition, topicId: TOPIC_ID, settings: settingsWith(overrides), leaderEpoch: 0 };
}

/** A batch of records with these values. */
export function batchOf(values: readonly string[], options: BatchOptions & { readonly records?: readonly NewRecord[] } = {}): Buffer {
  const records = options.records ?? values.map((value) => ({ key: Buffer.from(value), value: Buffer.from(value) }));
  return buildBatch(records, { timestamp: 1_700_000_000_000, ...options }).bytes;
}

export type Appended = Extract<AppendResult, { readonly ok: true }>;

/** Appends as a client; fails when it is refused. */
export function append(log: PartitionLog, records: Buffer, leaderEpoch = 0): Appended {
  const result = log.append(records, { leaderEpoch, origin: "client" });
  if (!result.ok) throw new Error(`refused with ${result.error}: ${result.message}`);
  return result;
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: string;
}

/** Every record from an offset on, fetch by fetch; control records are left out. */
export async function readAll(log: PartitionLog, fromOffset = log.logStartOffset, maxBytes = 4096): Promise<ReadRecord[]> {
  const found: ReadRecord[] = [];
  let offset = fromOffset;
  while (offset < log.logEndOffset) {
    const read = await log.read({ offset, untilOffset: log.logEndOffset, maxBytes, firstBatchWhole: true });
    if (read.sizeBytes === 0) throw new Error(`nothing to read at ${offset} below ${log.logEndOffset}`);
    for (const buffer of read.records) {
      for (const batch of batchesOf(buffer)) {
        if (!batch.isCrcValid()) throw new Error(`wrong checksum at ${batch.baseOffset}`);
        if (batch.isControl) continue;
        for (const record of recordsOf(batch)) {
          if (record.offset >= offset) found.push({ offset: record.offset, value: record.value?.toString() ?? "null" });
        }
      }
    }
    offset = read.nextOffset;
  }
  return found;
}

export interface TestFolder {
  readonly filesystem: Filesystem;
  readonly directory: string;
  readonly clock: VirtualClock;
  /** A new engine on the folder, as a process that starts. */
  open(options?: Partial<SegmentedEngineOptions>): SegmentedEngine;
  remove(): void;
}

export const folders: readonly { readonly name: string; readonly make: () => TestFolder }[] = [
  {
    name: "node",
    make: () => {
      const directory = mkdtempSync(join(tmpdir(), "odradek-log-"));
      return testFolder(nodeFilesystem, directory, () => rmSync(directory, { recursive: true, force: true }));
    },
  },
  { name: "memory", make: () => testFolder(new MemoryFilesystem(), "/data", () => undefined) },
];

export function testFolder(filesystem: Filesystem, directory: string, remove: () => void): TestFolder {
  const clock = new VirtualClock();
  return {
    filesystem,
    directory,
    clock,
    remove,
    open: (options) => openSegmentedEngine({ filesystem, directory, clock, brokerId: 1, ...options }),
  };
}
