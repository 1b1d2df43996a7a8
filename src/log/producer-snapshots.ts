// The producer snapshots in a partition's folder: one at the start of each segment, and one where the log was last checkpointed or
// closed. Opening a log takes the newest that can be relied on and reads the batches after it.

import type { Filesystem } from "../base/filesystem.ts";
import { ProducerStates } from "../storage/producer-states.ts";
import { batchesIn } from "./batch-scan.ts";
import { offsetFileName, SNAPSHOT_SUFFIX } from "./file-names.ts";
import { decodeProducerSnapshot, encodeProducerSnapshot } from "./producer-snapshot.ts";
import { closingOnFailure, type Segment } from "./segment.ts";

export interface LoadOptions {
  readonly segments: readonly Segment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Snapshots beyond it may speak of what was lost. */
  readonly reliableUntil: number;
  readonly nowMs: number;
  readonly expirationMs: number;
}

export class ProducerSnapshots {
  readonly #filesystem: Filesystem;
  readonly #directory: string;
  /** Ascending. */
  #offsets: number[];

  constructor(filesystem: Filesystem, directory: string, offsets: readonly number[]) {
    this.#filesystem = filesystem;
    this.#directory = directory;
    this.#offsets = [...offsets];
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
    if (from < options.logEndOffset) replay(states, from, options.segments);
    states.settle(options.logEndOffset);
    return states;
  }

  /** Gives the offset from which on batches are to be read. */
  #restore(states: ProducerStates, { logStartOffset, logEndOffset, reliableUntil }: LoadOptions): number {
    for (const offset of this.#offsets.toReversed()) {
      const isReliable = offset <= Math.min(logEndOffset, reliableUntil);
      const snapshot = isReliable ? decodeProducerSnapshot(this.#filesystem.readFile(this.#path(offset))) : undefined;
      if (snapshot !== undefined) {
        states.restore(snapshot);
        return Math.max(offset, logStartOffset);
      }
      this.#remove(offset);
    }
    return logStartOffset;
  }

  /** Of the states at `offset`, the end of the log. Any other snapshot that is at the start of no segment goes. */
  write(offset: number, states: ProducerStates, segments: readonly Segment[]): void {
    if (offset === this.latestOffset) return;
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
function replay(states: ProducerStates, from: number, segments: readonly Segment[]): void {
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if ((next !== undefined && next.baseOffset <= from) || segment.sizeBytes === 0) continue;
    const start = segment.offsets.floorPosition(from);
    for (const batch of batchesIn(segment.file.use(), { from: start, to: segment.sizeBytes })) {
      if (batch.lastOffset < from || batch.producerId < 0) continue;
      const ended = states.append(batch);
      if (ended?.isAborted !== true || ended.lastOffset <= (segment.transactions?.lastOffset ?? -1)) continue;
      const { producerId, firstOffset, lastOffset, lastStableOffset } = ended;
      segment.transactionIndex().append({ producerId, firstOffset, lastOffset, lastStableOffset });
    }
  }
}
