import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BufferPool } from "../../src/base/buffer-pool.ts";
import { ForeignProtocol } from "../../src/server/foreign-protocol.ts";
import { FrameReader, FrameTooLarge } from "../../src/server/frame-reader.ts";

function framed(payloads: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    payloads.flatMap((payload) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(payload.length);
      return [size, payload];
    }),
  );
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
          const reader = new FrameReader(new BufferPool(), Buffer.alloc(64), 1000, consume);
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
    const reader = new FrameReader(new BufferPool(), Buffer.alloc(1024), 1000, (frame) => {
      seen.push(frame.length);
      return false;
    });
    play(reader, framed([Buffer.alloc(1), Buffer.alloc(2), Buffer.alloc(3)]), [1024]);
    expect(seen).toEqual([1]);
    expect(reader.keptBytes).toBe(6 + 7);
    reader.release();
    expect(seen).toEqual([1, 2]);
  });

  test.each([
    [-1, FrameTooLarge],
    [1001, FrameTooLarge],
    [0x16030100, ForeignProtocol],
  ])("a size of %i is refused before anything is allocated", (size, refusal) => {
    const reader = new FrameReader(new BufferPool(), Buffer.alloc(64), 1000, () => true);
    const prefix = Buffer.alloc(4);
    prefix.writeInt32BE(size);
    expect(() => reader.feed(prefix)).toThrow(refusal);
  });
});
