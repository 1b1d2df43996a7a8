// Opens the segments of a log. After a clean stop the files are trusted, but for a look at the last batches. Otherwise everything from
// the recovery point on, up to which the disk is known to have it, is read and checked: at the first batch that is cut off, damaged or
// out of order the log ends, and what follows is removed, unless it is a message that an old Kafka has written. Indexes are completed on the way. What is not read is asked for its leader epochs
// where their file is lost (lost-epochs.ts); that neither trusts less nor removes anything.

import { isDeepStrictEqual } from "node:util";
import { isCrcValid } from "../../protocol/records/message-set.ts";
import { LARGEST_ITEM_BYTES, messageSizeAt } from "../../protocol/records/whole-items.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { LeaderEpochs } from "../storage/leader-epochs.ts";
import { StorageError } from "../storage/storage-error.ts";
import { isOldFormat } from "../storage/up-conversion.ts";
import { AbortedCheckpoint } from "./aborted-checkpoint.ts";
import type { FileRange } from "./batch-scan.ts";
import { readLeaderEpochs } from "./checkpoint-file.ts";
import type { LazyFile } from "./file-handles.ts";
import {
  LEADER_EPOCH_FILE,
  LEFTOVER_SUFFIXES,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  offsetInFileName,
  SEGMENT_SUFFIXES,
  SNAPSHOT_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from "./file-names.ts";
import { noteLostEpochs } from "./lost-epochs.ts";
import type { IndexedBatch } from "./offset-index.ts";
import { closingOnFailure, emptySegment, rangeOf, Segment, type SegmentResources } from "./segment.ts";
import { MAX_RELATIVE_OFFSET } from "./segment-roll.ts";
import { TransactionIndex } from "./transaction-index.ts";
import { completeSwaps } from "./unfinished-swap.ts";
import { sayDamage, wholeBatchesIn } from "./whole-batches.ts";

/** Up to its magic. */
const OLD_MESSAGE_HEAD_BYTES = 17;

export interface RecoveryOptions {
  readonly directory: string;
  readonly resources: SegmentResources;
  readonly logger: Logger;
  readonly indexIntervalBytes: number;
  readonly nowMs: number;
  /** There are no files of it. */
  readonly isNew: boolean;
  /** Nothing changed since the files were completed. */
  readonly isClean: boolean;
  /** Where a clean log ended; 0 when that is not known. */
  readonly endedAt: number;
  /** Everything below it is on the disk. */
  readonly recoveryPoint: number;
  /** As checkpointed; 0 unless records were deleted. */
  readonly logStartOffset: number;
  /** The checkpoint cannot be read, or may not be right. */
  readonly doubtsLogStart: boolean;
  /** As checkpointed: there were records up to it. */
  readonly leastEndOffset: number;
  /** Keeps what is in the directory under another name, which is given, and makes it anew. */
  readonly setAside: () => string;
}

export interface RecoveredLog {
  /** At least one. */
  readonly segments: Segment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** The same, but where offsets were kept of records that are lost: then where these begin. */
  readonly intactUntil: number;
  readonly leaderEpochs: LeaderEpochs;
  /** Their file has the same. */
  readonly areEpochsStored: boolean;
  /** What batches say of transactions is to be read from here on at the latest. */
  readonly replayedFrom: number;
  readonly abortedCheckpoint: AbortedCheckpoint;
  /** Offsets of the producer snapshots, ascending. */
  readonly snapshotOffsets: readonly number[];
}

interface EpochNotes {
  readonly leaderEpochs: LeaderEpochs;
  /** Told, in order, of the part of each segment that is trusted. */
  readonly notRead: (segment: Segment, endPosition: number) => void;
}

const START_OF_FILE: IndexedBatch = { lastOffset: -1, position: 0 };

export function recoverLog(options: RecoveryOptions): RecoveredLog {
  const { directory, resources } = options;
  let names = options.isNew ? [] : removeLeftovers(options);
  const abortedCheckpoint = new AbortedCheckpoint(resources.filesystem, directory, options.logger);
  const replayedFrom = removeDamagedIndexes(options, names, abortedCheckpoint);
  const found = findSegments(options, names);
  const epochsPath = `${directory}/${LEADER_EPOCH_FILE}`;
  const storedEpochs = options.isNew ? [] : readLeaderEpochs(resources.filesystem, epochsPath, options.logger);
  const leaderEpochs = new LeaderEpochs(storedEpochs ?? []);
  const epochs: EpochNotes = {
    leaderEpochs,
    notRead: (segment, endPosition) => {
      if (storedEpochs === undefined) noteLostEpochs(segment, endPosition, leaderEpochs, options.logger);
    },
  };
  const startOffset = logStartOf(options, storedEpochs?.[0]?.startOffset, found[0]?.baseOffset ?? 0);
  const recovered = closingOnFailure(found, () => recoverSegments(options, found, epochs));
  let { segments, logEndOffset } = options.isNew ? recovered : keepLostOffsets(options, recovered);
  const intactUntil = Math.min(recovered.logEndOffset, logEndOffset);
  const logStartOffset = Math.max(startOffset, segments[0]?.baseOffset ?? 0);
  if (logEndOffset < logStartOffset || segments.length === 0) {
    if (segments.length > 0) names = leaveSegments(options, segments, { logStartOffset, logEndOffset });
    segments = [newSegment(options, logStartOffset)];
    if (logStartOffset > 0) segments[0]?.file.use();
    logEndOffset = logStartOffset;
  }
  leaderEpochs.truncateFromEnd(logEndOffset);
  leaderEpochs.truncateFromStart(logStartOffset);
  const snapshotOffsets = offsetsOf(names, SNAPSHOT_SUFFIX);
  const areEpochsStored = isDeepStrictEqual(leaderEpochs.entries, storedEpochs ?? []);
  return {
    segments,
    logStartOffset,
    logEndOffset,
    intactUntil,
    leaderEpochs,
    areEpochsStored,
    replayedFrom,
    abortedCheckpoint,
    snapshotOffsets,
  };
}

/**
 * Where the log starts, by its checkpoint, or where that is damaged by its first leader epoch, which starts there, too. After a stop in order both are
 * the same: if they are not, nothing is taken for deleted that one of them knows.
 */
function logStartOf(
  { logStartOffset: checkpointed, doubtsLogStart, isClean, directory, logger }: RecoveryOptions,
  firstEpochStart: number | undefined,
  first: number,
): number {
  const byEpochs = Math.max(firstEpochStart ?? 0, first);
  const isBeyond = isClean && firstEpochStart !== undefined && checkpointed > byEpochs;
  const isLost = doubtsLogStart && byEpochs > Math.max(checkpointed, first);
  if (!isBeyond && !isLost) return checkpointed;
  logger.warn(
    { directory, checkpointed, logStartOffset: byEpochs },
    "the checkpoint of where a log starts is wrong or lost; its leader epochs count",
  );
  return byEpochs;
}

/** Where records are lost at the end of a log, their offsets are not given again: others have noted them. */
function keepLostOffsets(options: RecoveryOptions, { segments, logEndOffset }: RecoveredSegments): RecoveredSegments {
  const { leastEndOffset, logger, directory } = options;
  if (logEndOffset >= leastEndOffset) return { segments, logEndOffset };
  const last = segments.at(-1);
  const facts = { path: last?.file.path ?? directory, positionBytes: last?.sizeBytes ?? 0, logEndOffset, leastEndOffset };
  logger.error(facts, "records are lost at the end of a log; their offsets are not given again");
  if (last?.sizeBytes === 0) removeSegment(options.resources.filesystem, last);
  else last?.settleNow();
  const next = newSegment(options, leastEndOffset);
  next.file.use();
  return { segments: [...segments.filter(({ sizeBytes }) => sizeBytes > 0), next], logEndOffset: leastEndOffset };
}

/** What a crash may have left half done; gives the names that stay. Index files without their segment go, too. */
function removeLeftovers({ resources: { filesystem }, directory, logger, logStartOffset }: RecoveryOptions): readonly string[] {
  const names = completeSwaps(filesystem, directory, logger);
  const isLeftover = (name: string) =>
    LEFTOVER_SUFFIXES.some((suffix) => name.endsWith(suffix)) ||
    SEGMENT_SUFFIXES.some((suffix) => {
      const baseOffset = suffix === LOG_SUFFIX ? undefined : offsetInFileName(name, suffix);
      return baseOffset !== undefined && !names.includes(name.replace(suffix, LOG_SUFFIX));
    });
  const leftovers = names.filter(isLeftover);
  for (const log of missingSegments(names, logStartOffset)) logger.error({ path: `${directory}/${log}` }, "a segment is missing");
  for (const name of leftovers) filesystem.remove(`${directory}/${name}`);
  return leftovers.length === 0 ? names : names.filter((name) => !leftovers.includes(name));
}

/** Of which there is an index, though nobody set them aside, and the log starts before they end. */
function missingSegments(names: readonly string[], logStartOffset: number): readonly string[] {
  const baseOffsets = [...new Set(SEGMENT_SUFFIXES.flatMap((suffix) => offsetsOf(names, suffix)))];
  const isWanted = (baseOffset: number) => !baseOffsets.some((next) => next > baseOffset && next <= logStartOffset);
  const logs = baseOffsets.filter(isWanted).map((baseOffset) => offsetFileName(baseOffset, LOG_SUFFIX));
  return logs.filter((log) => !names.some((name) => name.startsWith(log)));
}

function offsetsOf(names: readonly string[], suffix: string): number[] {
  return names.map((name) => offsetInFileName(name, suffix)).filter((offset) => offset !== undefined);
}

/**
 * Indexes of aborted transactions that are missing, or say what cannot be so, or something else than was noted of them: they are made anew from
 * where the first of their segments begins, which is given.
 */
function removeDamagedIndexes(
  { directory, resources: { filesystem }, logger }: RecoveryOptions,
  names: readonly string[],
  noted: AbortedCheckpoint,
): number {
  const baseOffsets = offsetsOf(names, LOG_SUFFIX);
  const indexed = new Set([...offsetsOf(names, TRANSACTION_INDEX_SUFFIX), ...noted.baseOffsets]);
  const damaged = baseOffsets.filter((baseOffset, place) => {
    if (!indexed.has(baseOffset)) return false;
    const path = `${directory}/${offsetFileName(baseOffset, TRANSACTION_INDEX_SUFFIX)}`;
    const index = new TransactionIndex(filesystem, path);
    const positionBytes =
      index.damagedAt(baseOffset, baseOffsets[place + 1] ?? Number.MAX_SAFE_INTEGER) ?? noted.differsAt(baseOffset, index);
    noted.note(baseOffset, index.summary());
    if (positionBytes === undefined) return false;
    logger.warn({ path, positionBytes }, "an index of aborted transactions is damaged or missing, and is made anew");
    filesystem.replaceFileUnsynced(path, "");
    return true;
  });
  return damaged[0] ?? Number.MAX_SAFE_INTEGER;
}

function findSegments(options: RecoveryOptions, names: readonly string[]): Segment[] {
  const { directory, resources, indexIntervalBytes, nowMs } = options;
  const withTransactions = new Set(offsetsOf(names, TRANSACTION_INDEX_SUFFIX));
  return offsetsOf(names, LOG_SUFFIX).map((baseOffset) => {
    const state = { baseOffset, sizeBytes: 0, createdMs: nowMs, hasTransactionIndex: withTransactions.has(baseOffset), indexIntervalBytes };
    const { path } = new Segment(directory, resources, state).file;
    return new Segment(directory, resources, { ...state, sizeBytes: resources.filesystem.stat(path)?.sizeBytes ?? 0 });
  });
}

function newSegment({ directory, resources, indexIntervalBytes, nowMs }: RecoveryOptions, baseOffset: number): Segment {
  return emptySegment(directory, resources, { baseOffset, createdMs: nowMs, indexIntervalBytes });
}

function removeSegment(filesystem: Filesystem, segment: Segment): void {
  segment.close();
  for (const suffix of SEGMENT_SUFFIXES) filesystem.remove(segment.path(suffix));
}

/**
 * The log starts after its end: what deleted the records below the start reached the disk, and what was appended meanwhile did not, or the
 * start is wrong. In neither case may offsets be given again, nor records be deleted that someone may miss. Gives the names that are left.
 */
function leaveSegments(
  { directory, setAside, logger, resources: { filesystem } }: RecoveryOptions,
  segments: readonly Segment[],
  offsets: { readonly logStartOffset: number; readonly logEndOffset: number },
): readonly string[] {
  const isEmpty = segments.every(({ sizeBytes }) => sizeBytes === 0);
  for (const segment of segments) {
    if (isEmpty) removeSegment(filesystem, segment);
    else segment.close();
  }
  if (!isEmpty) logger.warn({ directory, ...offsets, aside: setAside() }, "a log starts after its end; set its records aside");
  return filesystem.list(directory);
}

interface RecoveredSegments {
  readonly segments: Segment[];
  readonly logEndOffset: number;
}

function recoverSegments(options: RecoveryOptions, found: readonly Segment[], epochs: EpochNotes): RecoveredSegments {
  const segments: Segment[] = [];
  let logEndOffset = options.logStartOffset;
  for (const [index, segment] of found.entries()) {
    const next = found[index + 1];
    const isTrusted = next !== undefined && (options.isClean || next.baseOffset <= options.recoveryPoint);
    if (isTrusted && segment.sizeBytes === 0) {
      // Compaction may leave nothing of it, nor of its index.
      if ((options.resources.filesystem.stat(segment.path(TIME_INDEX_SUFFIX))?.sizeBytes ?? 0) > 0)
        options.logger.error({ path: segment.file.path, positionBytes: 0 }, "a segment is empty that had records");
      removeSegment(options.resources.filesystem, segment);
      continue;
    }
    if (isTrusted) {
      epochs.notRead(segment, segment.sizeBytes);
      segments.push(segment);
      logEndOffset = next.baseOffset;
      continue;
    }
    const end = checkSegment(options, segment, { ...epochs, isLast: next === undefined });
    segments.push(segment);
    logEndOffset = end.nextOffset;
    // Bytes behind the last record of a segment cost nothing that is in the next.
    const goesOn = next !== undefined && next.baseOffset === end.nextOffset;
    const isBroken = next !== undefined && next.baseOffset < end.nextOffset;
    if (goesOn && end.problem !== undefined)
      options.logger.warn(
        { segment: segment.file.path, positionBytes: segment.sizeBytes, problem: end.problem },
        "cut off what followed a segment",
      );
    if (goesOn || (end.problem === undefined && !isBroken)) {
      if (next !== undefined) segment.seal();
      continue;
    }
    const removed = found.slice(index + 1);
    const facts = {
      segment: segment.file.path,
      positionBytes: segment.sizeBytes,
      problem: end.problem,
      logEndOffset,
      removedSegments: removed.length,
    };
    options.logger.warn(facts, "cut off the damaged end of a log");
    for (const later of removed) removeSegment(options.resources.filesystem, later);
    // A power failure must not bring them back behind what is appended from here on.
    if (removed.length > 0) options.resources.filesystem.syncDirectory(options.directory);
    break;
  }
  return { segments, logEndOffset };
}

interface SegmentEnd {
  readonly nextOffset: number;
  /** Why the segment was cut. */
  readonly problem: string | undefined;
  /** Of a whole batch behind what was cut off, if there is one. */
  readonly resumesAt?: number | undefined;
}

/** Reads a segment from where its content is not certain, completes its indexes, and cuts off what is not valid. */
function checkSegment(
  options: RecoveryOptions,
  segment: Segment,
  { isLast, ...epochs }: EpochNotes & { readonly isLast: boolean },
): SegmentEnd {
  const fileBytes = segment.sizeBytes;
  if (fileBytes === 0) return { nextOffset: segment.baseOffset, problem: undefined };
  const scan = new SegmentScan(options, segment, { leaderEpochs: epochs.leaderEpochs, isLast });
  const start = segment.rewindIndexes(scan.certainUntil, options.isClean);
  epochs.notRead(segment, start.position);
  const end = scan.from(start) ?? scan.from(START_OF_FILE) ?? { nextOffset: segment.baseOffset, problem: "no batch" };
  return cut(options, segment, end, fileBytes);
}

function cut(options: RecoveryOptions, segment: Segment, end: SegmentEnd, fileBytes: number): SegmentEnd {
  if (end.problem !== undefined) {
    refuseOldMessage(segment.file, { from: segment.sizeBytes, to: fileBytes });
    segment.file.use().truncate(segment.sizeBytes);
    // What is empty nobody syncs later, and a power failure must not bring it back.
    if (segment.sizeBytes === 0) segment.file.use().syncNow();
  }
  segment.transactions?.truncate(end.nextOffset);
  if (!options.isClean) segment.flushIndexes();
  return end;
}

/** What a Kafka before 0.11 has written is not damaged, though it cannot be read: the log stays as it is. */
function refuseOldMessage(file: LazyFile, { from, to }: FileRange): void {
  const head = Buffer.alloc(OLD_MESSAGE_HEAD_BYTES);
  if (file.use().read(head, from) < head.length || !isOldFormat(head)) return;
  const sizeBytes = messageSizeAt(head, 0) ?? 0;
  if (sizeBytes <= head.length || sizeBytes > Math.min(to - from, LARGEST_ITEM_BYTES)) return;
  const message = Buffer.allocUnsafe(sizeBytes);
  file.use().read(message, from);
  if (!isCrcValid(message)) return;
  const facts = { path: file.path, positionBytes: from };
  throw new StorageError("SEGMENT_TOO_OLD", "a segment holds messages of a format before Kafka 0.11, which is not read", facts);
}

/** Takes note of the batches of a segment, which ends with the last of them that is valid. What is damaged among those that the disk surely has is said, and stays. */
class SegmentScan {
  /** Below it, the disk has everything. */
  readonly certainUntil: number;
  /** Where a clean log ended. */
  readonly #endedAt: number;
  /** Nothing was compacted that is in it. */
  readonly #isLast: boolean;
  readonly #segment: Segment;
  readonly #fileBytes: number;
  readonly #leaderEpochs: LeaderEpochs;
  readonly #logger: Logger;

  constructor(
    { isClean, endedAt, recoveryPoint, logger }: RecoveryOptions,
    segment: Segment,
    { leaderEpochs, isLast }: { readonly leaderEpochs: LeaderEpochs; readonly isLast: boolean },
  ) {
    this.#isLast = isLast;
    this.certainUntil = isClean ? Number.MAX_SAFE_INTEGER : Math.max(recoveryPoint, segment.baseOffset);
    this.#endedAt = isClean ? endedAt : 0;
    this.#segment = segment;
    this.#fileBytes = segment.sizeBytes;
    this.#leaderEpochs = leaderEpochs;
    this.#logger = logger;
  }

  /** `undefined` when the first batch is not the one that the index has there: the index is wrong then. */
  from(start: IndexedBatch): SegmentEnd | undefined {
    const segment = this.#segment;
    const file = segment.file.use();
    const { baseOffset } = segment;
    if (start === START_OF_FILE) segment.resetIndexes();
    segment.sizeBytes = start.position;
    let nextOffset = baseOffset;
    const range = { from: start.position, to: this.#fileBytes, nextOffset, endOffset: baseOffset + MAX_RELATIVE_OFFSET + 1 };
    for (const item of wholeBatchesIn(file, range)) {
      const isFirst = item.position === start.position && item.position > 0;
      if (isFirst && !("batch" in item && item.batch.lastOffset === start.lastOffset)) return this.#withoutIndex(start);
      if (!("batch" in item)) {
        if (item.resumesAt === undefined || item.resumesAt > this.certainUntil) return { nextOffset, ...item };
        sayDamage(this.#logger, segment.file.path, item);
        continue;
      }
      const { baseOffset: first } = item.batch;
      // No checksum covers the offset. What lies before the first is not known here, but the index has its end.
      if (!isFirst && first > nextOffset && nextOffset < this.#endedAt && first >= this.#endedAt)
        return { nextOffset, problem: `offset ${first} is beyond the end of the log, ${this.#endedAt}` };
      if (!isFirst && first > nextOffset && this.#isLast)
        this.#logger.warn(
          { path: segment.file.path, positionBytes: item.position, nextOffset, baseOffset: first },
          "offsets are missing at the end of a log",
        );
      segment.noteBatch(rangeOf(item.batch, item.position));
      this.#leaderEpochs.start(item.batch.partitionLeaderEpoch, item.batch.baseOffset);
      nextOffset = item.batch.nextOffset;
    }
    return { nextOffset, problem: undefined };
  }

  #withoutIndex({ position, lastOffset }: IndexedBatch): undefined {
    const path = this.#segment.path(OFFSET_INDEX_SUFFIX);
    this.#logger.warn({ path, position, lastOffset }, "an index leads to another batch, or to a damaged one, and is made anew");
    return undefined;
  }
}
