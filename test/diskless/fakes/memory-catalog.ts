// The catalog as rows in memory, shared by all who have a view of it: what the database promises, in the simplest code that keeps it.
// A call is done whole, in the turn in which it comes. For slow, lost and failing calls put a Link before it (link.ts).

import { assert } from "../../../src/base/assert.ts";
import {
  type AbortedRange,
  type Catalog,
  type Commit,
  type CommitOutcome,
  type LogCommit,
  type LogKey,
  NEWEST_SEGMENTS,
  type NewObject,
  type NewSegment,
  type NewSegmentPlace,
  type OpenOutcome,
  type OpenRequest,
  type Segment,
  type SegmentPlace,
  type StoredObject,
} from "../../../src/diskless/catalog.ts";
import type { Incarnation } from "../../../src/diskless/leases.ts";
import { LeaderEpochs } from "../../../src/storage/leader-epochs.ts";
import type { ProducerState } from "../../../src/storage/producer-states.ts";

export interface LogRow extends LogKey {
  readonly logId: number;
  /** The number of an incarnation. */
  owner: number;
  leaderEpoch: number;
  startOffset: number;
  endOffset: number;
  isDeleted: boolean;
  readonly leaderEpochs: LeaderEpochs;
  readonly producers: Map<number, ProducerState>;
  segments: readonly Segment[];
  abortedRanges: readonly AbortedRange[];
}

interface WriterRow {
  committedSequence: number;
  outcome: CommitOutcome | undefined;
  hasEnded: boolean;
}

export class MemoryCatalogRows {
  readonly logs = new Map<number, LogRow>();
  /** Incarnations whose catalogs were not closed. */
  readonly openCatalogs = new Set<number>();
  readonly #logIds = new Map<string, number>();
  readonly #writers = new Map<number, WriterRow>();
  readonly #objects = new Map<number, StoredObject>();
  #nextObjectId = 1;
  #nextLogId = 1;

