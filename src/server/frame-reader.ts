// Cuts the bytes of one connection into frames: int32 size, then that many bytes.
//
// Frames that lie whole in the shared read buffer are handed up as views of it. A frame that straddles reads gets a buffer of its
// own from the pool, and the kernel reads the rest straight into it; a large one is taken as its bytes come, not as they were announced. A
// frame is valid only until its consumer returns.

import type { BufferPool } from "../base/buffer-pool.ts";
import { foreignProtocol } from "./foreign-protocol.ts";
import type { RequestHolder, RequestMemory } from "./request-memory.ts";

const SIZE_BYTES = 4;
const NOTHING = Buffer.alloc(0);
/** Of a larger frame, what is taken when it begins; then as much again as has come. */
const FIRST_PART_BYTES = 1024 * 1024;

/** Takes a frame without its size prefix; `true` asks for the next one, `false` means: not now, keep the rest. */
export type FrameConsumer = (frame: Buffer) => boolean;

export interface FrameReaderOptions {
  readonly pool: BufferPool;
  /** Where reads put their bytes, unless they belong to a frame with a buffer of its own. */
  readonly sharedReadBuffer: Buffer;
  readonly requestMemory: RequestMemory;
  readonly maxFrameBytes: number;
}

export interface FrameSender {
  /** What he sends is read as it comes. */
  readonly isHeard: boolean;
  destroy(error: Error): void;
}

const NOBODY: FrameSender = { isHeard: false, destroy: () => undefined };

export class FrameReader implements RequestHolder {
  readonly #options: FrameReaderOptions;
  readonly #consume: FrameConsumer;
  readonly #sender: FrameSender;
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
  #maxFrameBytes: number;
  /** Frames take of the memory that others share. */
  #isCounted = true;
  /** What the frame under way has taken of it. */
  #takenBytes = 0;

  /** @param sender of what comes; whether he is heard is his connection's to know */
  constructor(options: FrameReaderOptions, consume: FrameConsumer, sender: FrameSender = NOBODY) {
    this.#options = options;
    this.#sender = sender;
    this.#maxFrameBytes = options.maxFrameBytes;
    this.#consume = consume;
  }

  /**
   * From the next frame on, of who is not known yet: frames are small, and are not counted, as in Kafka. Else some that never come whole would
   * keep everybody out.
   */
  limitFrames(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes;
    this.#isCounted = false;
  }

  /** Frames are as everybody's who is known. */
  liftLimit(): void {
    this.#maxFrameBytes = this.#options.maxFrameBytes;
    this.#isCounted = true;
  }

  get receivedBytes(): number {
    return this.#sender.isHeard && !this.#isHeld ? this.#partialHave : Number.NaN;
  }

  destroy(error: Error): void {
    this.#sender.destroy(error);
  }

  /** Where the next read should put its bytes. */
  target(): Buffer {
    if (this.#partial === undefined || this.#isHeld) return this.#options.sharedReadBuffer;
    return this.#partial.subarray(this.#partialHave, this.#partialSize);
  }

  /** Bytes that wait because the consumer did not want more. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Nothing is handed up until `release`. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Held because there is no memory for the frame that begins. */
  get awaitsMemory(): boolean {
    return this.#isHeld && this.#prefixHave === SIZE_BYTES;
  }

  /** What has come of a size prefix that is not whole. */
  begunPrefix(): Buffer {
    return this.#prefixHave === 0 ? NOTHING : Buffer.from(this.#prefix.subarray(0, this.#prefixHave));
  }

  /** Takes what a read gave. Throws FrameTooLarge, or ForeignProtocol. */
  feed(bytes: Buffer): void {
    if (this.#isHeld) {
      this.#keep(Buffer.from(bytes));
      return;
    }
    if (
      this.#partial !== undefined &&
      bytes.buffer === this.#partial.buffer &&
      bytes.byteOffset === this.#partial.byteOffset + this.#partialHave
    ) {
      this.#extendPartial(bytes.length);
      return;
    }
    const end = this.#cut(bytes);
    if (end < bytes.length) this.#keep(Buffer.from(bytes.subarray(end)));
  }

  /** The consumer is ready again, or memory may be free: goes on with what was kept. */
  release(): void {
    this.#isHeld = false;
    if (this.#prefixHave === SIZE_BYTES) this.#startPartial();
    while (this.#kept.length > 0 && !this.#isHeld) {
      const kept = this.#kept;
      this.#kept = [];
      this.#keptBytes = 0;
      for (const bytes of kept) {
        const end = this.#isHeld ? 0 : this.#cut(bytes);
        if (end < bytes.length) this.#keep(bytes.subarray(end));
      }
    }
  }

  /** Gives pooled memory back. */
  close(): void {
    this.#endPartial();
    this.#kept = [];
    this.#keptBytes = 0;
  }

  /** Only memory of its own: what was read into is read into again. */
  #keep(bytes: Buffer): void {
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
  }

  /** Hands up what is wanted; gives where it ends. */
  #cut(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && !this.#isHeld) at = this.#takeNext(bytes, at);
    return at;
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
    return this.#fillPrefix(bytes, at);
  }

  #fillPartial(partial: Buffer, bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + Math.min(this.#partialSize, partial.length) - this.#partialHave);
    bytes.copy(partial, this.#partialHave, at, end);
    this.#extendPartial(end - at);
    return end;
  }

  /** What was put behind what there is of the frame counts from now on. */
  #extendPartial(bytes: number): void {
    const have = this.#partialHave + bytes;
    this.#partialHave = have;
    if (have === this.#partialSize) {
      this.#finishPartial();
      return;
    }
    const partial = this.#partial;
    if (partial === undefined || have < partial.length) return;
    this.#partial = this.#options.pool.take(Math.min(this.#partialSize, 2 * have));
    partial.copy(this.#partial);
    this.#options.pool.give(partial);
  }

  #fillPrefix(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + SIZE_BYTES - this.#prefixHave);
    bytes.copy(this.#prefix, this.#prefixHave, at, end);
    this.#prefixHave += end - at;
    if (this.#prefixHave === SIZE_BYTES) this.#startPartial();
    return end;
  }

  #checkedSize(bytes: Buffer, at: number): number {
    const sizeBytes = bytes.readInt32BE(at);
    const maxFrameBytes = this.#maxFrameBytes;
    if (sizeBytes < 0 || sizeBytes > maxFrameBytes) throw foreignProtocol(sizeBytes) ?? new FrameTooLarge(sizeBytes, maxFrameBytes);
    return sizeBytes;
  }

  /** The size of the frame is there. */
  #startPartial(): void {
    const sizeBytes = this.#checkedSize(this.#prefix, 0);
    const { pool, requestMemory } = this.#options;
    if (this.#isCounted && requestMemory.isUsedUp) {
      this.#isHeld = true;
      return;
    }
    this.#prefixHave = 0;
    this.#takenBytes = this.#isCounted ? sizeBytes : 0;
    requestMemory.take(this.#takenBytes, this);
    this.#partial = pool.take(Math.min(sizeBytes, FIRST_PART_BYTES));
    this.#partialSize = sizeBytes;
    this.#partialHave = 0;
    if (sizeBytes === 0) this.#finishPartial();
  }

  #finishPartial(): void {
    const frame = this.#partial?.subarray(0, this.#partialSize);
    if (frame !== undefined) this.#isHeld = !this.#consume(frame);
    this.#endPartial();
  }

  #endPartial(): void {
    if (this.#partial === undefined) return;
    this.#options.pool.give(this.#partial);
    this.#options.requestMemory.give(this.#takenBytes, this);
    this.#partial = undefined;
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
