// Record batches that strangers send: right ones, ones of which a part lies, ones that inflate, and message sets of the old formats.

import { crc32 } from "node:zlib";
import { buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { BATCH_HEADER_BYTES, batchHeader, Compression, MAGIC_OFFSET } from "../../protocol/records/batch-header.ts";
import { compress } from "../../protocol/records/compression.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { bomb } from "./bombs.ts";
import type { Chance } from "./chance.ts";
import { anyInternalTopic, strangeRecord } from "./coordinator-records.ts";
import type { Persona } from "./persona.ts";
import { sealed, updateCrc } from "./sealed.ts";

const CODECS = Object.values(Compression);
const AT = batchHeader.offsetOf;
const INT32_LIES = [0, 1, -1, 2, 0x7fffffff, -0x80000000, 1_000_000, 61, 49];
const INT64_LIES = [0n, -1n, 1n, 7n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n, -5n];
const TIMES = [-1, 0, 1_700_000_000_000, 4_102_444_800_000];
/** Of so many requests that carry records, one has a bomb. */
const BOMB_ONE_IN = 4000;
const LARGE_ONE_IN = 200;

/** What a Produce carries for a partition. */
export function records(persona: Persona, chance: Chance): Buffer {
  if (chance.oneIn(BOMB_ONE_IN)) return bomb(chance);
  return chance.weighted<() => Buffer>([
    [12, () => honest(persona, chance).bytes],
    [8, () => lying(honest(persona, chance), chance)],
    [3, () => lyingInside(chance)],
    [3, () => oldMessages(chance)],
    [1, () => Buffer.concat([honest(persona, chance).bytes, lying(honest(persona, chance), chance)])],
    [1, () => chance.bytes(chance.pick([0, 1, 12, 61, 200]))],
    // For an internal topic, if that is where it goes.
    [1, () => buildBatch([strangeRecord(anyInternalTopic(chance), persona, chance)], { timestamp: chance.pick(TIMES) }).bytes],
  ])();
}

/** One that Kafka would take, of a producer with a memory or without. */
function honest(persona: Persona, chance: Chance): RecordBatch {
  const count = chance.pick([1, 1, 2, 3, 10]);
  const compression = chance.oneIn(3) ? chance.pick(CODECS) : Compression.NONE;
  const valueBytes = chance.oneIn(LARGE_ONE_IN) ? 100_000 : 60;
  const all = Array.from({ length: count }, () => record(chance, valueBytes));
  const options = { timestamp: chance.pick(TIMES), compression };
  const producerId = persona.told("producerId");
  const isOwn = chance.oneIn(2) && typeof producerId === "number";
  if (!isOwn) return buildBatch(all, options);
  const producerEpoch = Number(persona.told("producerEpoch") ?? 0);
  const baseSequence = chance.oneIn(8) ? chance.pick([0, 1, 5, 0x7fffffff]) : persona.count("sequence", count);
  return buildBatch(all, { ...options, producerId, producerEpoch, baseSequence, isTransactional: chance.oneIn(2) });
}

function record(chance: Chance, valueBytes: number): NewRecord {
  const key = chance.oneIn(3) ? null : Buffer.from(`key-${chance.below(20)}`);
  const headers = chance.oneIn(4) ? [{ key: "header", value: chance.bytes(3) }] : [];
  return { key, value: chance.oneIn(6) ? null : Buffer.alloc(chance.below(valueBytes), "v"), headers };
}

/** A field of the header says something else than is so; the checksum mostly fits. */
function lying(batch: RecordBatch, chance: Chance): Buffer {
  const bytes = Buffer.from(batch.bytes);
  for (let lies = chance.pick([1, 1, 1, 2, 3]); lies > 0; lies--) chance.pick(LIES)(bytes, chance);
  if (!chance.oneIn(6) && bytes.length >= BATCH_HEADER_BYTES && bytes[MAGIC_OFFSET] === 2) updateCrc(bytes);
  return bytes;
}

const LIES: readonly ((bytes: Buffer, chance: Chance) => void)[] = [
  (bytes, chance) => bytes.writeInt32BE(chance.pick(INT32_LIES), AT.recordCount),
  (bytes, chance) => bytes.writeInt32BE(chance.pick(INT32_LIES), AT.lastOffsetDelta),
  (bytes, chance) => bytes.writeInt32BE((bytes.readInt32BE(AT.batchLength) + chance.pick([1, -1, 1000, -60, 0x10000])) | 0, AT.batchLength),
  (bytes, chance) => bytes.writeInt32BE(chance.pick(INT32_LIES), AT.batchLength),
  (bytes, chance) => bytes.writeInt16BE(chance.pick([1, 2, 3, 4, 5, 7, 8, 0x10, 0x20, 0x30, 0x40, 0x7f80, -1]), AT.attributes),
  (bytes, chance) => bytes.writeBigInt64BE(chance.pick(INT64_LIES), AT.baseTimestamp),
  (bytes, chance) => bytes.writeBigInt64BE(chance.pick(INT64_LIES), AT.maxTimestamp),
  (bytes, chance) => bytes.writeBigInt64BE(chance.pick(INT64_LIES), AT.producerId),
  // The first batch of a producer that there is not.
  (bytes, chance) => {
    bytes.writeBigInt64BE(chance.pick(INT64_LIES), AT.producerId);
    bytes.writeInt16BE(0, AT.producerEpoch);
    bytes.writeInt32BE(0, AT.baseSequence);
  },
  (bytes, chance) => bytes.writeInt16BE(chance.pick([0, -1, 1, 32_767, -32_768]), AT.producerEpoch),
  (bytes, chance) => bytes.writeInt32BE(chance.pick(INT32_LIES), AT.baseSequence),
  (bytes, chance) => bytes.writeBigInt64BE(chance.pick(INT64_LIES), AT.baseOffset),
  (bytes, chance) => bytes.writeInt32BE(chance.pick(INT32_LIES), AT.partitionLeaderEpoch),
  (bytes, chance) => bytes.writeInt8(chance.pick([0, 1, 3, -1, 127]), AT.magic),
  (bytes, chance) => bytes.writeUInt32BE(chance.below(2 ** 31), AT.crc),
  (bytes, chance) => bytes.writeUInt8(chance.below(256), chance.below(bytes.length)),
];

/** The records inside lie: about lengths, deltas, counts of headers; mostly under a checksum and counts that are right. */
function lyingInside(chance: Chance): Buffer {
  const compression = chance.oneIn(2) ? chance.pick(CODECS) : Compression.NONE;
  const count = chance.pick([1, 2, 3]);
  const bodies = Array.from({ length: count }, (_, index) => crookedRecord(index, chance));
  return packed(Buffer.concat(bodies), compression, chance.oneIn(5) ? count + 1 : count, chance);
}

function crookedRecord(index: number, chance: Chance): Buffer {
  const varint = (honestly: number): Buffer => (chance.oneIn(5) ? Buffer.from(chance.pick(CROOKED_VARINTS)) : Buffer.from([honestly * 2]));
  const fields = Buffer.concat([
    Buffer.from([0]),
    varint(0),
    varint(index),
    varint(1),
    Buffer.from("k"),
    varint(2),
    Buffer.from("vv"),
    varint(0),
  ]);
  const length = chance.oneIn(6) ? chance.pick([0, 1, 60, -1, fields.length + 1]) : fields.length;
  return Buffer.concat([Buffer.from([length < 0 ? 1 : length * 2]), fields]);
}

const CROOKED_VARINTS: readonly (readonly number[])[] = [
  [1],
  [3],
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0x80],
];

