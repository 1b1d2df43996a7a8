// The producer snapshots in a partition's folder: one at the start of each segment, and one where the log was last checkpointed or
// closed. Opening a log takes the newest that can be relied on and reads the batches after it.

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { type ProducerState, ProducerStates } from "../storage/producer-states.ts";
import type { AbortedCheckpoint } from "./aborted-checkpoint.ts";
import { offsetFileName, SNAPSHOT_SUFFIX } from "./file-names.ts";
import { decodeProducerSnapshot, encodeProducerSnapshot } from "./producer-snapshot.ts";
import { closingOnFailure, type Segment } from "./segment.ts";
import { sayDamage, wholeBatchesIn } from "./whole-batches.ts";

export interface LoadOptions {
  readonly segments: readonly Segment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Snapshots beyond it may speak of what was lost. */
  readonly reliableUntil: number;
  readonly nowMs: number;
  readonly expirationMs: number;
}

interface SnapshotResources {
  readonly filesystem: Filesystem;
  readonly logger: Logger;
}

interface FoundStates {
  readonly snapshotOffsets: readonly number[];
  readonly abortedCheckpoint: AbortedCheckpoint;
}

export class ProducerSnapshots {
  readonly #filesystem: Filesystem;
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #aborted: AbortedCheckpoint;
  /** Ascending. */
  #offsets: number[];

  constructor({ filesystem, logger }: SnapshotResources, directory: string, { snapshotOffsets, abortedCheckpoint }: FoundStates) {
    this.#filesystem = filesystem;
    this.#aborted = abortedCheckpoint;
    this.#logger = logger;
    this.#directory = directory;
    this.#offsets = [...snapshotOffsets];
  }

  get latestOffset(): number {
    return this.#offsets.at(-1) ?? -1;
  }

  /** Throws MalformedMessage and Node's errors. */
  load(options: LoadOptions): ProducerStates {
    return closingOnFailure(options.segments, () => this.#load(options));
  }

  #load(options: LoadOptions): ProducerStates {
    const states = new ProducerStates();
    const from = this.#restore(states, options);
    states.expire(options.nowMs, options.expirationMs);
    if (from < options.logEndOffset) replay(states, from, options.segments, this.#logger);
    states.settle(options.logEndOffset);
    return states;
  }

  /** Gives the offset from which on batches are to be read. */
  #restore(states: ProducerStates, { logStartOffset, logEndOffset, reliableUntil }: LoadOptions): number {
    for (const offset of this.#offsets.toReversed()) {
      const isReliable = offset <= Math.min(logEndOffset, reliableUntil);
      const snapshot = isReliable ? this.#read(offset) : undefined;
      if (snapshot !== undefined) {
        states.restore(snapshot);
        return Math.max(offset, logStartOffset);
      }
      this.#remove(offset);
    }
    return logStartOffset;
  }

  #read(offset: number): ProducerState[] | undefined {
    const path = this.#path(offset);
    const content = this.#filesystem.readFile(path);
    const snapshot = decodeProducerSnapshot(content);
    // Its checksum is of the whole.
    if (snapshot === undefined)
      this.#logger.warn(
        { path, positionBytes: 0, sizeBytes: content.length },
        "a snapshot of producers is damaged; an older one counts, and the batches after it",
      );
    return snapshot;
  }

  /** Of the states at `offset`, the end of the log. Any other snapshot that is at the start of no segment goes. */
  write(offset: number, states: ProducerStates, segments: readonly Segment[]): void {
    if (offset === this.latestOffset) return;
    this.#aborted.save(segments);
    this.#filesystem.replaceFileUnsynced(this.#path(offset), encodeProducerSnapshot([...states.values()]));
    const previous = this.latestOffset;
    this.#offsets.push(offset);
    if (previous !== -1 && !segments.some(({ baseOffset }) => baseOffset === previous)) this.#tryToRemove(previous);
  }

  removeBelow(offset: number): void {
    for (const each of this.#offsets.filter((candidate) => candidate < offset)) this.#tryToRemove(each);
  }

  /** Those of segments that were merged into the one before; both ends are kept. */
  removeBetween(afterOffset: number, beforeOffset: number): void {
    for (const each of this.#offsets.filter((offset) => offset > afterOffset && offset < beforeOffset)) this.#tryToRemove(each);
  }

  #remove(offset: number): void {
    this.#filesystem.remove(this.#path(offset));
    this.#offsets = this.#offsets.filter((each) => each !== offset);
  }

  /** One that stays says nothing wrong, and goes when retention comes past it. */
  #tryToRemove(offset: number): void {
    try {
      this.#remove(offset);
    } catch {
      return;
    }
  }

  #path(offset: number): string {
    return `${this.#directory}/${offsetFileName(offset, SNAPSHOT_SUFFIX)}`;
  }
}

/** Reads the batches from `from` on; completes the indexes of aborted transactions on the way. */
function replay(states: ProducerStates, from: number, segments: readonly Segment[], logger: Logger): void {
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if ((next !== undefined && next.baseOffset <= from) || segment.sizeBytes === 0) continue;
    const start = segment.offsets.floorPosition(from);
    const range = {
      from: start,
      to: segment.sizeBytes,
      nextOffset: segment.baseOffset,
      endOffset: next?.baseOffset ?? Number.MAX_SAFE_INTEGER,
    };
    for (const item of wholeBatchesIn(segment.file.use(), range)) {
      if (!("batch" in item)) sayDamage(logger, segment.file.path, item);
      if (!("batch" in item) || item.batch.lastOffset < from || item.batch.producerId < 0) continue;
      const { batch } = item;
      const ended = states.append(batch);
      if (ended?.isAborted !== true || ended.lastOffset <= (segment.transactions?.lastOffset ?? -1)) continue;
      const { producerId, firstOffset, lastOffset, lastStableOffset } = ended;
      segment.transactionIndex().append({ producerId, firstOffset, lastOffset, lastStableOffset });
    }
  }
}
