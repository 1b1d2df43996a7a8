// Puts what lies scattered together. Appended objects are small and hold a little of many logs; a job takes some of them whole, once each, and
// writes one large object in which all that is of a log lies together. Of those several are put together again, log by log, until what is of
// a log is worth an object. So each record is written anew a few times, and the rows of a log become few.
//
//   level 0   as it was appended
//   1, 2      put together from 16 of the level below, or so
//   3         not again: also what is large enough before
//
// What is under way is bounded: the appended objects that are taken at a time are as large as the object that is made of them; of larger ones
// only segments are read, and written as soon as they fill an object. Where something is not as it was when it is to be replaced, that log
// is left as it is.

import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import { assert } from "../../base/assert.ts";
import type { Clock } from "../../base/clock.ts";
import { FailureLog } from "../../base/failure-log.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectStore } from "../../base/object-store.ts";
import { Pace } from "../../storage/compaction/pace.ts";
import type { Segment, StoredObject } from "../catalog.ts";
import { checkedBatches } from "../checked-batches.ts";
import { RewrittenBatches } from "./rewritten-batches.ts";
import type { RewrittenSegment, SegmentReplacer } from "./segment-replacer.ts";
import { readSegment, segmentIn } from "./segment-source.ts";
import type { LogSegment, UpkeepCatalog } from "./upkeep-catalog.ts";
import { UpkeepStopped } from "./upkeep-stopped.ts";

export interface MergeLimits {
  /** What an object should have. */
  readonly objectBytes: number;
  /** Segments of this size are not put together with others any more. */
  readonly segmentBytes: number;
  /** Objects that become one, above level 0. */
  readonly objectsAtOnce: number;
  /** How long the oldest appended object waits for others. */
  readonly waitMs: number;
  readonly inlineRows: number;
  readonly inlineBytes: number;
  /** Read and written together. */
  readonly bytesPerSecond: number;
}

export const MERGE_LIMITS: MergeLimits = {
  objectBytes: 64 * 1024 * 1024,
  segmentBytes: 8 * 1024 * 1024,
  objectsAtOnce: 16,
  waitMs: 10 * 60_000,
  inlineRows: 1000,
  inlineBytes: 1024 * 1024,
  bytesPerSecond: 128 * 1024 * 1024,
};

export interface MergerOptions {
  readonly catalog: UpkeepCatalog;
  readonly store: ObjectStore;
  readonly replacer: SegmentReplacer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<MergeLimits>;
}

const TOP_LEVEL = 3;
const MOST_APPENDED_OBJECTS = 1000;
const INLINE_ROWS_AT_ONCE = 5000;
/** Longer than a round should take. Whoever takes the same afterwards does it once more, and one of the two in vain. */
const TAKEN_MS = 30 * 60_000;
const GETS_AT_ONCE = 4;
const INLINE_JOB = "rows into objects";

/** Neighbouring segments of a log that may become one. */
type Run = readonly LogSegment[];

type SourceOf = (segment: Segment) => Buffer | Promise<Buffer>;

export class Merger {
  readonly #options: MergerOptions;
  readonly #limits: MergeLimits;
  readonly #pace: Pace;
  readonly #failures: FailureLog;

  constructor(options: MergerOptions) {
    this.#options = options;
    this.#limits = { ...MERGE_LIMITS, ...options.limits };
    this.#pace = new Pace(options.clock, this.#limits.bytesPerSecond);
    this.#failures = new FailureLog(options.logger);
  }

  /** One round; `false` when there was nothing to do. Rejects with ObjectStoreError and StorageError: what was not done is left for another round. */
  async merge(): Promise<boolean> {
    if (await this.#mergeInline()) return true;
    for (let level = 0; level < TOP_LEVEL; level++) if (await this.#mergeLevel(level)) return true;
    return false;
  }

  /** What is under way ends where it is. */
  stop(): void {
    this.#pace.stop();
  }

  async #mergeInline(): Promise<boolean> {
    const { catalog, store } = this.#options;
    const { inlineRows: mostRows, inlineBytes: mostBytes } = this.#limits;
    if (!(await catalog.takeJob(INLINE_JOB, TAKEN_MS))) return false;
    try {
      const segments = await catalog.inlineSegments({ mostRows, mostBytes, limit: INLINE_ROWS_AT_ONCE });
      return await this.#rewrite(segments, { level: 0, source: (segment) => readSegment(store, segment) });
    } finally {
      await catalog.endJob(INLINE_JOB);
    }
  }

  async #mergeLevel(level: number): Promise<boolean> {
    const { catalog, store } = this.#options;
    const { objectBytes, objectsAtOnce, waitMs } = this.#limits;
    const isAppended = level === 0;
    const { objects, segments } = await catalog.takeSmallObjects({
      level,
      mostBytes: isAppended ? objectBytes : Number.MAX_SAFE_INTEGER,
      mostObjects: isAppended ? MOST_APPENDED_OBJECTS : objectsAtOnce,
      waitMs: isAppended ? waitMs : Number.MAX_SAFE_INTEGER,
      ttlMs: TAKEN_MS,
    });
    if (objects.length === 0) return false;
    const whole = isAppended ? await this.#readObjects(objects) : undefined;
    const source: SourceOf = (segment) => {
      const object = segment.place.kind === "object" ? whole?.get(segment.place.object.id) : undefined;
      return object === undefined ? readSegment(store, segment) : segmentIn(object, segment);
    };
    await this.#rewrite(segments, { level: level + 1, source });
    await catalog.markUnnamed(objects.map(({ id }) => id));
    return true;
  }

