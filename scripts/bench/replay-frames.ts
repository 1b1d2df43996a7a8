// The frames of one connection, encoded beforehand, in one buffer, so that any number of them in a row is one write. Where every frame
// must differ (sequence numbers of producers), a frame is adapted in place before it is sent again; its checksum is made anew.

import { encodeRequest } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { ProduceOrder } from "./replay-order.ts";

/** The first flexible one, known to every broker since 2.4. */
export const PRODUCE_VERSION = 9;
/** Where a batch has its base sequence (the message format, version 2). */
const BASE_SEQUENCE_AT = 53;
/** Frames that are all alike are sent many at a time from a buffer of at least this size. */
const ROW_BYTES = 256 * 1024;

export interface Producer {
  readonly transactionalId: string | null;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export class Frames {
  readonly frameBytes: number;
  /** Of the records before compression, with the batch's header. */
  readonly batchBytes: number;
  /** Frames that lie in a row. */
  readonly count: number;
  /** Like the others, for the first partition, but with acks=1. */
  readonly last: Buffer;
  readonly #bytes: Buffer;
  readonly #batchAt: number;
  readonly #recordsPerBatch: number;
  readonly #partitionOf: readonly number[];
  /** By partition; `undefined` for producers without sequences. */
  readonly #nextSequence: Map<number, number> | undefined;

  constructor(order: ProduceOrder, partitions: readonly number[], producer: Producer | undefined) {
    const records = recordsOf(order);
    const batch = buildBatch(records, { compression: order.compression ?? Compression.NONE, baseSequence: 0, ...batchOptions(producer) });
    this.batchBytes = order.compression === undefined ? batch.bytes.length : buildBatch(records).bytes.length;
    const encoded = partitions.map((partition) => frameOf(order, partition, batch.bytes, producer, order.acks));
    this.last = frameOf(order, partitions[0] ?? 0, batch.bytes, producer, 1);
    this.frameBytes = encoded[0]?.length ?? 0;
    const least = Math.max(order.window, producer === undefined ? Math.floor(ROW_BYTES / this.frameBytes) : 0);
    this.count = Math.ceil(least / partitions.length) * partitions.length;
    this.#partitionOf = Array.from({ length: this.count }, (_, index) => partitions[index % partitions.length] ?? 0);
    this.#bytes = Buffer.concat(Array.from({ length: this.count / partitions.length }, () => encoded).flat());
    this.#batchAt = (encoded[0] ?? Buffer.alloc(0)).indexOf(batch.bytes.subarray(0, BASE_SEQUENCE_AT));
    this.#recordsPerBatch = order.recordsPerBatch;
    this.#nextSequence = producer === undefined ? undefined : new Map();
  }

  /** `count` frames from the one at `index` on, fewer at the end of the row. Those sent before from these places must be answered. */
  take(index: number, count: number): Buffer {
    const end = Math.min(index + count, this.count);
    if (this.#nextSequence !== undefined) for (let each = index; each < end; each++) this.#number(each, this.#nextSequence);
    return this.#bytes.subarray(index * this.frameBytes, end * this.frameBytes);
  }

  #number(index: number, nextSequence: Map<number, number>): void {
    const partition = this.#partitionOf[index] ?? 0;
    const sequence = nextSequence.get(partition) ?? 0;
    const at = index * this.frameBytes + this.#batchAt;
    this.#bytes.writeInt32BE(sequence, at + BASE_SEQUENCE_AT);
    new RecordBatch(this.#bytes, at).updateCrc();
    nextSequence.set(partition, sequence + this.#recordsPerBatch);
  }
}

function frameOf(order: ProduceOrder, partition: number, records: Buffer, producer: Producer | undefined, acks: number): Buffer {
  const topicData = [{ name: order.topic, partitionData: [{ index: partition, records }] }];
  const body = { transactionalId: producer?.transactionalId ?? null, acks, timeoutMs: 30_000, topicData };
  return Buffer.concat(encodeRequest(messages.produce, PRODUCE_VERSION, { correlationId: 1, clientId: "replay" }, body));
}

function batchOptions(producer: Producer | undefined) {
  if (producer === undefined) return { baseSequence: -1 };
  const { producerId, producerEpoch, transactionalId } = producer;
  return { producerId, producerEpoch, isTransactional: transactionalId !== null };
}

/** Values that compress about as well as text does: words of a small vocabulary, in an order that does not repeat. */
function recordsOf({ recordBytes, recordsPerBatch }: ProduceOrder) {
  let state = 1;
  const next = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
  const words = Array.from({ length: 500 }, () => Array.from({ length: 3 + next(7) }, () => String.fromCharCode(97 + next(26))).join(""));
  return Array.from({ length: recordsPerBatch }, () => {
    let text = "";
    while (text.length < recordBytes) text += `${words[next(words.length)]} `;
    return { key: null, value: Buffer.from(text.slice(0, recordBytes), "latin1") };
  });
}