  /** What this incarnation of a broker sees. */
  catalog({ number }: Incarnation): Catalog {
    this.openCatalogs.add(number);
    return {
      open: async (requests) => requests.map((request) => this.#open(number, request)),
      commit: async (commit) => this.#commit(number, commit),
      segments: async (logId, fromOffset, limit) => this.#segmentsFrom(logId, fromOffset).slice(0, limit),
      segmentAt: async (logId, timestampMs, fromOffset) =>
        this.#segmentsFrom(logId, fromOffset).find(({ maxTimestampMs }) => maxTimestampMs >= timestampMs),
      segmentOfMaxTimestamp: async (logId) => this.#segmentOfMaxTimestamp(logId),
      abortedRanges: async (logId, fromOffset) =>
        this.#row(logId)?.abortedRanges.filter(({ lastOffset }) => lastOffset >= fromOffset) ?? [],
      moveStart: async (logId, startOffset) => this.#moveStart(number, logId, startOffset),
      expireProducers: async (logId, untilMs) => this.#expireProducers(number, logId, untilMs),
      deleteLogs: async (keys) => {
        for (const key of keys) this.#delete(key);
      },
      close: async () => void this.openCatalogs.delete(number),
    };
  }

  /** The lease of this incarnation is over: another claimed its broker id, it was fenced, or it let go. */
  end({ number }: Incarnation): void {
    this.#writer(number).hasEnded = true;
  }

  hasEnded(incarnation: number): boolean {
    return this.#writer(incarnation).hasEnded;
  }

  addObjects(objects: readonly NewObject[]): readonly StoredObject[] {
    const stored = objects.map((object): StoredObject => ({ id: this.#nextObjectId++, ...object }));
    for (const object of stored) this.#objects.set(object.id, object);
    return stored;
  }

  forgetLog(logId: number): void {
    const row = this.logs.get(logId);
    if (row !== undefined) this.#logIds.delete(`${row.topicId}-${row.partition}`);
    this.logs.delete(logId);
  }

  removeObject(id: number): void {
    this.#objects.delete(id);
  }

  /** Objects that were committed, whether or not a segment lies in them. */
  get objects(): readonly StoredObject[] {
    return [...this.#objects.values()];
  }

  /** Ids of objects in which something lies. */
  get usedObjectIds(): ReadonlySet<number> {
    const used = new Set<number>();
    for (const { segments } of this.logs.values()) {
      for (const { place } of segments) if (place.kind === "object") used.add(place.object.id);
    }
    return used;
  }

  /** Keys of objects in which nothing lies any more. */
  get unusedKeys(): readonly string[] {
    const used = this.usedObjectIds;
    return this.objects.filter(({ id }) => !used.has(id)).map(({ key }) => key);
  }

  #open(incarnation: number, { topicId, partition, leaderEpoch }: OpenRequest): OpenOutcome {
    if (this.#writer(incarnation).hasEnded) return { kind: "fenced" };
    const row = this.#rowOf(topicId, partition) ?? this.#make(topicId, partition);
    if (row.isDeleted) return { kind: "deleted" };
    if (row.leaderEpoch > leaderEpoch || (row.leaderEpoch === leaderEpoch && row.owner > incarnation)) return { kind: "fenced" };
    row.owner = incarnation;
    row.leaderEpoch = leaderEpoch;
    row.leaderEpochs.start(leaderEpoch, row.endOffset);
    return {
      kind: "open",
      logId: row.logId,
      startOffset: row.startOffset,
      endOffset: row.endOffset,
      sizeBytes: sizeOf(row.segments),
      leaderEpochs: row.leaderEpochs.entries,
      producers: [...row.producers.values()].sort((one, other) => one.producerId - other.producerId),
      segments: row.segments.slice(-NEWEST_SEGMENTS),
    };
  }

  #commit(incarnation: number, { sequence, objects, logs }: Commit): CommitOutcome {
    const writer = this.#writer(incarnation);
    if (sequence === writer.committedSequence && writer.outcome !== undefined) return writer.outcome;
    if (writer.hasEnded) return { kind: "fenced" };
    if (sequence !== writer.committedSequence + 1) return { kind: "outOfTurn", committedSequence: writer.committedSequence };
    const stored = this.addObjects(objects);
    const refusedLogIds: number[] = [];
    for (const log of logs) {
      checkShape(log, objects.length);
      const row = this.#owned(incarnation, log.logId);
      if (row === undefined || row.leaderEpoch > log.leaderEpoch || row.endOffset !== log.expectedEndOffset) refusedLogIds.push(log.logId);
      else extend(row, log, stored);
    }
    writer.committedSequence = sequence;
    writer.outcome = { kind: "committed", objectIds: stored.map(({ id }) => id), refusedLogIds };
    return writer.outcome;
  }

  #moveStart(incarnation: number, logId: number, startOffset: number): { removedCount: number; sizeBytes: number } | undefined {
    const row = this.#owned(incarnation, logId);
    if (row === undefined) return undefined;
    row.startOffset = Math.max(row.startOffset, Math.min(startOffset, row.endOffset));
    const segments = row.segments.filter(({ endOffset }) => endOffset > row.startOffset);
    const removedCount = row.segments.length - segments.length;
    row.segments = segments;
    row.leaderEpochs.truncateFromStart(row.startOffset);
    row.abortedRanges = row.abortedRanges.filter(({ lastOffset }) => lastOffset >= row.startOffset);
    return { removedCount, sizeBytes: sizeOf(segments) };
  }

  #expireProducers(incarnation: number, logId: number, untilMs: number): void {
    const producers = this.#owned(incarnation, logId)?.producers;
    for (const { producerId, lastTimestampMs, transactionFirstOffset } of producers?.values() ?? []) {
      if (lastTimestampMs <= untilMs && transactionFirstOffset === -1) producers?.delete(producerId);
    }
  }

  #delete({ topicId, partition }: LogKey): void {
    const row = this.#rowOf(topicId, partition);
    if (row === undefined) return;
    row.isDeleted = true;
    row.segments = [];
    row.abortedRanges = [];
    row.producers.clear();
  }

  #segmentsFrom(logId: number, fromOffset: number): readonly Segment[] {
    return this.#row(logId)?.segments.filter(({ endOffset }) => endOffset > fromOffset) ?? [];
  }

