import { expect, test } from "vitest";
import { BufferPool } from "../../src/base/buffer-pool.ts";

const MIB = 1024 * 1024;
const SLAB_BYTES = 32 * MIB;

test.each([0, 1, 4096, 4097, 70_000, MIB + 1, SLAB_BYTES, SLAB_BYTES + 1])("%i bytes are lent exactly, and used again", (size) => {
  const pool = new BufferPool();
  const buffer = pool.take(size);
  expect(buffer.length).toBe(size);
  pool.give(buffer);
  const again = pool.take(size);
  expect(again.length).toBe(size);
  if (size <= SLAB_BYTES) expect(again.buffer).toBe(buffer.buffer);
});

test("what does not fit into a slab is free at once", () => {
  const pool = new BufferPool();
  const large = pool.take(SLAB_BYTES + 1);
  pool.give(large);
  expect(large.length).toBe(0);
});

test("a slab of which nothing is lent is free at once, but for the last one", () => {
  const pool = new BufferPool();
  const many = Array.from({ length: 10 }, () => pool.take(10 * MIB));
  expect(new Set(many.map((buffer) => buffer.buffer)).size).toBe(4);
  const [kept, ...others] = many;
  for (const buffer of others) pool.give(buffer);
  expect(others.map(({ length }) => length / MIB)).toEqual([10, 10, 0, 0, 0, 0, 0, 0, 0]);
  if (kept !== undefined) pool.give(kept);
  expect(kept?.length).toBe(10 * MIB);
});

test("a pool that is closed keeps nothing but what is lent", () => {
  const pool = new BufferPool();
  const buffer = pool.take(MIB);
  pool.close();
  expect(buffer.length).toBe(MIB);
  pool.give(buffer);
  expect(buffer.length).toBe(0);
  const kept = new BufferPool();
  const given = kept.take(MIB);
  kept.give(given);
  expect(given.length).toBe(MIB);
  kept.close();
  expect(given.length).toBe(0);
});

test("what is not needed of a buffer is lent to others", () => {
  const pool = new BufferPool();
  const buffer = pool.take(SLAB_BYTES);
  buffer[0] = 7;
  const kept = pool.shrink(buffer, 5000);
  expect([kept.length, kept[0], kept.buffer === buffer.buffer]).toEqual([5000, 7, true]);
  const rest = pool.take(SLAB_BYTES - 8192);
  expect([rest.buffer === kept.buffer, rest.byteOffset]).toEqual([true, 8192]);
  expect(pool.take(1).buffer === kept.buffer).toBe(false);
  pool.give(kept);
  expect(pool.take(8192).byteOffset).toBe(0);
});

test("whatever is taken, shrunk and given, in whatever order, no two pieces overlap, and nothing is lost", () => {
  const pool = new BufferPool();
  let state = 20_261_129;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const lent: { readonly buffer: Buffer; readonly mark: number }[] = [];
  for (let step = 1; step <= 4000; step++) {
    if (lent.length > 100 || (lent.length > 0 && random(2) === 0)) {
      const [{ buffer, mark } = { buffer: Buffer.alloc(0), mark: 0 }] = lent.splice(random(lent.length), 1);
      if (buffer.length > 0) expect([buffer[0], buffer.at(-1)]).toEqual([mark, mark]);
      pool.give(buffer);
      continue;
    }
    const taken = pool.take(random(3 * MIB));
    const buffer = random(2) === 0 ? taken : pool.shrink(taken, random(taken.length + 1));
    const mark = step % 256;
    if (buffer.length > 0) {
      buffer[0] = mark;
      buffer[buffer.length - 1] = mark;
    }
    lent.push({ buffer, mark });
  }
  for (const { buffer } of lent) pool.give(buffer);
  const whole = pool.take(SLAB_BYTES);
  expect(whole.byteOffset).toBe(0);
  const others = Array.from({ length: 3 }, () => pool.take(1));
  expect(new Set(others.map(({ buffer }) => buffer)).size).toBe(1);
});
