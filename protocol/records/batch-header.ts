// The 61 bytes at the head of a record batch, magic 2 (protocol guide, "Record Batch"). The CRC covers everything from the
// attributes on, so base offset and leader epoch can be written in place.
//
//   0 baseOffset | 8 batchLength | 12 partitionLeaderEpoch | 16 magic | 17 crc | 21 attributes | 23 lastOffsetDelta
//   27 baseTimestamp | 35 maxTimestamp | 43 producerId | 51 producerEpoch | 53 baseSequence | 57 recordCount | 61 records

import { fixedLayout, int8, int16, int32, int64, uint32 } from "../wire/layout.ts";

export const batchHeader = fixedLayout({
  baseOffset: int64,
  /** Bytes after this field. */
  batchLength: int32,
  partitionLeaderEpoch: int32,
  magic: int8,
  /** CRC-32C. */
  crc: uint32,
  attributes: int16,
  lastOffsetDelta: int32,
  /** Of the first record, or the delete horizon (KIP-534). */
  baseTimestamp: int64,
  maxTimestamp: int64,
  producerId: int64,
  producerEpoch: int16,
  baseSequence: int32,
  recordCount: int32,
});

export const BATCH_HEADER_BYTES = batchHeader.sizeBytes;
/** Base offset and length: what must be there to know a batch's size. */
export const BATCH_LENGTH_PREFIX_BYTES = batchHeader.offsetOf.partitionLeaderEpoch;
/** In the same place in message sets of magic 0 and 1. */
export const MAGIC_OFFSET = batchHeader.offsetOf.magic;
/** The first byte that the CRC covers. */
export const CRC_START = batchHeader.offsetOf.attributes;

export const MAGIC_V2 = 2;
export const NO_TIMESTAMP = -1;
export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_LEADER_EPOCH = -1;

/** Bits 0-2 of the attributes. */
export const Compression = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;
export type Compression = (typeof Compression)[keyof typeof Compression];

/** Bit 3 of the attributes. */
export const TimestampType = { CREATE_TIME: 0, LOG_APPEND_TIME: 1 } as const;
export type TimestampType = (typeof TimestampType)[keyof typeof TimestampType];

export const COMPRESSION_MASK = 0x07;
export const TIMESTAMP_TYPE_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;
export const DELETE_HORIZON_BIT = 0x40;

export type Attributes = {
  compression: Compression;
  timestampType: TimestampType;
  isTransactional: boolean;
  isControl: boolean;
  hasDeleteHorizon: boolean;
};

export function encodeAttributes(attributes: Partial<Attributes>): number {
  return (
    (attributes.compression ?? Compression.NONE) |
    (attributes.timestampType === TimestampType.LOG_APPEND_TIME ? TIMESTAMP_TYPE_BIT : 0) |
    (attributes.isTransactional === true ? TRANSACTIONAL_BIT : 0) |
    (attributes.isControl === true ? CONTROL_BIT : 0) |
    (attributes.hasDeleteHorizon === true ? DELETE_HORIZON_BIT : 0)
  );
}

/** The codec that attributes name; `undefined` for the ids 5 to 7, which name none. */
export function compressionOf(attributes: number): Compression | undefined {
  switch (attributes & COMPRESSION_MASK) {
    case 0:
      return Compression.NONE;
    case 1:
      return Compression.GZIP;
    case 2:
      return Compression.SNAPPY;
    case 3:
      return Compression.LZ4;
    case 4:
      return Compression.ZSTD;
    default:
      return undefined;
  }
}

export function timestampTypeOf(attributes: number): TimestampType {
  return (attributes & TIMESTAMP_TYPE_BIT) === 0 ? TimestampType.CREATE_TIME : TimestampType.LOG_APPEND_TIME;
}

const MAX_SEQUENCE = 0x7fffffff;

/** Sequences wrap: 0 follows 2147483647. */
export function advanceSequence(sequence: number, by: number): number {
  const next = sequence + by;
  return next > MAX_SEQUENCE ? next - MAX_SEQUENCE - 1 : next;
}
