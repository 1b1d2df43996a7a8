// Reads for a ShareFetch: which partitions may be read now, and what a member acquires of them. No more is read than can be acquired, as far as
// sizes of earlier records tell; a fetch with a minimum of bytes looks first whether there are so many.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Watchable } from "../base/watchers.ts";
import type { Refusal } from "../cluster/refusal.ts";
import type { IsolationLevel, Partition } from "../partition/partition.ts";
import { abortedBatches } from "../share/aborted-batches.ts";
import type { AcquiredRange, AcquireMode } from "../share/acquisition.ts";
import type { LedSharePartition } from "../share/led-share-partition.ts";
import { LogBatches } from "../share/log-batches.ts";
import type { SharedPartition } from "../share/share-sessions.ts";
import type { LogRead } from "../storage/partition-log.ts";
import type { Services } from "./services.ts";
import { isAboutLeaders, refusal, type ShareContext, type ShareMember } from "./share-requests.ts";
import { storageFault } from "./storage-fault.ts";

export interface ShareFetchWish extends ShareMember {
  readonly context: ShareContext;
  readonly isolationLevel: IsolationLevel;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly batchSize: number;
  readonly mode: AcquireMode;
}

export interface ShareFetchResult {
  readonly wanted: SharedPartition;
  readonly error: ErrorCode;
  readonly records: readonly Buffer[];
  readonly ranges: readonly AcquiredRange[];
  readonly release?: (() => void) | undefined;
}

/** A partition that may have records to acquire. */
interface Ready {
  readonly wanted: SharedPartition;
  readonly led: LedSharePartition;
  readonly partition: Partition;
}

/** Of a look at all partitions. */
export interface Sight {
  readonly failed: readonly ShareFetchResult[];
  /** The member must know at once. */
  readonly isUrgent: boolean;
  readonly ready: readonly Ready[];
  /** Those that have nothing to acquire. */
  readonly idle: readonly ShareFetchResult[];
  /** Told when there may be more to acquire. */
  readonly watched: readonly Watchable[];
}

/** When nothing is known of the size of records. */
const TYPICAL_RECORD_BYTES = 1024;
const LEAST_READ_BYTES = 16 * 1024;
/** Sizes differ: to read a bit too much is cheaper than to read twice. */
const MARGIN = 1.25;

export class ShareReading {
  readonly #services: Services;
  readonly #wish: ShareFetchWish;
  /** As they were at the first look: one that could not be loaded is not tried again for the same request. */
  readonly #opened = new Map<SharedPartition, LedSharePartition>();

  constructor(services: Services, wish: ShareFetchWish) {
    this.#services = services;
    this.#wish = wish;
  }

