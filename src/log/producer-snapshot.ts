// Producer states in a file, so that a start need not read the whole log: Kafka's `.snapshot`, named by the offset up to which it holds.
// Of each producer's batches only the last is kept.
//
//   int16 version (1) | uint32 CRC-32C of what follows | int32 count | entries

import { crc32c } from "../../protocol/wire/crc32c.ts";
import { nearestInt64 } from "../../protocol/wire/int64.ts";
import { fixedLayout, int16, int32, int64, uint32 } from "../../protocol/wire/layout.ts";
import type { ProducerState } from "../storage/producer-states.ts";

const header = fixedLayout({ version: int16, crc: uint32, count: int32 });
const entry = fixedLayout({
  producerId: int64,
  producerEpoch: int16,
  lastSequence: int32,
  lastOffset: int64,
  offsetDelta: int32,
  timestamp: int64,
  coordinatorEpoch: int32,
  transactionFirstOffset: int64,
});

const VERSION = 1;
const CRC_START = header.offsetOf.count;

export function encodeProducerSnapshot(states: readonly ProducerState[]): Buffer {
  const bytes = Buffer.alloc(header.sizeBytes + states.length * entry.sizeBytes);
  states.forEach((state, index) => {
    const last = state.batches.at(-1);
    const values = {
      producerId: state.producerId,
      producerEpoch: state.producerEpoch,
      lastSequence: last?.lastSequence ?? -1,
      lastOffset: last?.lastOffset ?? -1,
      offsetDelta: last?.offsetDelta ?? 0,
      timestamp: nearestInt64(state.lastTimestampMs),
      coordinatorEpoch: state.coordinatorEpoch,
      transactionFirstOffset: state.transactionFirstOffset,
    };
    entry.encode(values, bytes, header.sizeBytes + index * entry.sizeBytes);
  });
  header.encode({ version: VERSION, crc: 0, count: states.length }, bytes, 0);
  header.fields.crc.write(bytes, 0, crc32c(bytes, CRC_START));
  return bytes;
}

/** `undefined` for what is not a whole snapshot of this version. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerState[] | undefined {
  if (bytes.length < header.sizeBytes) return undefined;
  const { version, crc, count } = header.decode(bytes, 0);
  if (version !== VERSION || crc !== crc32c(bytes, CRC_START)) return undefined;
  if (bytes.length !== header.sizeBytes + count * entry.sizeBytes) return undefined;
  return Array.from({ length: count }, (_, index) => decodeState(bytes, header.sizeBytes + index * entry.sizeBytes));
}

function decodeState(bytes: Buffer, at: number): ProducerState {
  const { producerId, producerEpoch, lastSequence, lastOffset, offsetDelta, timestamp, coordinatorEpoch, transactionFirstOffset } =
    entry.decode(bytes, at);
  return {
    producerId,
    producerEpoch,
    coordinatorEpoch,
    lastTimestampMs: timestamp,
    transactionFirstOffset,
    batches: lastOffset < 0 ? [] : [{ lastSequence, lastOffset, offsetDelta, timestampMs: timestamp }],
  };
}
