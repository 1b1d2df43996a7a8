import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BufferPool } from "../../src/base/buffer-pool.ts";
import { ForeignProtocol } from "../../src/server/foreign-protocol.ts";
import { FrameReader, FrameTooLarge } from "../../src/server/frame-reader.ts";
import { RequestMemory } from "../../src/server/request-memory.ts";

function framed(payloads: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    payloads.flatMap((payload) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(payload.length);
      return [size, payload];
    }),
  );
}

function options(readBytes: number, { maxFrameBytes = 1000, pool = new BufferPool(), limitBytes = -1 } = {}) {
  const requestMemory = new RequestMemory(() => limitBytes);
  return { pool, sharedReadBuffer: Buffer.alloc(readBytes), requestMemory, maxFrameBytes };
}

/** Plays the kernel: puts the stream's bytes wherever the reader wants the next read, at most `sizes[i]` at a time. */
function play(reader: FrameReader, stream: Buffer, sizes: readonly number[]): void {
  let at = 0;
  for (let turn = 0; at < stream.length; turn++) {
    const target = reader.target();
    const count = Math.min(target.length, sizes[turn % sizes.length] ?? 1, stream.length - at);
    stream.copy(target, 0, at, at + count);
    reader.feed(target.subarray(0, count));
    at += count;
  }
}

describe("cutting a stream into frames", () => {
  test("frames come out whole and in order, however the stream was split and whenever the consumer paused", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 10 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        (payloads, sizes, wants) => {
          const seen: string[] = [];
          const consume = (frame: Buffer) => {
            seen.push(frame.toString("hex"));
            return wants[seen.length % wants.length] ?? true;
          };
          const reader = new FrameReader(options(64), consume);
          play(reader, framed(payloads), sizes);
          for (let tries = 0; tries <= payloads.length; tries++) reader.release();
          expect(seen).toEqual(payloads.map((payload) => Buffer.from(payload).toString("hex")));
          expect(reader.keptBytes).toBe(0);
        },
      ),
    );
  });

  test("nothing is handed up while the consumer does not want more", () => {
    const seen: number[] = [];
    const reader = new FrameReader(options(1024), (frame) => {
      seen.push(frame.length);
      return false;
    });
    play(reader, framed([Buffer.alloc(1), Buffer.alloc(2), Buffer.alloc(3)]), [1024]);
    expect(seen).toEqual([1]);
    expect(reader.keptBytes).toBe(6 + 7);
    reader.release();
    expect(seen).toEqual([1, 2]);
  });

  test("a large frame takes memory as its bytes come, not as it was announced", () => {
    const taken: number[] = [];
    class Watched extends BufferPool {
      override take(sizeBytes: number): Buffer {
        taken.push(sizeBytes);
        return super.take(sizeBytes);
      }
    }
    const size = 20 * 1024 * 1024;
    const seen: Buffer[] = [];
    const reader = new FrameReader(options(64 * 1024, { maxFrameBytes: size, pool: new Watched() }), (frame) => {
      seen.push(Buffer.from(frame));
      return true;
    });
    const payload = Buffer.alloc(size);
    for (let at = 0; at < size; at += 1000) payload.writeInt32BE(at, at);
    const stream = framed([payload]);
    play(reader, stream.subarray(0, 1000), [64 * 1024]);
    expect(taken).toEqual([1024 * 1024]);
    play(reader, stream.subarray(1000), [64 * 1024]);
    expect(taken.map((bytes) => bytes / 1024 / 1024)).toEqual([1, 2, 4, 8, 16, 20]);
    expect(seen.map((frame) => frame.equals(payload))).toEqual([true]);
  });

  test("while the memory of requests is used up, no frame is begun that needs some, and whole ones are handed up", () => {
    const seen: number[] = [];
    const shared = options(64, { limitBytes: 100 });
    const readerOf = () =>
      new FrameReader(shared, (frame) => {
        seen.push(frame.length);
        return true;
      });
    const [first, second, third] = [readerOf(), readerOf(), readerOf()];
    play(first, framed([Buffer.alloc(200)]).subarray(0, 10), [64]);
    play(second, framed([Buffer.alloc(20), Buffer.alloc(70)]), [64]);
    play(third, framed([Buffer.alloc(30)]).subarray(0, 6), [3]);
    expect(seen).toEqual([20]);
    expect([first, second, third].map(({ awaitsMemory }) => awaitsMemory)).toEqual([false, true, true]);
    let told = 0;
    shared.requestMemory.whenFree(() => told++);
    first.close();
    expect(told).toBe(1);
    second.release();
    third.release();
    play(third, Buffer.alloc(28), [64]);
    expect(seen).toEqual([20, 70, 30]);
    expect(shared.requestMemory.isUsedUp).toBe(false);
  });

  test("frames of who is not known yet are small and take nothing of that memory; from then on they do", () => {
    const seen: number[] = [];
    const shared = options(64, { limitBytes: 100 });
    const reader = new FrameReader(shared, (frame) => {
      seen.push(frame.length);
      if (frame.length === 150) reader.liftLimit();
      return true;
    });
    reader.limitFrames(200);
    const other = { receivedBytes: 100, destroy: () => undefined };
    shared.requestMemory.take(100, other);
    play(reader, framed([Buffer.alloc(200), Buffer.alloc(150), Buffer.alloc(70)]), [64]);
    expect([seen, reader.awaitsMemory]).toEqual([[200, 150], true]);
    shared.requestMemory.give(100, other);
    expect(shared.requestMemory.isUsedUp).toBe(false);
    reader.release();
    expect(seen).toEqual([200, 150, 70]);
    reader.limitFrames(200);
    expect(() => play(reader, framed([Buffer.alloc(201)]), [64])).toThrow(FrameTooLarge);
  });

  test.each([
    [-1, FrameTooLarge],
    [1001, FrameTooLarge],
    [0x16030100, ForeignProtocol],
  ])("a size of %i is refused before anything is allocated", (size, refusal) => {
    const reader = new FrameReader(options(64), () => true);
    const prefix = Buffer.alloc(4);
    prefix.writeInt32BE(size);
    expect(() => reader.feed(prefix)).toThrow(refusal);
  });
});
