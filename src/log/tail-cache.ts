// The newest bytes of each log, in memory. What is appended is copied once, into a slab; the file is written from there, and readers
// near the end get views of it. A slab only grows, is dropped as a whole, and its memory is used again once nobody holds it any more, so a
// view stays valid for as long as its slab is held.
// Slabs grow with use from 4 KiB to 1 MiB, so that thousands of quiet partitions cost little; together they stay within a budget,
// from which the log that was appended to longest ago gives its oldest slab first.

const SMALLEST_SLAB_BYTES = 4 * 1024;
const LARGEST_SLAB_BYTES = 1024 * 1024;
const GROWTH = 4;
/** One log takes at most this share of the budget: memory that is used again soon is still in the processor's caches. */
const LARGEST_SHARE = 1 / 32;
/** So many are kept to be used again: fresh memory is dear. */
const SPARE_SLABS = 8;

export class TailCache {
  readonly budgetBytes: number;
  #usedBytes = 0;
  /** In the order of the last append. */
  readonly #tails = new Set<Tail>();
  #latest: Tail | undefined;
  readonly #spare: Buffer[] = [];

  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  allocate(sizeBytes: number): Buffer {
    this.#usedBytes += sizeBytes;
    return (sizeBytes === LARGEST_SLAB_BYTES ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  free(slab: Slab): void {
    this.#usedBytes -= slab.buffer.length;
    slab.drop((buffer) => {
      if (buffer.length === LARGEST_SLAB_BYTES && this.#spare.length < SPARE_SLABS) this.#spare.push(buffer);
    });
  }

  touch(tail: Tail): void {
    if (tail === this.#latest) return;
    this.#tails.delete(tail);
    this.#tails.add(tail);
    this.#latest = tail;
  }

  forget(tail: Tail): void {
    this.#tails.delete(tail);
    if (this.#latest === tail) this.#latest = undefined;
  }

  /** Brings what is used back within the budget; the newest slab of `current` stays. */
  trim(current: Tail): void {
    while (current.slabs.length > 1 && current.sizeBytes > this.budgetBytes * LARGEST_SHARE) current.dropOldest();
    for (const tail of this.#tails) {
      while (this.#usedBytes > this.budgetBytes && tail.slabs.length > (tail === current ? 1 : 0)) tail.dropOldest();
      if (this.#usedBytes <= this.budgetBytes) return;
      if (tail !== current) this.forget(tail);
    }
  }
}

/** A run of batches of one segment, one after another as in its file. */
export class Slab {
  readonly buffer: Buffer;
  readonly segmentBaseOffset: number;
  /** Where in the segment's file the slab starts. */
  readonly startPosition: number;
  readonly firstOffset: number;
  /** The offset after the last batch. */
  nextOffset: number;
  usedBytes = 0;
  #holders = 0;
  #dropped: ((buffer: Buffer) => void) | undefined;

  constructor(buffer: Buffer, place: BatchPlace) {
    this.buffer = buffer;
    this.segmentBaseOffset = place.segmentBaseOffset;
    this.startPosition = place.position;
    this.firstOffset = place.offset;
    this.nextOffset = place.offset;
  }

  hasRoomFor(sizeBytes: number): boolean {
    return this.usedBytes + sizeBytes <= this.buffer.length;
  }

  /** What was written behind `usedBytes` counts from now on. */
  commit(sizeBytes: number, nextOffset: number): void {
    this.usedBytes += sizeBytes;
    this.nextOffset = nextOffset;
  }

  /** Someone looks at the memory, until `release`. Who never releases it keeps it. */
  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.#dropped?.(this.buffer);
  }

  /** The slab is no longer part of a tail: `recycle` gets its memory when nobody looks at it any more. */
  drop(recycle: (buffer: Buffer) => void): void {
    if (this.#holders === 0) recycle(this.buffer);
    else this.#dropped = recycle;
  }
}

/** Where the next batch goes. */
export interface BatchPlace {
  readonly segmentBaseOffset: number;
  /** In the segment's file. */
  readonly position: number;
  readonly offset: number;
}

/** The newest bytes of one log. */
export class Tail {
  readonly slabs: Slab[] = [];
  sizeBytes = 0;
  readonly #cache: TailCache;

  constructor(cache: TailCache) {
    this.#cache = cache;
  }

  /** A slab with room for `sizeBytes` after its `usedBytes`. What is written there counts once it is committed. */
  reserve(sizeBytes: number, place: BatchPlace): Slab {
    this.#cache.touch(this);
    const last = this.slabs.at(-1);
    if (last?.hasRoomFor(sizeBytes) === true && continues(last, place)) return last;
    const grown = last === undefined ? SMALLEST_SLAB_BYTES : Math.min(LARGEST_SLAB_BYTES, last.buffer.length * GROWTH);
    const slab = new Slab(this.#cache.allocate(Math.max(sizeBytes, grown)), place);
    this.slabs.push(slab);
    this.sizeBytes += slab.buffer.length;
    this.#cache.trim(this);
    return slab;
  }

  /** Where the slab with this offset is in `slabs`; -1 when none has it. */
  indexOf(offset: number): number {
    for (let index = this.slabs.length - 1; index >= 0; index--) {
      const slab = this.slabs[index];
      if (slab === undefined || offset >= slab.nextOffset) return -1;
      if (offset >= slab.firstOffset) return index;
    }
    return -1;
  }

  /** Forgets the slabs that end at or before an offset: the file says something else by now. */
  dropBefore(offset: number): void {
    while ((this.slabs[0]?.nextOffset ?? Number.POSITIVE_INFINITY) <= offset) this.dropOldest();
  }

  dropOldest(): void {
    const slab = this.slabs.shift();
    if (slab === undefined) return;
    this.sizeBytes -= slab.buffer.length;
    this.#cache.free(slab);
  }

  clear(): void {
    while (this.slabs.length > 0) this.dropOldest();
    this.#cache.forget(this);
  }
}

function continues(slab: Slab, place: BatchPlace): boolean {
  return slab.segmentBaseOffset === place.segmentBaseOffset && slab.startPosition + slab.usedBytes === place.position;
}