  async #readObjects(objects: readonly StoredObject[]): Promise<ReadonlyMap<number, Buffer>> {
    const found = new Map<number, Buffer>();
    for (let from = 0; from < objects.length; from += GETS_AT_ONCE) {
      const some = objects.slice(from, from + GETS_AT_ONCE);
      const bodies = await Promise.all(some.map(({ key }) => this.#options.store.get(key)));
      for (const [index, { id }] of some.entries()) found.set(id, bodies[index] ?? NOTHING);
      await this.#worked(some.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    }
    return found;
  }

  /** Log by log, into objects of the size that they should have; whether anything was replaced. */
  async #rewrite(
    segments: readonly LogSegment[],
    { level, source }: { readonly level: number; readonly source: SourceOf },
  ): Promise<boolean> {
    const { objectBytes, segmentBytes } = this.#limits;
    let isAnyDone = false;
    for (const runs of objectsOf(runsOf(segments), objectBytes)) {
      const rewritten: RewrittenSegment[] = [];
      for (const run of runs) {
        const segment = await this.#tryToRewrite(run, source);
        if (segment !== undefined) rewritten.push(segment);
      }
      if (rewritten.length === 0) continue;
      const sizeBytes = rewritten.reduce((sum, { batches }) => sum + batches.sizeBytes, 0);
      const isLarge = level > 0 && sizeBytes / rewritten.length >= segmentBytes;
      const areDone = await this.#options.replacer.replace(rewritten, isLarge ? TOP_LEVEL : level);
      isAnyDone ||= areDone.includes(true);
      await this.#worked(sizeBytes);
    }
    return isAnyDone;
  }

  /** `undefined` when it is damaged: it stays where it is. */
  async #tryToRewrite(run: Run, source: SourceOf): Promise<RewrittenSegment | undefined> {
    const [first] = run;
    assert(first !== undefined, "a run has segments");
    const { logId, topicId, partition } = first;
    const subject = `log ${logId} of topic ${topicId}`;
    const batches = new RewrittenBatches(first.segment.baseOffset);
    try {
      for (const { segment } of run) {
        for (const batch of checkedBatches(await source(segment), segment)) {
          batches.add(batch);
          await this.#worked(batch.sizeBytes);
        }
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#failures.failed(subject, error, "could not put segments of a log together; they stay as they are");
      return undefined;
    }
    this.#failures.worked(subject);
    batches.end();
    const { compactedUntil } = first.segment;
    return { logId, topicId, partition, old: run.map(({ segment }) => segment), batches, compactedUntil, endedAbortedRanges: [] };
  }

  async #worked(sizeBytes: number): Promise<void> {
    if (this.#pace.worked(sizeBytes)) await this.#pace.pause();
    if (this.#pace.isStopped) throw new UpkeepStopped();
  }
}

/** By log and offset. A run ends where others lie between, and where compaction has come further. */
function runsOf(segments: readonly LogSegment[]): Run[] {
  const runs: LogSegment[][] = [];
  let last: LogSegment | undefined;
  for (const each of segments) {
    const isNext =
      last?.logId === each.logId &&
      last.segment.endOffset === each.segment.baseOffset &&
      last.segment.compactedUntil === each.segment.compactedUntil;
    if (isNext) runs.at(-1)?.push(each);
    else runs.push([each]);
    last = each;
  }
  return runs;
}

/** Runs, or parts of them, that fill an object; a segment that is larger has one of its own. */
function objectsOf(runs: readonly Run[], objectBytes: number): Run[][] {
  const objects: Run[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  for (const run of runs) {
    let part: LogSegment[] | undefined;
    for (const each of run) {
      if (sizeBytes + each.segment.sizeBytes > objectBytes) {
        objects.push([]);
        sizeBytes = 0;
        part = undefined;
      }
      if (part === undefined) {
        part = [];
        objects.at(-1)?.push(part);
      }
      part.push(each);
      sizeBytes += each.segment.sizeBytes;
    }
  }
  return objects;
}

const NOTHING = Buffer.alloc(0);
