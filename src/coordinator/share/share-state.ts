// The state of one shard of __share_group_state: its share partitions. From time to time it writes snapshots of those that nobody changes, and
// deletes what lies before the oldest snapshot that is needed: the topic is not compacted.

import { type ErrorCode, errorName } from "../../../protocol/errors.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { CoordinatorState, RecordOrigin } from "../coordinator-state.ts";
import { Deadline } from "../deadline.ts";
import type { Shard } from "../shard.ts";
import { afterSnapshot, afterUpdate, type SharePartition } from "./share-partition.ts";
import { sharePartitionName } from "./share-partition-name.ts";
import type { ShareSettings } from "./share-settings.ts";
import { coldSnapshots, tombstone } from "./share-state-decisions.ts";
import type { SharePartitionKey } from "./share-state-persister.ts";
import type { ShareStateRecord } from "./share-state-record.ts";

export interface ShareStateOptions {
  readonly shard: Shard<ShareState, ShareStateRecord>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: ShareSettings;
  readonly isServed: () => boolean;
}

/** Of the batches in the records that are appended together: a batch of them stays far below what the topic takes. */
const BATCHES_TOGETHER = 5000;
const RECORDS_TOGETHER = 500;

export class ShareState implements CoordinatorState<ShareStateRecord> {
  readonly #options: ShareStateOptions;
  readonly #partitions = new Map<string, SharePartition>();
  readonly #pruning: Deadline;
  readonly #cooling: Deadline;
  /** Of the newest tombstone. */
  #tombstoneOffset = 0;

  constructor(options: ShareStateOptions) {
    this.#options = options;
    this.#pruning = new Deadline(options.clock, () => this.#prune());
    this.#cooling = new Deadline(options.clock, () => this.#cool());
  }

  get(key: SharePartitionKey): SharePartition | undefined {
    return this.#partitions.get(sharePartitionName(key));
  }

  /** Nothing is kept for topics that are gone. */
  topicsDeleted(ids: ReadonlySet<string>): void {
    this.#writeInParts([...this.#partitions.values()].filter(({ key }) => ids.has(key.topicId)).map(tombstone));
  }

  // ---- CoordinatorState

  replay(record: ShareStateRecord, { offset }: RecordOrigin): void {
    const { key } = record;
    const name = sharePartitionName(key);
    const known = this.#partitions.get(name);
    if (record.value === null) {
      this.#partitions.delete(name);
      this.#tombstoneOffset = offset;
    } else if (record.type === "update") this.#partitions.set(name, afterUpdate(known, record, offset));
    else {
      const updatesPerSnapshot = this.#options.config["share.coordinator.snapshot.update.records.per.snapshot"];
      this.#partitions.set(name, afterSnapshot(known, { key, value: record.value }, { offset, updatesPerSnapshot }));
    }
  }

  /** Nobody writes to __share_group_state in transactions. */
  endTransaction(): void {}

  loaded(): void {
    const { config } = this.#options;
    this.#pruning.set(config["share.coordinator.state.topic.prune.interval.ms"]);
    this.#cooling.set(config["share.coordinator.cold.partition.snapshot.interval.ms"]);
  }

  unloaded(): void {
    this.#pruning.clear();
    this.#cooling.clear();
  }

  #cool(): void {
    const { clock, config, isServed } = this.#options;
    const intervalMs = config["share.coordinator.cold.partition.snapshot.interval.ms"];
    this.#cooling.set(intervalMs);
    if (isServed()) this.#writeInParts(coldSnapshots(this.#partitions.values(), { nowMs: clock.now(), intervalMs }));
  }

  /** Up to the oldest of the newest snapshots; what is not committed yet is no reason to delete anything. */
  #prune(): void {
    const { config, shard, isServed } = this.#options;
    this.#pruning.set(config["share.coordinator.state.topic.prune.interval.ms"]);
    const { partition } = shard;
    let neededOffset = this.#partitions.size === 0 ? this.#tombstoneOffset : Number.MAX_SAFE_INTEGER;
    for (const { snapshotOffset } of this.#partitions.values()) neededOffset = Math.min(neededOffset, snapshotOffset);
    if (isServed() && neededOffset > partition.logStartOffset && neededOffset < partition.highWatermark)
      void this.#deleteBefore(neededOffset);
  }

  /** Tried again next time, whatever it failed of. */
  async #deleteBefore(offset: number): Promise<void> {
    const { shard, logger } = this.#options;
    try {
      await shard.partition.deleteRecordsBefore(offset);
    } catch (error) {
      logger.warn({ partition: shard.partition.index, err: error }, "could not delete what is not needed of the state of share groups");
    }
  }

  #writeInParts(records: readonly ShareStateRecord[]): void {
    const { shard, logger } = this.#options;
    for (const part of inParts(records)) {
      void shard.write<void>(
        () => ({ records: part, applied: () => undefined }),
        (error: ErrorCode) => logger.warn({ error: errorName(error) }, "could not store the state of share partitions"),
      );
    }
  }
}

function inParts(records: readonly ShareStateRecord[]): ShareStateRecord[][] {
  const parts: ShareStateRecord[][] = [];
  let batchCount = 0;
  for (const record of records) {
    const part = parts.at(-1);
    batchCount += record.value?.batches.length ?? 0;
    if (part !== undefined && part.length < RECORDS_TOGETHER && batchCount <= BATCHES_TOGETHER) part.push(record);
    else {
      parts.push([record]);
      batchCount = record.value?.batches.length ?? 0;
    }
  }
  return parts;
}
