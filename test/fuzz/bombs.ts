// Batches that are small as they are sent, and large when they are decompressed. Each is made once, when it is first drawn.

import { constants, zstdCompressSync } from "node:zlib";
import { Compression } from "../../protocol/records/batch-header.ts";
import { compress } from "../../protocol/records/compression.ts";
import type { Chance } from "./chance.ts";
import { sealed } from "./sealed.ts";

const MEBIBYTE = 1024 * 1024;
/** A record of seven bytes that says nothing. */
const EMPTY_RECORD = Buffer.from([12, 0, 0, 0, 1, 1, 0]);

const zeros = (mebibytes: number) => Buffer.alloc(mebibytes * MEBIBYTE);
const flood = (count: number) => Buffer.alloc(count * EMPTY_RECORD.length, EMPTY_RECORD);

const MAKERS: readonly (() => Buffer)[] = [
  () => packed(zeros(60), Compression.GZIP, 1),
  () => packed(zeros(20), Compression.SNAPPY, 1),
  () => packed(zeros(60), Compression.LZ4, 1),
  () => packed(zeros(120), Compression.ZSTD, 1),
  () => packed(flood(300_000), Compression.ZSTD, 300_000),
  () => packed(flood(300_000), Compression.GZIP, 300_000),
  () => packed(flood(300_000), Compression.LZ4, 300_000),
  // In each other: only the outer one is for a broker to open.
  () => packed(compress(Compression.GZIP, compress(Compression.GZIP, zeros(60))), Compression.GZIP, 1),
  () => packed(compress(Compression.ZSTD, compress(Compression.ZSTD, zeros(60))), Compression.ZSTD, 1),
  // A window of the sender's choice.
  () => sealed(zstdCompressSync(zeros(40), { params: { [constants.ZSTD_c_windowLog]: 27 } }), Compression.ZSTD, 1),
  // Honest about nothing: how many there are, nor that it ends.
  () => packed(flood(100_000), Compression.ZSTD, 0x7fffffff),
  () => packed(flood(200_000).subarray(0, -3), Compression.SNAPPY, 200_000),
];
const made = new Map<number, Buffer>();

export function bomb(chance: Chance): Buffer {
  const index = chance.below(MAKERS.length);
  const known = made.get(index) ?? MAKERS[index]?.() ?? Buffer.alloc(0);
  made.set(index, known);
  return known;
}

function packed(body: Buffer, codec: Compression, count: number): Buffer {
  return sealed(compress(codec, body), codec, count);
}