  #segmentOfMaxTimestamp(logId: number): Segment | undefined {
    let found: Segment | undefined;
    for (const segment of this.#row(logId)?.segments ?? []) {
      if (found === undefined || segment.maxTimestampMs > found.maxTimestampMs) found = segment;
    }
    return found;
  }

  #make(topicId: string, partition: number): LogRow {
    const logId = this.#nextLogId++;
    const row: LogRow = {
      ...{ logId, topicId, partition, owner: -1, leaderEpoch: -1, startOffset: 0, endOffset: 0, isDeleted: false },
      ...{ leaderEpochs: new LeaderEpochs(), producers: new Map<number, ProducerState>(), segments: [], abortedRanges: [] },
    };
    this.logs.set(logId, row);
    this.#logIds.set(`${topicId}-${partition}`, logId);
    return row;
  }

  #rowOf(topicId: string, partition: number): LogRow | undefined {
    const logId = this.#logIds.get(`${topicId}-${partition}`);
    return logId === undefined ? undefined : this.logs.get(logId);
  }

  #row(logId: number): LogRow | undefined {
    return this.logs.get(logId);
  }

  #owned(incarnation: number, logId: number): LogRow | undefined {
    const row = this.#row(logId);
    return row?.owner === incarnation && !row.isDeleted ? row : undefined;
  }

  #writer(incarnation: number): WriterRow {
    const writer = this.#writers.get(incarnation) ?? { committedSequence: 0, outcome: undefined, hasEnded: false };
    this.#writers.set(incarnation, writer);
    return writer;
  }
}

function extend(row: LogRow, log: LogCommit, objects: readonly StoredObject[]): void {
  row.leaderEpoch = log.leaderEpoch;
  row.endOffset = log.endOffset;
  row.segments = [...row.segments, ...log.segments.map((segment) => storedSegment(segment, objects))];
  for (const { leaderEpoch, startOffset } of log.leaderEpochs) row.leaderEpochs.start(leaderEpoch, startOffset);
  for (const producer of log.producers) row.producers.set(producer.producerId, producer);
  row.abortedRanges = [...row.abortedRanges, ...log.abortedRanges].sort((one, other) => one.lastOffset - other.lastOffset);
}

function storedSegment(segment: NewSegment, objects: readonly StoredObject[]): Segment {
  return { ...segment, compactedUntil: 0, place: storedPlace(segment.place, objects) };
}

/** Bytes are copied: whoever committed them may use their memory for others. */
export function storedPlace(place: NewSegmentPlace, objects: readonly StoredObject[]): SegmentPlace {
  if (place.kind === "inline") return { kind: "inline", bytes: Buffer.from(place.bytes) };
  const object = objects[place.object];
  assert(object !== undefined, "a segment lies in an object of its commit");
  return { kind: "object", object, chunks: place.chunks };
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** What the database takes for granted. */
function checkShape({ expectedEndOffset, endOffset, segments }: LogCommit, objectCount: number): void {
  let next = expectedEndOffset;
  for (const { baseOffset, endOffset: end, sizeBytes, place } of segments) {
    assert(baseOffset === next && end > baseOffset, "segments touch, from the expected end on");
    next = end;
    if (place.kind === "inline") {
      assert(place.bytes.length === sizeBytes, "a segment's size is that of its bytes");
      continue;
    }
    assert(place.object < objectCount && place.chunks.length > 0, "a segment in an object has chunks in it");
    assert(place.chunks.reduce((sum, { length }) => sum + length, 0) === sizeBytes, "a segment's size is that of its chunks");
  }
  assert(next === endOffset, "segments touch, up to the new end");
}
