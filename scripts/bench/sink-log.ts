// One partition of the sink: a file that batches are appended to. All batches of a partition have the same size and count of records,
// so that where an offset lies is a multiplication.
//
// Small batches are gathered in a buffer and written once for each read turn, large ones at once: the quickest way to append that was
// found for Node.

import { openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "../../protocol/wire/crc32c.ts";

const GATHERED_BYTES = 512 * 1024;
const LARGE_BYTES = 64 * 1024;
const CRC_AT = 17;
const CRC_START = 21;
const RECORD_COUNT_AT = 57;

export class SinkLog {
  readonly #file: number;
  readonly #isChecking: boolean;
  readonly #gathered = Buffer.allocUnsafeSlow(GATHERED_BYTES);
  #gatheredBytes = 0;
  #writtenBytes = 0;
  #batchBytes = 1;
  #recordsPerBatch = 0;
  /** Told once for each flush that wrote something. */
  appended: () => void = () => undefined;

  constructor(folder: string, name: string, isChecking: boolean) {
    this.#file = openSync(join(folder, name), "w+");
    this.#isChecking = isChecking;
  }

  get endOffset(): number {
    return (this.#writtenBytes / this.#batchBytes) * this.#recordsPerBatch;
  }

  /** Throws for a batch that is unlike the first one, and for one with a wrong checksum if that is asked for. */
  append(batch: Buffer): void {
    if (this.#recordsPerBatch === 0) {
      this.#batchBytes = batch.length;
      this.#recordsPerBatch = batch.readInt32BE(RECORD_COUNT_AT);
    }
    if (batch.length !== this.#batchBytes) throw new Error("the batches of a partition must have one size here");
    if (this.#isChecking && crc32c(batch, CRC_START) !== batch.readUInt32BE(CRC_AT)) throw new Error("the checksum is wrong");
    if (batch.length >= LARGE_BYTES) {
      this.flush();
      this.#write(batch);
      this.appended();
      return;
    }
    if (this.#gatheredBytes + batch.length > GATHERED_BYTES) this.flush();
    batch.copy(this.#gathered, this.#gatheredBytes);
    this.#gatheredBytes += batch.length;
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#gatheredBytes === 0) return;
    this.#write(this.#gathered.subarray(0, this.#gatheredBytes));
    this.#gatheredBytes = 0;
    this.appended();
  }

  /** Whole batches from `offset` on, at least one and at most `mostBytes` of them, into the buffer; how many bytes it read. */
  read(offset: number, mostBytes: number, into: (sizeBytes: number) => Buffer): Buffer {
    const at = (offset / this.#recordsPerBatch) * this.#batchBytes;
    const count = Math.max(1, Math.floor(Math.min(mostBytes, this.#writtenBytes - at) / this.#batchBytes));
    const bytes = into(count * this.#batchBytes).subarray(0, count * this.#batchBytes);
    readSync(this.#file, bytes, 0, bytes.length, at);
    for (let each = 0; each < count; each++) {
      writeInt64(bytes, each * this.#batchBytes, offset + each * this.#recordsPerBatch);
    }
    return bytes;
  }

  #write(bytes: Buffer): void {
    writeSync(this.#file, bytes);
    this.#writtenBytes += bytes.length;
  }
}

function writeInt64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  bytes.writeUInt32BE(value % 2 ** 32, at + 4);
}
