import { expect, test } from "vitest";
import { BufferPool } from "../../src/base/buffer-pool.ts";

const MIB = 1024 * 1024;

test.each([1, 8192, 8193, 70_000, MIB, MIB + 8192, 15 * MIB])(
  "a buffer of %i bytes is at most a quarter larger, and used again",
  (size) => {
    const pool = new BufferPool();
    const buffer = pool.take(size);
    expect(buffer.length).toBeGreaterThanOrEqual(size);
    expect(buffer.length).toBeLessThanOrEqual(Math.max(8192, size * 1.25));
    pool.give(buffer);
    expect(pool.take(size)).toBe(buffer);
  },
);

test("what is too large or too much to be kept is free at once", () => {
  const pool = new BufferPool();
  const large = pool.take(17 * MIB);
  pool.give(large);
  expect(large.length).toBe(0);
  const many = Array.from({ length: 4 }, () => pool.take(10 * MIB));
  for (const buffer of many) pool.give(buffer);
  expect(many.map(({ length }) => length / MIB)).toEqual([10, 10, 10, 0]);
});
