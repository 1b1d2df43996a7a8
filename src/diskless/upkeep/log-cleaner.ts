// The cleaner of the logs that a broker leads: compacts those that need it, one at a time, the dirtiest first. Looking at a log means to read its
// rows, so one that has hardly changed is not looked at again at once, unless its settings have. A log that cannot be compacted because it is
// damaged is left alone for as long as this broker leads it; where the store or the database fails, it is tried again some time later.

import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { type ObjectStore, ObjectStoreError } from "../../base/object-store.ts";
import type { TopicSettings } from "../../config/topic-settings.ts";
import { type CompactionPlan, planCompaction } from "../../storage/compaction/compaction-plan.ts";
import { Pace } from "../../storage/compaction/pace.ts";
import { largestSegmentBytes, longestSegmentMs } from "../../storage/segment-limits.ts";
import type { CompactionLimits } from "../../storage/storage-engine.ts";
import type { Catalog, Segment } from "../catalog.ts";
import { type CompactableLog, CompactionAbandoned, LogCompaction } from "./log-compaction.ts";
import { compactedUntilOf, plannedRows } from "./planned-rows.ts";
import type { SegmentReplacer } from "./segment-replacer.ts";

export interface DisklessCleanerOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly replacer: SegmentReplacer;
  readonly logs: () => Iterable<CompactableLog>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Candidate {
  readonly log: CompactableLog;
  readonly plan: CompactionPlan;
  readonly rows: readonly Segment[];
}

/** Of the last look at a log. */
interface Look {
  readonly atMs: number;
  readonly sizeBytes: number;
  readonly settings: TopicSettings;
}

const RETRY_MS = 60_000;
const LONGEST_LOOK_INTERVAL_MS = 10 * 60_000;
const PAGE_ROWS = 1000;

export class DisklessCleaner {
  readonly #options: DisklessCleanerOptions;
  /** Until when they are left alone. */
  readonly #uncleanable = new WeakMap<CompactableLog, number>();
  readonly #looks = new WeakMap<CompactableLog, Look>();
  #running: Pace | undefined;
  #isStopped = false;

  constructor(options: DisklessCleanerOptions) {
    this.#options = options;
  }

  /** Compacts the dirtiest log that is due; `false` when none is, or one is being compacted already. Never rejects. */
  async clean(limits: CompactionLimits): Promise<boolean> {
    if (this.#running !== undefined || this.#isStopped) return false;
    const pace = new Pace(this.#options.clock, limits.ioBytesPerSecond);
    this.#running = pace;
    const isDone = await this.#clean(limits, pace);
    this.#running = undefined;
    return isDone;
  }

  /** What is being compacted ends by itself, where it is: nobody needs to wait for it. */
  stop(): void {
    this.#isStopped = true;
    this.#running?.stop();
  }

  async #clean(limits: CompactionLimits, pace: Pace): Promise<boolean> {
    const dirtiest = await this.#dirtiest();
    return dirtiest !== undefined && !this.#isStopped && (await this.#compact(dirtiest, limits, pace));
  }

  async #dirtiest(): Promise<Candidate | undefined> {
    let dirtiest: Candidate | undefined;
    for (const log of [...this.#options.logs()]) {
      if (this.#isStopped) return undefined;
      const candidate = await this.#look(log);
      if (candidate?.plan.isDue !== true) continue;
      // What is due is looked at again until it was compacted.
      this.#looks.delete(log);
      if (candidate.plan.dirtyRatio > (dirtiest?.plan.dirtyRatio ?? -1)) dirtiest = candidate;
    }
    return dirtiest;
  }

  async #look(log: CompactableLog): Promise<Candidate | undefined> {
    const nowMs = this.#options.clock.now();
    const isCandidate = log.settings["cleanup.policy"].includes("compact") && log.isWritten;
    if (!isCandidate || (this.#uncleanable.get(log) ?? 0) > nowMs || !this.#isTimeToLook(log, nowMs)) return undefined;
    this.#looks.set(log, { atMs: nowMs, sizeBytes: log.sizeBytes, settings: log.settings });
    try {
      const rows = await this.#rowsOf(log);
      return { log, rows, plan: planOf(log, rows, nowMs) };
    } catch (error) {
      this.#giveUp(log, error);
      return undefined;
    }
  }

  #isTimeToLook(log: CompactableLog, nowMs: number): boolean {
    const last = this.#looks.get(log);
    if (last?.settings !== log.settings || nowMs - last.atMs >= lookIntervalMs(log.settings)) return true;
    return Math.abs(log.sizeBytes - last.sizeBytes) >= largestSegmentBytes(log.settings) / 2;
  }

  async #rowsOf(log: CompactableLog): Promise<readonly Segment[]> {
    const rows: Segment[] = [];
    let page: readonly Segment[];
    do {
      page = await this.#options.catalog.segments(log.logId, rows.at(-1)?.endOffset ?? log.logStartOffset, PAGE_ROWS);
      rows.push(...page);
    } while (page.length === PAGE_ROWS);
    return rows;
  }

  async #compact({ log, plan, rows }: Candidate, limits: CompactionLimits, pace: Pace): Promise<boolean> {
    const { catalog, store, replacer, clock, logger } = this.#options;
    const startMs = clock.now();
    const { name: partition, logStartOffset } = log;
    try {
      const ranges = await catalog.abortedRanges(log.logId, logStartOffset);
      const aborted = ranges.filter(({ firstOffset }) => firstOffset < plan.firstUncleanableOffset);
      const result = await new LogCompaction({ log, plan, rows, aborted, limits, store, replacer, pace, nowMs: startMs }).run();
      logger.info({ partition, ...result, durationMs: clock.now() - startMs }, "compacted a log");
      return true;
    } catch (error) {
      if (this.#isStopped || !log.isWritten) return false;
      // Its rows were others by then, for so long that what they had named is gone.
      const isGone = error instanceof ObjectStoreError && error.code === "NOT_FOUND";
      if (isGone) logger.warn({ err: error, partition }, "an object is gone that a log was compacted from; it is looked at again");
      if (error instanceof CompactionAbandoned || isGone) this.#uncleanable.set(log, clock.now() + RETRY_MS);
      else this.#giveUp(log, error);
      return true;
    }
  }

  #giveUp(log: CompactableLog, error: unknown): void {
    const { clock, logger } = this.#options;
    const isDamaged = error instanceof MalformedMessage;
    this.#uncleanable.set(log, isDamaged ? Number.POSITIVE_INFINITY : clock.now() + RETRY_MS);
    logger.error({ err: error, partition: log.name, isDamaged }, "could not compact a log; it is left as it is");
  }
}

function planOf(log: CompactableLog, rows: readonly Segment[], nowMs: number): CompactionPlan {
  return planCompaction({
    segments: plannedRows(rows, log.settings),
    settings: log.settings,
    logStartOffset: log.logStartOffset,
    logEndOffset: log.logEndOffset,
    lastStableOffset: Math.min(log.durableOffset, log.firstUnstableOffset),
    compactedUntil: compactedUntilOf(rows),
    nowMs,
  });
}

function lookIntervalMs(settings: TopicSettings): number {
  const lagMs = settings["min.compaction.lag.ms"];
  return Math.min(LONGEST_LOOK_INTERVAL_MS, longestSegmentMs(settings), lagMs > 0 ? lagMs : LONGEST_LOOK_INTERVAL_MS);
}
