// Reads every file of a data folder as a dump of it would, and holds them against each other: batches follow one another and are whole, entries
// of indexes say what the batches say, aborted transactions are indexed, snapshots know what is open, and checkpoints lie within the logs.
// The layouts are read here by themselves, not by what the product reads them with.

import { ControlType, readControlBatch } from "../../protocol/records/control-batch.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { crc32c } from "../../protocol/wire/crc32c.ts";
import type { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";

const INDEX_ENTRY_BYTES = 8;
const TIME_ENTRY_BYTES = 12;
const TRANSACTION_ENTRY_BYTES = 34;
const SNAPSHOT_HEADER_BYTES = 10;
const SNAPSHOT_ENTRY_BYTES = 46;
/** Of compactions that were abandoned something may be left, which the next start removes. */
const KNOWN_NAMES =
  /\.(log|index|timeindex|txnindex)(\.(deleted|cleaned|swap))?$|\.snapshot$|^partition\.metadata$|^(leader-epoch|recovery-point-offset|log-start-offset|aborted-transactions)-checkpoint$/;

/** @param isComplete after a stop in order, when files have all there is to say */
export function checkFolder(files: MemoryFilesystem, folder: string, isComplete: boolean): void {
  const ends = new Map<string, number>();
  for (const name of files.list(folder)) {
    const path = `${folder}/${name}`;
    if (!/-\d+$/.test(name) || files.stat(path)?.isDirectory !== true) continue;
    try {
      ends.set(name, new FolderOfLog(files, path, isComplete).check());
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  for (const name of files.list(folder).filter((each) => each.endsWith("-offset-checkpoint"))) {
    const lines = files.readFile(`${folder}/${name}`).toString().split("\n");
    const [version, count, ...entries] = lines;
    // One that a power failure tore counts as missing, and is written anew.
    if (!isComplete) continue;
    if (version !== "0" || Number(count) !== entries.length - 1) throw new Error(`${name} is no checkpoint: ${lines.join("|")}`);
    for (const line of entries.slice(0, -1)) {
      const [topic, partition, offset] = line.split(" ");
      const end = ends.get(`${topic}-${partition}`);
      if (isComplete && end !== undefined && Number(offset) > end) throw new Error(`${name} has ${line}, beyond the end ${end}`);
    }
  }
}

interface PlacedBatch {
  readonly batch: RecordBatch;
  readonly position: number;
  /** The largest of the segment's so far. */
  readonly maxTimestamp: number;
}

class FolderOfLog {
  readonly #files: MemoryFilesystem;
  readonly #path: string;
  readonly #isComplete: boolean;
  readonly #names: readonly string[];
  /** First offsets by producer. */
  readonly #open = new Map<number, number>();
  #nextOffset = 0;

  constructor(files: MemoryFilesystem, path: string, isComplete: boolean) {
    this.#files = files;
    this.#path = path;
    this.#isComplete = isComplete;
    this.#names = files.list(path);
  }

  /** Gives where the log ends. */
  check(): number {
    const logs = this.#names.filter((name) => name.endsWith(".log"));
    for (const [index, name] of logs.entries()) this.#checkSegment(name.slice(0, 20), index === logs.length - 1);
    if (this.#isComplete) this.#checkEpochs(logs);
    // Older ones are asked only when a newer one does not read.
    const newest = this.#names.findLast((each) => each.endsWith(".snapshot"));
    if (newest !== undefined && this.#isComplete) this.#checkSnapshot(newest);
    const strange = this.#names.filter((name) => !KNOWN_NAMES.test(name));
    if (strange.length > 0) throw new Error(`strange files: ${strange.join(", ")}`);
    return this.#nextOffset;
  }

  #read(name: string): Buffer | undefined {
    return this.#names.includes(name) ? this.#files.readFile(`${this.#path}/${name}`) : undefined;
  }

  #batches(name: string): RecordBatch[] {
    return [...batchesOf(this.#read(name) ?? Buffer.alloc(0))];
  }

  #checkSegment(base: string, isLast: boolean): void {
    const baseOffset = Number(base);
    if (baseOffset < this.#nextOffset) throw new Error(`segment ${base} begins before ${this.#nextOffset}`);
    const placed: PlacedBatch[] = [];
    const aborted: string[] = [];
    let position = 0;
    let maxTimestamp = -1;
    this.#nextOffset = Math.max(this.#nextOffset, baseOffset);
    for (const batch of this.#batches(`${base}.log`)) {
      if (!batch.isCrcValid()) throw new Error(`the checksum at ${position} of ${base}.log is wrong`);
      if (batch.baseOffset < this.#nextOffset) throw new Error(`offset ${batch.baseOffset} follows ${this.#nextOffset - 1}`);
      maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp);
      placed.push({ batch, position, maxTimestamp });
      position += batch.sizeBytes;
      this.#nextOffset = batch.nextOffset;
      const ended = this.#follow(batch);
      if (ended !== undefined) aborted.push(ended);
    }
    // Of what is empty the indexes begin anew with the first batch.
    if (placed.length === 0) return;
    this.#checkIndex(base, placed);
    this.#checkTimeIndex(base, placed, { maxTimestamp, isComplete: this.#isComplete || !isLast });
    this.#checkTransactions(base, aborted);
  }

  /** What the index must have of an aborted transaction. */
  #follow(batch: RecordBatch): string | undefined {
    const { producerId } = batch;
    if (!batch.isTransactional) return undefined;
    if (!batch.isControl) {
      if (!this.#open.has(producerId)) this.#open.set(producerId, batch.baseOffset);
      return undefined;
    }
    const first = this.#open.get(producerId);
    this.#open.delete(producerId);
    const isAbort = readControlBatch(batch)?.type === ControlType.ABORT;
    return isAbort && first !== undefined ? `${producerId} ${first} ${batch.lastOffset}` : undefined;
  }

  #checkIndex(base: string, placed: readonly PlacedBatch[]): void {
    const bytes = this.#read(`${base}.index`) ?? Buffer.alloc(0);
    if (bytes.length % INDEX_ENTRY_BYTES !== 0) throw new Error(`${base}.index has ${bytes.length} bytes`);
    for (let at = 0; at < bytes.length; at += INDEX_ENTRY_BYTES) {
      const lastOffset = Number(base) + bytes.readInt32BE(at);
      const position = bytes.readInt32BE(at + 4);
      if (!placed.some((each) => each.position === position && each.batch.lastOffset === lastOffset))
        throw new Error(`${base}.index has ${lastOffset} at ${position}, where no batch ends so`);
    }
  }

  #checkTimeIndex(
    base: string,
    placed: readonly PlacedBatch[],
    expected: { readonly maxTimestamp: number; readonly isComplete: boolean },
  ): void {
    const bytes = this.#read(`${base}.timeindex`);
    if (bytes === undefined) return;
    if (bytes.length % TIME_ENTRY_BYTES !== 0) throw new Error(`${base}.timeindex has ${bytes.length} bytes`);
    let last = -1;
    for (let at = 0; at < bytes.length; at += TIME_ENTRY_BYTES) {
      last = Number(bytes.readBigInt64BE(at));
      const offset = Number(base) + bytes.readInt32BE(at + 8);
      if (placed.find(({ batch }) => batch.lastOffset === offset)?.maxTimestamp !== last)
        throw new Error(`${base}.timeindex says that ${last} is reached at ${offset}`);
    }
    const { maxTimestamp, isComplete } = expected;
    if (isComplete && placed.length > 0 && last !== maxTimestamp)
      throw new Error(`${base}.timeindex ends with ${last} instead of ${maxTimestamp}`);
  }

  #checkTransactions(base: string, aborted: readonly string[]): void {
    const bytes = this.#read(`${base}.txnindex`) ?? Buffer.alloc(0);
    if (bytes.length % TRANSACTION_ENTRY_BYTES !== 0) throw new Error(`${base}.txnindex has ${bytes.length} bytes`);
    const entries: string[] = [];
    for (let at = 0; at < bytes.length; at += TRANSACTION_ENTRY_BYTES) {
      const [producerId, first, last] = [2, 10, 18].map((field) => Number(bytes.readBigInt64BE(at + field)));
      entries.push(`${producerId} ${first} ${last}`);
    }
    if (new Set(entries).size !== entries.length) throw new Error(`${base}.txnindex has an entry twice`);
    for (const one of aborted) if (!entries.includes(one)) throw new Error(`${base}.txnindex lacks ${one}; it has ${entries.join(", ")}`);
  }

  #checkEpochs(logs: readonly string[]): void {
    const text = this.#read("leader-epoch-checkpoint")?.toString();
    const entries = (text?.split("\n").slice(2, -1) ?? []).map((line) => line.split(" ").map(Number));
    for (const name of logs)
      for (const { baseOffset, partitionLeaderEpoch } of this.#batches(name)) {
        const epoch = entries.filter(([, start]) => (start ?? 0) <= baseOffset).at(-1)?.[0];
        // Below the log's start nobody asks.
        if (epoch !== undefined && epoch !== partitionLeaderEpoch)
          throw new Error(`the leader epoch at ${baseOffset} is ${partitionLeaderEpoch}, its checkpoint says ${epoch}`);
      }
  }

  #checkSnapshot(name: string): void {
    const bytes = this.#read(name) ?? Buffer.alloc(0);
    const count = bytes.length >= SNAPSHOT_HEADER_BYTES ? bytes.readInt32BE(6) : -1;
    const isWhole = bytes.length === SNAPSHOT_HEADER_BYTES + count * SNAPSHOT_ENTRY_BYTES && bytes.readUInt32BE(2) === crc32c(bytes, 6);
    if (!isWhole) throw new Error(`${name} is no snapshot`);
    if (Number(name.slice(0, 20)) !== this.#nextOffset)
      throw new Error(`the newest snapshot is ${name}, and the log ends at ${this.#nextOffset}`);
    const open = new Map<number, number>();
    for (let index = 0; index < count; index++) {
      const at = SNAPSHOT_HEADER_BYTES + index * SNAPSHOT_ENTRY_BYTES;
      const first = Number(bytes.readBigInt64BE(at + 38));
      if (first >= 0) open.set(Number(bytes.readBigInt64BE(at)), first);
    }
    for (const [producerId, first] of this.#open)
      if (open.get(producerId) !== first) throw new Error(`${name} does not know of the transaction of ${producerId} from ${first} on`);
  }
}
