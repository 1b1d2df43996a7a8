// Who reads behind producers, of committed transactions or of all that is there: what was shown once is shown so for ever, and nothing is shown
// that may still be undone.

import { batchHeader } from "../../../protocol/records/batch-header.ts";
import { ControlType, readControlBatch } from "../../../protocol/records/control-batch.ts";
import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../../protocol/records/record-batch.ts";
import type { Partition } from "../../../src/partition/partition.ts";
import type { AbortedTransaction } from "../../../src/storage/partition-log.ts";
import { StorageError } from "../../../src/storage/storage-error.ts";
import type { Machine } from "./machine.ts";
import { PARTITIONS, type World } from "./world.ts";

const PATIENCE_MS = 3000;

interface Look {
  readonly highWatermark: number;
  readonly records: readonly Buffer[];
  /** `undefined`: all that there is was asked for. */
  readonly aborted: readonly AbortedTransaction[] | undefined;
}

export class Reader {
  /** Of what was read at an offset, by partition and offset. */
  readonly #seen = new Map<string, string>();
  readonly #highWatermarks: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #epochs: number[] = [];
  readonly #world: World;
  /** Of a value: whether its transaction was committed; `undefined` while that is open. */
  readonly #isCommitted: (value: string) => boolean | undefined;
  reads = 0;

  constructor(world: World, isCommitted: (value: string) => boolean | undefined) {
    this.#world = world;
    this.#isCommitted = isCommitted;
  }

  async run(): Promise<void> {
    const world = this.#world;
    while (!world.isOver) {
      await world.time.sleep(world.dice.between(5, 150));
      const index = world.dice.between(0, PARTITIONS - 1);
      // Then of those who take themselves for the leader, too.
      const leader = world.leaderOf(index);
      await this.#ask(index, leader);
      for (const machine of world.machines) if (machine !== leader && machine.led(index) !== undefined) await this.#ask(index, machine);
    }
  }

  async #ask(index: number, machine: Machine | undefined): Promise<void> {
    const asked = machine?.ask(index, (led) => this.#look(index, led));
    const look = await Promise.race([asked, this.#world.time.sleep(PATIENCE_MS)]);
    if (look instanceof Object) this.#judge(index, look);
  }

  async #look(index: number, led: Partition): Promise<Look | undefined> {
    const { dice, isRestless } = this.#world;
    // As a client asks, with the newest leader epoch that it has seen: who led at an older one refuses. Without it only leases protect.
    if (isRestless && led.leaderEpoch < (this.#epochs[index] ?? 0)) return undefined;
    this.#epochs[index] = Math.max(led.leaderEpoch, this.#epochs[index] ?? 0);
    const { highWatermark } = led;
    const isolationLevel = dice.pick(["read_committed", "read_uncommitted"] as const);
    const untilOffset = led.readableUntil(isolationLevel);
    if (untilOffset === 0) return { highWatermark, records: [], aborted: undefined };
    const offset = dice.between(0, untilOffset - 1);
    try {
      const { records, nextOffset } = await led.read({ offset, maxBytes: 500, isolationLevel, firstBatchWhole: true });
      if (records.length === 0) throw new Error(`nothing to read at ${offset} of ${index} below ${untilOffset}`);
      const aborted = isolationLevel === "read_committed" ? await led.abortedTransactions(offset, nextOffset) : undefined;
      return { highWatermark, records, aborted };
    } catch (error) {
      if (error instanceof StorageError) return undefined;
      throw error;
    }
  }

  #judge(index: number, { highWatermark, records, aborted }: Look): void {
    const known = this.#highWatermarks[index] ?? 0;
    if (highWatermark < known) throw new Error(`the high watermark of ${index} fell from ${known} to ${highWatermark}`);
    this.#highWatermarks[index] = highWatermark;
    for (const buffer of records) this.see(index, buffer);
    if (aborted !== undefined)
      this.#judgeCommitted(
        records.flatMap((buffer) => [...batchesOf(buffer)]),
        aborted,
      );
    this.reads++;
  }

  see(partition: number, buffer: Buffer): void {
    for (const batch of batchesOf(buffer)) {
      const key = `${partition}@${batch.baseOffset}`;
      const bytes = Buffer.from(batch.bytes);
      // It is in no checksum, and stores may spoil it unnoticed.
      bytes.fill(0, batchHeader.offsetOf.partitionLeaderEpoch, batchHeader.offsetOf.magic);
      const content = bytes.toString("base64");
      const before = this.#seen.get(key);
      if (before !== undefined && before !== content) throw new Error(`what was read at ${key} is another by now`);
      this.#seen.set(key, content);
    }
  }

  /** As consumers leave out what was aborted. */
  #judgeCommitted(batches: readonly RecordBatch[], aborted: readonly AbortedTransaction[]): void {
    const coming = [...aborted].sort((one, other) => one.firstOffset - other.firstOffset);
    const open = new Set<number>();
    for (const batch of batches) {
      while (coming[0] !== undefined && coming[0].firstOffset <= batch.lastOffset) open.add(coming.shift()?.producerId ?? -1);
      if (batch.isControl) {
        if (readControlBatch(batch)?.type === ControlType.ABORT) open.delete(batch.producerId);
        continue;
      }
      if (!batch.isTransactional) continue;
      const isShown = !open.has(batch.producerId);
      for (const { value } of recordsOf(batch)) {
        const isCommitted = this.#isCommitted(String(value));
        if (isCommitted !== isShown)
          throw new Error(`${value} is ${isShown ? "" : "not "}shown, and its transaction ${stateOf(isCommitted)}`);
      }
    }
  }
}

function stateOf(isCommitted: boolean | undefined): string {
  if (isCommitted === undefined) return "is open";
  return isCommitted ? "was committed" : "was aborted";
}
