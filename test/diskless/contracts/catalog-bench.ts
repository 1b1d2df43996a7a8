// Small words for tests of the catalog: a bench to make catalogs on, and commits of logs as a leader would make them.

import { randomBytes } from "node:crypto";
import type { Catalog, Chunk, CommitOutcome, LogCommit, NewSegment, OpenedLog, Segment } from "../../../src/diskless/catalog.ts";
import type { Incarnation } from "../../../src/diskless/leases.ts";
import type { ProducerState } from "../../../src/storage/producer-states.ts";

/** Catalogs on the same rows. */
export interface CatalogBench {
  /** A new incarnation of a broker; numbers rise. */
  join(): Promise<Incarnation>;
  catalog(incarnation: Incarnation): Catalog;
  /** Ends its lease. */
  end(incarnation: Incarnation): Promise<void>;
  /** Keys of objects that were committed and in which nothing lies any more. */
  unusedKeys(): Promise<readonly string[]>;
}

export function newTopicId(): string {
  return randomBytes(16).toString("base64url");
}

/** A broker that leads logs: it numbers its commits and knows where its logs end. */
export class Leader {
  readonly catalog: Catalog;
  readonly incarnation: Incarnation;
  sequence = 0;

  constructor(catalog: Catalog, incarnation: Incarnation) {
    this.catalog = catalog;
    this.incarnation = incarnation;
  }

  static async join(bench: CatalogBench): Promise<Leader> {
    const incarnation = await bench.join();
    return new Leader(bench.catalog(incarnation), incarnation);
  }

  async open(topicId: string, leaderEpoch: number, partition = 0): Promise<OpenedLog> {
    const [outcome] = await this.catalog.open([{ topicId, partition, leaderEpoch }]);
    if (outcome?.kind !== "open") throw new Error(`not open but ${outcome?.kind}`);
    return outcome;
  }

  commit(logs: readonly LogCommit[], objectKeys: readonly string[] = []): Promise<CommitOutcome> {
    this.sequence++;
    return this.commitAgain(logs, objectKeys);
  }

  commitAgain(logs: readonly LogCommit[], objectKeys: readonly string[] = []): Promise<CommitOutcome> {
    const objects = objectKeys.map((key) => ({ key, sizeBytes: 1_000_000 }));
    return this.catalog.commit({ sequence: this.sequence, objects, logs });
  }

  /** A commit of one log, of inline segments of `counts` records each. */
  append(logId: number, from: number, counts: readonly number[], more: Partial<LogCommit> = {}): Promise<CommitOutcome> {
    return this.commit([inlineCommit(logId, from, counts, more)]);
  }
}

/** New inline segments of `counts` records each. */
export function inlineCommit(logId: number, from: number, counts: readonly number[], more: Partial<LogCommit> = {}): LogCommit {
  let next = from;
  const segments = counts.map((count): NewSegment => {
    next += count;
    return inlineSegment(next - count, next);
  });
  return logCommit(logId, from, segments, more);
}

export function logCommit(logId: number, from: number, segments: readonly NewSegment[], more: Partial<LogCommit> = {}): LogCommit {
  const endOffset = segments.at(-1)?.endOffset ?? from;
  return {
    ...{ logId, leaderEpoch: 0, expectedEndOffset: from, endOffset, segments, leaderEpochs: [], producers: [], abortedRanges: [] },
    ...more,
  };
}

export function inlineSegment(baseOffset: number, endOffset: number, maxTimestampMs = 1000 + endOffset): NewSegment {
  const bytes = Buffer.from(`records ${baseOffset} to ${endOffset}`);
  return { baseOffset, endOffset, sizeBytes: bytes.length, maxTimestampMs, place: { kind: "inline", bytes } };
}

/** A segment in the commit's `object`-th object, of chunks of `counts` records and ten bytes a record, from position `from` on. */
export function objectSegment(object: number, baseOffset: number, counts: readonly number[], from = 0): NewSegment {
  const chunks: Chunk[] = [];
  let [position, offset] = [from, baseOffset];
  for (const count of counts) {
    chunks.push({ baseOffset: offset, from: position, length: count * 10, maxTimestampMs: 1000 + offset + count });
    position += count * 10;
    offset += count;
  }
  const maxTimestampMs = Math.max(...chunks.map((chunk) => chunk.maxTimestampMs));
  return { baseOffset, endOffset: offset, sizeBytes: position - from, maxTimestampMs, place: { kind: "object", object, chunks } };
}

export function producer(producerId: number, lastOffset: number, more: Partial<ProducerState> = {}): ProducerState {
  return {
    ...{ producerId, producerEpoch: 0, coordinatorEpoch: -1, lastTimestampMs: 1000 + lastOffset, transactionFirstOffset: -1 },
    batches: [{ lastSequence: lastOffset, lastOffset, offsetDelta: 0, timestampMs: 1000 + lastOffset }],
    ...more,
  };
}

/** As "0-3 3-5". */
export function ranges(segments: readonly Segment[]): string {
  return segments.map(({ baseOffset, endOffset }) => `${baseOffset}-${endOffset}`).join(" ");
}
