// The cleaner of a data folder: compacts the logs that need it, one at a time, the dirtiest first, in slices between which appends and
// reads go on. A log that cannot be compacted because it is damaged is left alone until the next start; where the disk refuses, it is tried
// again some time later.

import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { Logger } from "../base/logger.ts";
import { type CompactionPlan, planCompaction } from "../storage/compaction/compaction-plan.ts";
import { Pace } from "../storage/compaction/pace.ts";
import type { CompactionLimits } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { topicPartitionName } from "../storage/topic-partition.ts";
import { Compaction, CompactionAbandoned } from "./compaction.ts";
import type { LogResources } from "./log-options.ts";
import type { OffsetCheckpoints } from "./offset-checkpoints.ts";
import type { SegmentedLog } from "./segmented-log.ts";

/** For a disk that refuses to come to its senses. */
const RETRY_MS = 60_000;

export interface LogCleanerOptions {
  readonly resources: LogResources;
  readonly checkpoints: OffsetCheckpoints;
  readonly logs: () => Iterable<SegmentedLog>;
}

interface Candidate {
  readonly log: SegmentedLog;
  readonly plan: CompactionPlan;
}

export class LogCleaner {
  readonly #resources: LogResources;
  readonly #logger: Logger;
  readonly #checkpoints: OffsetCheckpoints;
  readonly #logs: () => Iterable<SegmentedLog>;
  /** Until when they are left alone. */
  readonly #uncleanable = new WeakMap<SegmentedLog, number>();
  #running: { readonly log: SegmentedLog; readonly pace: Pace; readonly done: Promise<boolean> } | undefined;
  #isStopped = false;

  constructor({ resources, checkpoints, logs }: LogCleanerOptions) {
    this.#resources = resources;
    this.#logger = resources.logger;
    this.#checkpoints = checkpoints;
    this.#logs = logs;
  }

  /** Compacts the dirtiest log that is due; `false` when none is, or one is being compacted already. Never rejects. */
  async clean(limits: CompactionLimits): Promise<boolean> {
    if (this.#running !== undefined || this.#isStopped) return false;
    const dirtiest = this.#dirtiest();
    if (dirtiest === undefined) return false;
    const pace = new Pace(this.#resources.clock, limits.ioBytesPerSecond);
    const running = { log: dirtiest.log, pace, done: this.#compact(dirtiest, limits, pace) };
    this.#running = running;
    const isDone = await running.done;
    this.#running = undefined;
    return isDone;
  }

  /** What is being compacted stays as it was. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#running?.pace.stop();
    await this.#running?.done;
  }

  /** A log that was closed while it was compacted is left as it was. */
  async leaveClosedLogs(): Promise<void> {
    if (this.#running?.log.isClosed !== true) return;
    this.#running.pace.stop();
    await this.#running.done;
  }

  #dirtiest(): Candidate | undefined {
    let dirtiest: Candidate | undefined;
    for (const log of this.#logs()) {
      const plan = this.#planOf(log);
      if (plan?.isDue === true && plan.dirtyRatio > (dirtiest?.plan.dirtyRatio ?? -1)) dirtiest = { log, plan };
    }
    return dirtiest;
  }

  #planOf(log: SegmentedLog): CompactionPlan | undefined {
    const { segments, settings } = log;
    const isCandidate = segments.length > 1 && settings["cleanup.policy"].includes("compact") && !log.isClosed && log.isIntact;
    if (!isCandidate || (this.#uncleanable.get(log) ?? 0) > this.#resources.clock.now()) return undefined;
    try {
      return this.#tryToPlan(log);
    } catch (error) {
      this.#giveUp(log, error);
      return undefined;
    }
  }

  #tryToPlan(log: SegmentedLog): CompactionPlan {
    return planCompaction({
      segments: log.segments,
      settings: log.settings,
      logStartOffset: log.logStartOffset,
      logEndOffset: log.logEndOffset,
      lastStableOffset: Math.min(log.durableOffset, log.firstUnstableOffset),
      compactedUntil: this.#checkpoints.compactedUntil(topicPartitionName(log.topicPartition)),
      nowMs: this.#resources.clock.now(),
    });
  }

  async #compact({ log, plan }: Candidate, limits: CompactionLimits, pace: Pace): Promise<boolean> {
    const partition = topicPartitionName(log.topicPartition);
    const { clock } = this.#resources;
    const startMs = clock.now();
    const { logStartOffset } = log;
    try {
      const result = await new Compaction({ log, plan, limits, resources: this.#resources, pace }).run();
      if (!log.isClosed) this.#checkpoints.noteCompacted(partition, result.compactedUntil);
      this.#logger.info({ partition, ...result, durationMs: clock.now() - startMs }, "compacted a log");
      return true;
    } catch (error) {
      // Segments that are deleted meanwhile cannot be read: that is no fault of the log.
      const isChanged = log.isClosed || log.logStartOffset !== logStartOffset;
      if (error instanceof CompactionAbandoned || isChanged || this.#isStopped) return false;
      this.#giveUp(log, error);
      return true;
    }
  }

  #giveUp(log: SegmentedLog, error: unknown): void {
    const partition = topicPartitionName(log.topicPartition);
    const isDamaged = error instanceof MalformedMessage || (error instanceof StorageError && error.code === "SEGMENT_CORRUPT");
    const facts = error instanceof StorageError ? error.facts : {};
    this.#uncleanable.set(log, isDamaged ? Number.POSITIVE_INFINITY : this.#resources.clock.now() + RETRY_MS);
    this.#logger.error({ err: error, partition, isDamaged, ...facts }, "could not compact a log; it is left as it is");
  }
}