/** A batch around a body, which may be compressed wrongly, or cut off. */
function packed(body: Buffer, codec: Compression, count: number, chance: Chance): Buffer {
  const compressed = compress(codec, body);
  if (!chance.oneIn(6)) return sealed(compressed, codec, count);
  return sealed(chance.oneIn(2) ? compressed.subarray(0, chance.below(compressed.length + 1)) : chance.bytes(20), codec, count);
}

/** Formats 0 and 1, plain or one in another's value, with or without lies. */
function oldMessages(chance: Chance): Buffer {
  const magic = chance.pick([0, 1]);
  const messages = Array.from({ length: chance.pick([1, 2, 3]) }, (_, index) =>
    oldMessage({ magic, offset: index, value: Buffer.from("old"), chance }),
  );
  const set = Buffer.concat(messages);
  if (chance.oneIn(2)) return set;
  const codec = chance.pick([1, 2, 3, 4, 5]);
  const inner = chance.oneIn(4) ? Buffer.concat([oldMessage({ magic, offset: 0, value: compressOld(1, set), codec: 1, chance })]) : set;
  return oldMessage({ magic, offset: messages.length - 1, value: compressOld(codec, inner), codec, chance });
}

function compressOld(codec: number, set: Buffer): Buffer {
  const known = CODECS.find((each) => each === codec);
  return known === undefined ? set : compress(known, set);
}

function oldMessage(options: { magic: number; offset: number; value: Buffer; codec?: number; chance: Chance }): Buffer {
  const { magic, offset, value, codec = 0, chance } = options;
  const time = Buffer.alloc(magic === 1 ? 8 : 0);
  const lengthOf = (bytes: number) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(chance.oneIn(25) ? chance.pick(INT32_LIES) : bytes);
    return length;
  };
  const inside = Buffer.concat([
    Buffer.from([magic, codec]),
    time,
    chance.oneIn(2) ? lengthOf(-1) : Buffer.concat([lengthOf(1), Buffer.from("k")]),
    lengthOf(value.length),
    value,
  ]);
  const head = Buffer.alloc(16);
  head.writeBigInt64BE(chance.oneIn(20) ? chance.pick(INT64_LIES) : BigInt(offset), 0);
  head.writeInt32BE(chance.oneIn(25) ? chance.pick(INT32_LIES) : inside.length + 4, 8);
  head.writeUInt32BE(chance.oneIn(25) ? 1 : crc32(inside), 12);
  return Buffer.concat([head, inside]);
}