  look(wanted: readonly SharedPartition[]): Sight {
    const failed: ShareFetchResult[] = [];
    const ready: Ready[] = [];
    const idle: ShareFetchResult[] = [];
    let hasMoved = false;
    const watched: Watchable[] = [];
    for (const one of wanted) {
      const partition = this.#partitionOf(one);
      if (!("log" in partition)) {
        failed.push(nothing(one, partition.error));
        continue;
      }
      const led = this.#opened.get(one) ?? this.#services.shares.partitions.open(this.#wish.groupId, partition);
      this.#opened.set(one, led);
      if (led.dropped !== undefined) {
        failed.push(nothing(one, led.dropped.error));
        continue;
      }
      watched.push(led, partition);
      const range = led.fetchRange(this.#wish.maxRecords);
      // Kafka finds it out by reading in vain, and has the member fetch again.
      const hasLogMoved = led.followLogStart();
      hasMoved ||= hasLogMoved;
      if (range === undefined) continue;
      if (hasLogMoved || range.fetchOffset >= partition.readableUntil(this.#wish.isolationLevel)) idle.push(nothing(one, Errors.NONE));
      else ready.push({ wanted: one, led, partition });
    }
    const isUrgent =
      hasMoved || failed.some(({ error }) => isAboutLeaders(error)) || (failed.length === wanted.length && failed.every(isWrong));
    return { failed, isUrgent, ready, idle, watched };
  }

  /** Whether there is as much to read as the member wants at least. */
  hasEnough(ready: readonly Ready[]): boolean | Promise<boolean> {
    if (ready.length === 0) return false;
    const { minBytes, maxBytes } = this.#wish;
    return Math.min(minBytes, maxBytes) <= 1 || this.#measure(ready, Math.min(minBytes, maxBytes));
  }

  async #measure(ready: readonly Ready[], wantedBytes: number): Promise<boolean> {
    let missingBytes = wantedBytes;
    for (const { led, partition } of ready) {
      const offset = led.state?.nextFetchOffset;
      if (offset === undefined) continue;
      try {
        const { sizeBytes, release } = await partition.read({
          ...this.#readOptions(offset),
          maxBytes: missingBytes,
          firstBatchWhole: true,
        });
        release?.();
        missingBytes -= sizeBytes;
      } catch {
        // Whoever reads it to acquire tells.
        return true;
      }
      if (missingBytes <= 0) return true;
    }
    return false;
  }

  /** In order, until the member has as many records, or bytes, as it wants. */
  async acquire(ready: readonly Ready[]): Promise<{ readonly results: readonly ShareFetchResult[]; readonly isShortOfMemory: boolean }> {
    const results: ShareFetchResult[] = [];
    const { maxBytes, context } = this.#wish;
    const mostBytes = Math.floor(maxBytes / Math.max(1, ready.length));
    let leftRecords = this.#wish.maxRecords;
    let roomBytes = this.#services.answerMemory.shareBytes;
    let isShortOfMemory = false;
    for (const one of ready) {
      if (leftRecords <= 0 || context.connection.isClosed) break;
      if (roomBytes <= 0) {
        isShortOfMemory = true;
        break;
      }
      for (let turn = this.#services.readTurns.wait(); turn !== undefined; turn = this.#services.readTurns.wait()) await turn;
      if (!one.led.beginRead()) continue;
      try {
        const result = await this.#acquireOne(one, { maxRecords: leftRecords, maxBytes: Math.min(mostBytes, roomBytes) });
        if (result === undefined) continue;
        results.push(result);
        for (const { firstOffset, lastOffset } of result.ranges) leftRecords -= lastOffset - firstOffset + 1;
        for (const { length } of result.records) roomBytes -= length;
      } finally {
        one.led.endRead();
      }
    }
    return { results, isShortOfMemory };
  }

  #partitionOf({ topicId, partition }: SharedPartition): Partition | Refusal {
    const { cluster, partitions } = this.#services;
    const topic = cluster.image.topicsById.get(topicId);
    if (topic === undefined) return refusal(Errors.UNKNOWN_TOPIC_ID);
    if (!this.#wish.context.access.permits("READ TOPIC", topic.name)) return refusal(Errors.TOPIC_AUTHORIZATION_FAILED);
    if (topic.partitions[partition] === undefined) return refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    return partitions.get(topic.name, partition) ?? refusal(partitions.whyAbsent(topic.name, partition));
  }

  async #acquireOne(
    { wanted, led, partition }: Ready,
    limits: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<ShareFetchResult | undefined> {
    const range = led.followLogStart() ? undefined : led.fetchRange(limits.maxRecords);
    if (range === undefined || range.fetchOffset >= partition.readableUntil(this.#wish.isolationLevel)) return undefined;
    const { memberId, batchSize, mode, isolationLevel, context } = this.#wish;
    const { fetchOffset } = range;
    const reads: LogRead[] = [];
    const release = (): void => {
      for (const read of reads) read.release?.();
    };
    const log = new LogBatches();
    try {
      await this.#read(led, partition, { range, maxBytes: limits.maxBytes, log, reads });
      const isCommitted = isolationLevel === "read_committed";
      const aborted = isCommitted && !log.isEmpty ? await partition.abortedTransactions(fetchOffset, log.nextOffset) : [];
      // What nobody can be told of is not to be locked.
      const isGone = context.connection.isClosed;
      const acquired = isGone ? [] : led.acquire({ memberId, fetchOffset, log, maxRecords: limits.maxRecords, batchSize, mode });
      const ranges = led.archiveAborted(acquired, abortedBatches(log.records, aborted));
      const [first, last] = [ranges[0], ranges.at(-1)];
      if (first === undefined || last === undefined) {
        release();
        context.connection.reserve(-log.sizeBytes);
        return nothing(wanted, Errors.NONE);
      }
      const records = log.slice(first.firstOffset, last.lastOffset);
      partition.traffic.fetchRequests++;
      for (const { length } of records) partition.traffic.bytesOut += length;
      return { wanted, error: Errors.NONE, records, ranges, release };
    } catch (error) {
      release();
      context.connection.reserve(-log.sizeBytes);
      return nothing(wanted, storageFault(this.#services, partition, error, "could not read a partition"));
    }
  }

  /** Until there are records for all offsets of the range, or no more may be read. */
  async #read(led: LedSharePartition, partition: Partition, { range, maxBytes, log, reads }: Reading): Promise<void> {
    const { connection } = this.#wish.context;
    const untilOffset = Math.min(range.untilOffset, partition.readableUntil(this.#wish.isolationLevel));
    for (let offset = range.fetchOffset; offset < untilOffset; ) {
      const wantedBytes = LEAST_READ_BYTES + (untilOffset - offset) * (led.bytesPerRecord || TYPICAL_RECORD_BYTES) * MARGIN;
      const leftBytes = maxBytes - log.sizeBytes;
      if (leftBytes <= 0 && !log.isEmpty) break;
      const read = await partition.read({
        ...this.#readOptions(offset),
        maxBytes: Math.min(Math.ceil(wantedBytes), leftBytes),
        firstBatchWhole: log.isEmpty && !this.#services.answerMemory.isShort,
      });
      reads.push(read);
      if (read.sizeBytes === 0) break;
      connection.reserve(read.sizeBytes);
      this.#services.readTurns.took(read.sizeBytes);
      log.add(read.records);
      offset = read.nextOffset;
    }
    if (!log.isEmpty) led.bytesPerRecord = log.sizeBytes / (log.nextOffset - log.firstOffset);
  }

  #readOptions(offset: number) {
    return { offset, isolationLevel: this.#wish.isolationLevel, willRelease: true };
  }
}

interface Reading {
  readonly range: { readonly fetchOffset: number; readonly untilOffset: number };
  readonly maxBytes: number;
  readonly log: LogBatches;
  readonly reads: LogRead[];
}

/** What was asked for is wrong, now and later. */
function isWrong({ error }: ShareFetchResult): boolean {
  switch (error) {
    case Errors.UNKNOWN_TOPIC_ID:
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.TOPIC_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

export function nothing(wanted: SharedPartition, error: ErrorCode): ShareFetchResult {
  return { wanted, error, records: [], ranges: [] };
}
