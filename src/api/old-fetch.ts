// Reads of clients from before Kafka 0.11 (Fetch 0 to 3): what lies in the log is given as messages of magic 0 (versions 0 and 1) or 1, as Kafka
// did it up to 3.9. Transaction markers are left out; of uncompressed batches only what was asked for is given. What is given takes as
// much as what was read, or as the first batch takes when it is converted.
//
// Up to version 2 no message is given that is larger than the client's limit: it is to see that one is cut off, and to raise the limit. Kafka
// 3.9 gives it nothing then, also where it is a batch that is too large for the limit and not a message; here it gets the messages that fit.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { wrapperOf } from "../../protocol/records/down-conversion.ts";
import { type LegacyMagic, MessageSetWriter } from "../../protocol/records/message-set-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { Slices } from "../base/slices.ts";
import type { Partition, PartitionRead } from "../partition/partition.ts";
import type { LogRead } from "../storage/partition-log.ts";
import type { Services } from "./services.ts";

export const FIRST_VERSION_WITH_BATCHES = 4;
const FIRST_VERSION_WITH_MAGIC_1 = 2;
const FIRST_VERSION_WITH_LARGE_MESSAGES = 3;

/** The old formats have no way to say what is there. */
export class Unconvertible extends Error {
  readonly error: ErrorCode;

  constructor(error: ErrorCode) {
    super("records cannot be converted");
    this.error = error;
  }
}

interface OldRead extends PartitionRead {
  readonly apiVersion: number;
  /** The client's limit, of which `maxBytes` may be less. */
  readonly askedBytes: number;
}

/** As `Partition.read`. Rejects with Unconvertible too. */
export async function readConverted(services: Services, partition: Partition, asked: OldRead): Promise<LogRead> {
  const { apiVersion, askedBytes, firstBatchWhole } = asked;
  if (partition.settings["compression.type"] === "zstd") throw new Unconvertible(Errors.UNSUPPORTED_COMPRESSION_TYPE);
  const magic = apiVersion < FIRST_VERSION_WITH_MAGIC_1 ? 0 : 1;
  const isLimited = apiVersion < FIRST_VERSION_WITH_LARGE_MESSAGES;
  for (let { offset } = asked; ; ) {
    let read = await partition.read({ ...asked, offset, firstBatchWhole: firstBatchWhole && !isLimited });
    const isTooLarge = isLimited && read.sizeBytes === 0 && firstBatchWhole && askedBytes > 0;
    if (isTooLarge) read = await partition.read({ ...asked, offset });
    const answer = new OldAnswer(services, {
      magic,
      offset: asked.offset,
      readBytes: read.sizeBytes,
      limitBytes: isTooLarge ? askedBytes : undefined,
    });
    try {
      await answer.addAll(read.records);
    } finally {
      read.release?.();
    }
    if (answer.sizeBytes > 0) return answer.read;
    // Nothing but markers: what comes behind them is looked for, so that the client gets on.
    if (read.sizeBytes === 0 || read.nextOffset >= partition.readableUntil(asked.isolationLevel)) return answer.read;
    offset = read.nextOffset;
  }
}

interface Asked {
  readonly magic: LegacyMagic;
  readonly offset: number;
  readonly readBytes: number;
  /** Nothing is given beyond it; else what the first batch becomes may take more than what was read. */
  readonly limitBytes: number | undefined;
}

class OldAnswer {
  readonly #services: Services;
  readonly #asked: Asked;
  readonly #slices: Slices;
  readonly #parts: Buffer[] = [];
  #sizeBytes = 0;
  #limitBytes: number;
  #nextOffset: number;

  constructor(services: Services, asked: Asked) {
    this.#services = services;
    this.#asked = asked;
    this.#slices = new Slices(services.clock);
    this.#limitBytes = asked.limitBytes ?? Number.POSITIVE_INFINITY;
    this.#nextOffset = asked.offset;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get read(): LogRead {
    return { records: this.#parts, sizeBytes: this.#sizeBytes, nextOffset: this.#nextOffset };
  }

  async addAll(records: readonly Buffer[]): Promise<void> {
    for (const buffer of records) {
      for (let at = 0; at < buffer.length; ) {
        const batch = new RecordBatch(buffer, at);
        at = batch.end;
        if (this.#slices.isOver) await this.#slices.next();
        if (batch.isControl) continue;
        if (batch.compression === Compression.ZSTD && this.#sizeBytes > 0) return;
        if (!(await this.#add(batch))) return;
        this.#limitBytes = this.#asked.limitBytes ?? Math.max(this.#asked.readBytes, this.#sizeBytes);
      }
    }
  }

  /** Whether more may follow. */
  #add(batch: RecordBatch): Promise<boolean> {
    switch (batch.compression) {
      case Compression.NONE:
        return this.#addMessages(batch);
      case Compression.ZSTD:
        throw new Unconvertible(Errors.UNSUPPORTED_COMPRESSION_TYPE);
      default:
        return this.#addWrapper(batch);
    }
  }

  async #addMessages(batch: RecordBatch): Promise<boolean> {
    const { magic, offset } = this.#asked;
    const writer = new MessageSetWriter(magic, batch.timestampType);
    let isFull = false;
    for (const record of recordsOf(batch)) {
      if (record.offset < offset) continue;
      if (this.#slices.isOver) await this.#slices.next();
      isFull = this.#sizeBytes + writer.sizeBytes + writer.sizeOf(record) > this.#limitBytes;
      if (!isFull || this.#isFirst(writer)) writer.add(record);
      if (isFull) break;
      this.#nextOffset = record.offset + 1;
    }
    this.#give(writer.take());
    return !isFull;
  }

  async #addWrapper(batch: RecordBatch): Promise<boolean> {
    const wrapper = await this.#services.longBatches.pass(() => wrapperOf(batch, this.#asked.magic));
    if (wrapper === undefined) throw new Unconvertible(Errors.MESSAGE_TOO_LARGE);
    const isFull = this.#sizeBytes + wrapper.length > this.#limitBytes;
    if (!isFull || this.#sizeBytes === 0) this.#give(wrapper);
    if (!isFull) this.#nextOffset = batch.nextOffset;
    return !isFull;
  }

  #isFirst(writer: MessageSetWriter): boolean {
    return this.#sizeBytes === 0 && writer.sizeBytes === 0;
  }

  /** The first message is cut off where it is too large. */
  #give(messages: Buffer): void {
    const given = this.#sizeBytes === 0 && messages.length > this.#limitBytes ? messages.subarray(0, this.#limitBytes) : messages;
    if (given.length > 0) this.#parts.push(given);
    this.#sizeBytes += given.length;
  }
}
