// What judging the batches of one request may take in one go, on the event loop, and how much may be said about their records: a few bytes of
// compressed data can stand for hundreds of megabytes and for millions of records.

import { Compression } from "../../protocol/records/batch-header.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { TooMuchContent } from "../../protocol/wire/malformed-message.ts";

/** A few milliseconds of work. Real batches are smaller: clients fill them up to 16 KiB or 1 MiB. */
const BYTES_AT_ONCE = 1024 * 1024;
/** gzip and zstd compress so many times as slow as the others decompress. */
const COST_OF_COMPRESSING = 16;
/** Each takes a hundred bytes of the answer. Kafka tells all. */
const MOST_RECORD_ERRORS = 10_000;

export class JudgingBudget {
  #bytesLeft = BYTES_AT_ONCE;
  #recordErrorsLeft = MOST_RECORD_ERRORS;

  /** The records of a compressed batch; `undefined` where they are too many to be decompressed now. Raises MalformedMessage. */
  inflate(batch: RecordBatch): Buffer | undefined {
    if (this.#bytesLeft === 0) return undefined;
    try {
      const body = batch.uncompressedBody(this.#bytesLeft);
      this.#bytesLeft -= body.length;
      return body;
    } catch (error) {
      if (!(error instanceof TooMuchContent)) throw error;
      this.#bytesLeft = 0;
      return undefined;
    }
  }

  /** Whether records may be compressed now. */
  mayCompress(compression: Compression, sizeBytes: number): boolean {
    const isSlow = compression === Compression.GZIP || compression === Compression.ZSTD;
    const cost = isSlow ? COST_OF_COMPRESSING * sizeBytes : sizeBytes;
    if (cost > this.#bytesLeft) return false;
    this.#bytesLeft -= cost;
    return true;
  }

  /** Whether one more record may be named. */
  takeRecordError(): boolean {
    if (this.#recordErrorsLeft === 0) return false;
    this.#recordErrorsLeft--;
    return true;
  }

  /** A batch that is too long now is so at any time. */
  get isWhole(): boolean {
    return this.#bytesLeft === BYTES_AT_ONCE;
  }

  /** Others have had their turn. */
  goOn(): void {
    this.#bytesLeft = BYTES_AT_ONCE;
  }
}
