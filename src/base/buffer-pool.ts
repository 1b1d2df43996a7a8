// Memory that is lent for a while and used again, for frames that straddle reads and for records read from files: a fresh megabyte costs
// as much in page faults as copying three. It is cut from slabs, at the lowest place where it fits, so that what is lent lies close
// together and slabs become empty. An empty slab goes back to the system at once, but for the last one; pieces of their own size would
// not: an allocator keeps what is free between others, and collecting garbage waits for more of it.

/** An allocator that maps large blocks by themselves does so for each of this size: glibc counts none above 32 MiB as small. */
const SLAB_BYTES = 32 * 1024 * 1024;
const PAGE_BYTES = 4096;

export class BufferPool {
  readonly #slabs: Slab[] = [];
  #isClosed = false;

  /** With arbitrary content. Who takes it gives it back: nothing else does. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > SLAB_BYTES) return Buffer.allocUnsafeSlow(sizeBytes);
    for (const slab of this.#slabs) {
      const taken = slab.take(sizeBytes);
      if (taken !== undefined) return taken;
    }
    const slab = new Slab();
    this.#slabs.push(slab);
    return slab.take(sizeBytes) ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** What of it is kept, from its start on; the rest is given back. Only for what `take` gave, which is not to be looked at any more. */
  shrink(buffer: Buffer, keptBytes: number): Buffer {
    const slab = this.#slabs.find(({ memory }) => memory === buffer.buffer);
    slab?.giveEnd(buffer, keptBytes);
    return buffer.subarray(0, keptBytes);
  }

  /** Only what `take` or `shrink` gave, once, and only when nobody looks at it any more: views of it may be empty from now on. */
  give(buffer: Buffer): void {
    const slab = this.#slabs.find(({ memory }) => memory === buffer.buffer);
    if (slab === undefined) {
      free(buffer.buffer);
      return;
    }
    slab.give(buffer);
    if (slab.isEmpty && (this.#isClosed || this.#slabs.length > 1)) this.#drop(slab);
  }

  /** No empty slab is kept any more: what is lent now goes back to the system when it is given back. */
  close(): void {
    this.#isClosed = true;
    for (const slab of [...this.#slabs]) if (slab.isEmpty) this.#drop(slab);
  }

  #drop(slab: Slab): void {
    this.#slabs.splice(this.#slabs.indexOf(slab), 1);
    free(slab.memory);
  }
}

/** Where nothing is lent: from `start` to before `end`, in bytes. */
interface Gap {
  start: number;
  end: number;
}

class Slab {
  readonly memory = new ArrayBuffer(SLAB_BYTES);
  /** In order; no two touch. */
  readonly #gaps: Gap[] = [{ start: 0, end: SLAB_BYTES }];

  get isEmpty(): boolean {
    const [first] = this.#gaps;
    return first !== undefined && first.end - first.start === SLAB_BYTES;
  }

  take(sizeBytes: number): Buffer | undefined {
    const lentBytes = wholePages(sizeBytes);
    for (let index = 0; index < this.#gaps.length; index++) {
      const gap = this.#gaps[index];
      if (gap === undefined || gap.end - gap.start < lentBytes) continue;
      const { start } = gap;
      gap.start += lentBytes;
      if (gap.start === gap.end) this.#gaps.splice(index, 1);
      return Buffer.from(this.memory, start, sizeBytes);
    }
    return undefined;
  }

  give({ byteOffset, length }: Buffer): void {
    this.#free(byteOffset, byteOffset + wholePages(length));
  }

  giveEnd({ byteOffset, length }: Buffer, keptBytes: number): void {
    const start = byteOffset + wholePages(keptBytes);
    const end = byteOffset + wholePages(length);
    if (start < end) this.#free(start, end);
  }

  #free(start: number, end: number): void {
    let index = 0;
    while ((this.#gaps[index]?.start ?? SLAB_BYTES) < start) index++;
    const before = this.#gaps[index - 1];
    const after = this.#gaps[index];
    const touchesAfter = after !== undefined && after.start === end;
    if (before?.end === start) {
      before.end = touchesAfter ? after.end : end;
      if (touchesAfter) this.#gaps.splice(index, 1);
    } else if (touchesAfter) {
      after.start = start;
    } else {
      this.#gaps.splice(index, 0, { start, end });
    }
  }
}

function wholePages(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_BYTES)) * PAGE_BYTES;
}

/** At once, not when garbage is collected. */
function free(memory: ArrayBufferLike): void {
  if (memory instanceof ArrayBuffer) memory.transfer(0);
}
