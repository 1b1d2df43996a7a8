// Two engines on one data folder, as brokers on threads of their own have them (src/workers), here in one thread: both append, write into the
// same checkpoints, and hand a log over, and the process dies anywhere. What was acknowledged is there at the next start.

import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { batchOf, readAll, spec } from "../log/support.ts";
import { Dice } from "../simulation/scheduler.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { FOLDER } from "./faulty-broker.ts";
import { checkFolder } from "./folder-check.ts";
import { isCrash, SMALL_SEGMENTS } from "./life.ts";
import { type Loop, MODES, type Mode } from "./loop.ts";
import { checkRecoversTwice } from "./recovers-twice.ts";

const MODE_NAMES: readonly string[] = ["crash", "power", "fail", "full"];
const NOW_MS = 1_700_000_000_000;

export const SHARED_FOLDER: Loop = {
  name: "workers",
  title: "engines of several threads share a folder, hand a log over, and stop",
  modes: MODES.filter(({ name }) => MODE_NAMES.includes(name)),
  prepare: async (mode) => ({
    count: async () => (await live(mode, Number.POSITIVE_INFINITY)).disk.operationCount,
    run: async (fault, seed) => {
      const lived = await live(mode, fault);
      const left = lived.disk.afterwards(new Dice(seed * 1_000_003 + fault));
      checkRecoversTwice(new FailingFilesystem(left, "crash", 0).afterwards());
      await checkNext(left, lived, mode);
    },
  }),
};

interface Partition {
  /** Values by offset. */
  readonly acknowledged: Map<number, string>;
  readonly attempted: Set<string>;
  deletedBelow: number;
  isDeleted: boolean;
}

interface Lived {
  readonly disk: FailingFilesystem;
  readonly partitions: readonly Partition[];
}

async function live(mode: Mode, failAt: number): Promise<Lived> {
  const disk = new FailingFilesystem(new MemoryFilesystem(), mode.kind, Number.POSITIVE_INFINITY);
  disk.failAt(failAt, mode.count);
  const life = new SharedLife(disk, mode);
  try {
    await life.run();
  } catch (error) {
    if (!isCrash(error) && disk.failureCount === 0) throw error;
  }
  disk.failAt(Number.POSITIVE_INFINITY);
  return { disk, partitions: life.partitions };
}

class SharedLife {
  readonly partitions: Partition[] = [0, 1, 2].map(() => ({
    acknowledged: new Map(),
    attempted: new Set(),
    deletedBelow: 0,
    isDeleted: false,
  }));
  readonly #disk: FailingFilesystem;
  readonly #mode: Mode;
  #lastValue = 0;

  constructor(disk: FailingFilesystem, mode: Mode) {
    this.#disk = disk;
    this.#mode = mode;
  }

  async run(): Promise<void> {
    const common = { filesystem: this.#disk, directory: FOLDER, brokerId: 1, clock: new VirtualClock(NOW_MS) };
    const first = openSegmentedEngine(common);
    const logs = [this.#open(first, 0), this.#open(first, 1)];
    await this.#append(logs[0], 0, 5);
    const second = openSegmentedEngine({ ...common, share: first.share() });
    second.started();
    const third = this.#open(second, 2);
    await this.#append(third, 2, 8);
    await this.#append(logs[1], 1, 3);
    await first.checkpoint();
    this.#delete(third, 2, 4);
    await second.checkpoint();
    const taken = await this.#handOver(logs[0], first, second);
    await this.#append(taken, 0, 6);
    this.#delete(taken, 0, 3);
    const deleted = this.partitions[1];
    if (deleted !== undefined) deleted.isDeleted = true;
    first.delete({ topic: "orders", partition: 1 });
    await first.handOver();
    await this.#append(third, 2, 2);
    await second.close();
    first.shareClosed(second.closedShare);
    await first.close();
  }

  #open(engine: SegmentedEngine, partition: number): PartitionLog {
    return engine.open(spec({ ...SMALL_SEGMENTS, ...(this.#mode.kind === "power" ? { "flush.messages": "1" } : {}) }, partition));
  }

  async #handOver(log: PartitionLog | undefined, from: SegmentedEngine, to: SegmentedEngine): Promise<PartitionLog> {
    await log?.flush();
    log?.close();
    await from.handOver();
    return this.#open(to, 0);
  }

  async #append(log: PartitionLog | undefined, index: number, count: number): Promise<void> {
    for (let times = 0; times < count && log !== undefined; times++) {
      const value = `value ${++this.#lastValue}`.padEnd(90, "+");
      this.partitions[index]?.attempted.add(value);
      const result = log.append(batchOf([value], { timestamp: NOW_MS + this.#lastValue }), { leaderEpoch: index, origin: "client" });
      if (!result.ok) continue;
      if (this.#mode.kind === "power") await log.flush();
      if (!this.#disk.hasCrashed) this.partitions[index]?.acknowledged.set(result.baseOffset, value);
    }
  }

  #delete(log: PartitionLog, index: number, offset: number): void {
    const partition = this.partitions[index];
    if (partition === undefined || offset > log.logEndOffset) return;
    partition.deletedBelow = offset;
    log.deleteRecordsBefore(offset);
  }
}

async function checkNext(files: MemoryFilesystem, { partitions }: Lived, mode: Mode): Promise<void> {
  const engine = openSegmentedEngine({ filesystem: files, directory: FOLDER, brokerId: 1, clock: new VirtualClock(NOW_MS) });
  for (const [index, { acknowledged, attempted, deletedBelow, isDeleted }] of partitions.entries()) {
    // It may be there again: who starts a broker deletes what the journal says was deleted.
    if (isDeleted) files.remove(`${FOLDER}/orders-${index}`);
    if (isDeleted) continue;
    const log = engine.open(spec(SMALL_SEGMENTS, index));
    const found = new Map((await readAll(log)).map(({ offset, value }) => [offset, value]));
    for (const [offset, value] of found) {
      if (!attempted.has(value)) throw new Error(`orders-${index} has "${value}" at ${offset}, which nobody sent`);
      if (acknowledged.get(offset) !== value && [...acknowledged.values()].includes(value))
        throw new Error(`orders-${index} has "${value}" at ${offset}`);
    }
    if (new Set(found.values()).size !== found.size) throw new Error(`orders-${index} has a record twice`);
    for (const [offset, value] of acknowledged)
      if (offset >= deletedBelow && found.get(offset) !== value) throw new Error(`orders-${index} has lost "${value}" at ${offset}`);
    const next = log.append(batchOf([`afterwards ${index}`], { timestamp: NOW_MS + 1000 }), { leaderEpoch: 5, origin: "client" });
    if (!next.ok) throw new Error(`orders-${index} takes no records any more, ${mode.name}`);
  }
  await engine.close();
  if (files.stat(FOLDER) !== undefined) checkFolder(files, FOLDER, true);
}
