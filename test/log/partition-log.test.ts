// What any partition log promises, on every filesystem that the engine of segmented files runs on, and what its logs promise beyond that.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ControlType, controlBatch } from "../../protocol/records/control-batch.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { type LogBench, partitionLogContract } from "../storage/contracts/partition-log.ts";
import { append, batchOf, folders, spec, type TestFolder } from "./support.ts";

const SMALL_SEGMENTS = { "internal.segment.bytes": "1000", "index.interval.bytes": "100" };

describe.each(folders)("a partition log on the $name filesystem", ({ make }) => {
  partitionLogContract(() => new FolderBench(make()));
});

class FolderBench implements LogBench {
  leaderEpoch = 0;
  readonly #folder: TestFolder;
  #engine: SegmentedEngine;

  constructor(folder: TestFolder) {
    this.#folder = folder;
    this.#engine = folder.open();
  }

  now = () => this.#folder.clock.now();
  advance = (ms: number) => this.#folder.clock.advance(ms);
  during = <Result>(work: Promise<Result>) => work;
  /** As soon as it is written. */
  settled = () => Promise.resolve();

  async open(overrides?: Readonly<Record<string, string>>, leaderEpoch = this.leaderEpoch): Promise<PartitionLog> {
    this.leaderEpoch = leaderEpoch;
    return this.#engine.open(spec(overrides));
  }

  async reopen(overrides?: Readonly<Record<string, string>>, leaderEpoch = this.leaderEpoch + 1): Promise<PartitionLog> {
    await this.#engine.close();
    this.#engine = this.#folder.open();
    return this.open(overrides, leaderEpoch);
  }

  async remove(): Promise<void> {
    await this.#engine.close();
    this.#folder.remove();
  }
}

describe.each(folders)("a segmented log on the $name filesystem", ({ make }) => {
  let folder: TestFolder;
  let engine: SegmentedEngine;

  beforeEach(() => {
    folder = make();
    engine = folder.open();
  });
  afterEach(async () => {
    await engine.close();
    folder.remove();
  });

  const open = (overrides: Readonly<Record<string, string>> = {}) => engine.open(spec(overrides));
  const names = () => folder.filesystem.list(`${folder.directory}/orders-0`);

  test("is durable as soon as it is written, and knows no epoch before one begins", () => {
    const log = open();
    expect(log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: -1, endOffset: -1 });
    append(log, batchOf(["a"]));
    expect(log.durableOffset).toBe(1);
  });

  test("removes the files of segments that are too old after file.delete.delay.ms", async () => {
    const log = open({ ...SMALL_SEGMENTS, "retention.ms": "10000", "file.delete.delay.ms": "5000" });
    for (let count = 0; count < 50; count++) append(log, batchOf([`old ${count}`], { timestamp: folder.clock.now() }));
    await folder.clock.advance(10_001);
    expect(log.enforceRetention()).toBeGreaterThan(3);
    const deletedFiles = () => names().filter((name) => name.endsWith(".deleted"));
    expect(deletedFiles().length).toBeGreaterThan(3);
    await folder.clock.advance(6000);
    expect(deletedFiles()).toEqual([]);
  });

  test("begins a segment when the records of the last span segment.ms", () => {
    const log = open({ "segment.ms": "1000" });
    append(log, batchOf(["a"], { timestamp: 5000 }));
    append(log, batchOf(["b"], { timestamp: 6000 }));
    append(log, batchOf(["c"], { timestamp: 6001 }));
    expect(names().filter((name) => name.endsWith(".log"))).toEqual(["00000000000000000000.log", "00000000000000000002.log"]);
  });

  test("with flush.messages=1 a record counts as durable when the disk has it, and the listener hears of it", async () => {
    const log = open({ "flush.messages": "1" });
    let heard = 0;
    log.onDurable(() => heard++);
    append(log, batchOf(["a"]));
    append(log, batchOf(["b"]));
    expect(log.durableOffset).toBe(0);
    await log.flush();
    expect(log.durableOffset).toBe(2);
    expect(heard).toBeGreaterThan(0);
  });

  test("with flush.messages=3 every third record waits for the disk", async () => {
    const log = open({ "flush.messages": "3" });
    append(log, batchOf(["a"]));
    append(log, batchOf(["b"]));
    expect(log.durableOffset).toBe(2);
    append(log, batchOf(["c"]));
    expect(log.durableOffset).toBe(2);
    append(log, batchOf(["d"]));
    expect(log.durableOffset).toBe(2);
    await new Promise<void>((resolve) => log.onDurable(resolve));
    expect(log.durableOffset).toBe(4);
  });

  test("leaves a transaction unstable until the disk has its marker", async () => {
    const log = open({ "flush.messages": "2" });
    append(log, batchOf(["a"], { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true }));
    expect(log.durableOffset).toBe(1);
    const marker = controlBatch({ producerId: 1, producerEpoch: 0, coordinatorEpoch: 0, type: ControlType.COMMIT, timestamp: 0 }).bytes;
    expect(log.append(marker, { leaderEpoch: 0, origin: "coordinator" })).toMatchObject({ ok: true });
    expect(log.firstUnstableOffset).toBe(0);
    await log.flush();
    expect(log.firstUnstableOffset).toBe(2);
  });
});
