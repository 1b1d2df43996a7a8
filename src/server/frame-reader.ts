// Cuts the bytes of one connection into frames: int32 size, then that many bytes.
//
// Frames that lie whole in the shared read buffer are handed up as views of it. A frame that straddles reads gets a buffer of its
// own from the pool, and the kernel reads the rest straight into it. A frame is valid only until its consumer returns.

import type { BufferPool } from "../base/buffer-pool.ts";
import { foreignProtocol } from "./foreign-protocol.ts";

const SIZE_BYTES = 4;

/** Takes a frame without its size prefix; `true` asks for the next one, `false` means: not now, keep the rest. */
export type FrameConsumer = (frame: Buffer) => boolean;

export class FrameReader {
  readonly #pool: BufferPool;
  readonly #shared: Buffer;
  readonly #maxFrameBytes: number;
  readonly #consume: FrameConsumer;
  /** A frame under way, and how much of it is there. */
  #partial: Buffer | undefined;
  #partialSize = 0;
  #partialHave = 0;
  /** The bytes of a size prefix that was split by the end of a read. */
  readonly #prefix = Buffer.allocUnsafe(SIZE_BYTES);
  #prefixHave = 0;
  /** What came while the consumer did not want more. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #isHeld = false;

  constructor(pool: BufferPool, shared: Buffer, maxFrameBytes: number, consume: FrameConsumer) {
    this.#pool = pool;
    this.#shared = shared;
    this.#maxFrameBytes = maxFrameBytes;
    this.#consume = consume;
  }

  /** Where the next read should put its bytes. */
  target(): Buffer {
    if (this.#partial === undefined || this.#isHeld) return this.#shared;
    return this.#partial.subarray(this.#partialHave, this.#partialSize);
  }

  /** Bytes that wait because the consumer did not want more. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Takes what a read gave. Throws FrameTooLarge, or ForeignProtocol. */
  feed(bytes: Buffer): void {
    if (this.#isHeld) {
      this.#keep(bytes);
      return;
    }
    if (
      this.#partial !== undefined &&
      bytes.buffer === this.#partial.buffer &&
      bytes.byteOffset === this.#partial.byteOffset + this.#partialHave
    ) {
      this.#partialHave += bytes.length;
      if (this.#partialHave === this.#partialSize) this.#finishPartial();
      return;
    }
    this.#cut(bytes);
  }

  /** The consumer is ready again: goes on with what was kept. */
  release(): void {
    this.#isHeld = false;
    while (this.#kept.length > 0 && !this.#isHeld) {
      const kept = this.#kept;
      this.#kept = [];
      this.#keptBytes = 0;
      for (const bytes of kept) {
        if (this.#isHeld) this.#keep(bytes);
        else this.#cut(bytes);
      }
    }
  }

  /** Gives pooled memory back. */
  close(): void {
    if (this.#partial !== undefined) this.#pool.give(this.#partial);
    this.#partial = undefined;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#kept.push(Buffer.from(bytes));
    this.#keptBytes += bytes.length;
  }

  #cut(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#isHeld) at = this.#takeNext(bytes, at);
    this.#keep(bytes.subarray(at));
  }

  /** Takes what comes next, all of it or a part; gives where it ends. */
  #takeNext(bytes: Buffer, at: number): number {
    if (this.#partial !== undefined) return this.#fillPartial(this.#partial, bytes, at);
    if (this.#prefixHave > 0 || bytes.length - at < SIZE_BYTES) return this.#fillPrefix(bytes, at);
    const start = at + SIZE_BYTES;
    const end = start + this.#checkedSize(bytes, at);
    if (end <= bytes.length) {
      this.#isHeld = !this.#consume(bytes.subarray(start, end));
      return end;
    }
    this.#startPartial(end - start);
    return start;
  }

  #fillPartial(partial: Buffer, bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#partialSize - this.#partialHave);
    bytes.copy(partial, this.#partialHave, at, end);
    this.#partialHave += end - at;
    if (this.#partialHave === this.#partialSize) this.#finishPartial();
    return end;
  }

  #fillPrefix(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + SIZE_BYTES - this.#prefixHave);
    bytes.copy(this.#prefix, this.#prefixHave, at, end);
    this.#prefixHave += end - at;
    if (this.#prefixHave === SIZE_BYTES) {
      this.#prefixHave = 0;
      this.#startPartial(this.#checkedSize(this.#prefix, 0));
    }
    return end;
  }

  #checkedSize(bytes: Buffer, at: number): number {
    const sizeBytes = bytes.readInt32BE(at);
    if (sizeBytes < 0 || sizeBytes > this.#maxFrameBytes)
      throw foreignProtocol(sizeBytes) ?? new FrameTooLarge(sizeBytes, this.#maxFrameBytes);
    return sizeBytes;
  }

  #startPartial(sizeBytes: number): void {
    this.#partial = this.#pool.take(sizeBytes);
    this.#partialSize = sizeBytes;
    this.#partialHave = 0;
    if (sizeBytes === 0) this.#finishPartial();
  }

  #finishPartial(): void {
    const buffer = this.#partial;
    if (buffer === undefined) return;
    this.#partial = undefined;
    this.#isHeld = !this.#consume(buffer.subarray(0, this.#partialSize));
    this.#pool.give(buffer);
  }
}

/** The peer announced a frame that is larger than socket.request.max.bytes, or negative: it hardly speaks Kafka. */
export class FrameTooLarge extends Error {
  readonly sizeBytes: number;

  constructor(sizeBytes: number, maxBytes: number) {
    super(`a frame of ${sizeBytes} bytes; at most ${maxBytes}`);
    this.name = "FrameTooLarge";
    this.sizeBytes = sizeBytes;
  }
}
