// Rebuilds a coordinator's state: replays its partition from the start of the log to the end, as far as it is committed.
//
// Runs synchronously as long as the log answers so, up to a budget that loads which begin together share; then one of them goes on at a time, with
// other work in between. A short log is loaded before the call returns: most restarts are never seen as COORDINATOR_LOAD_IN_PROGRESS.
//
// What no coordinator wrote, or does not decode, is passed over and told (skipped-records.ts): whoever may write to an internal topic could keep
// the partition from being coordinated for good. Kafka skips types that it does not know, and gives the partition up at what does not decode.

import { ControlType, readControlBatch } from "../../protocol/records/control-batch.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { type Clock, othersTurn } from "../base/clock.ts";
import { Gate } from "../base/gate.ts";
import type { Logger } from "../base/logger.ts";
import type { Partition } from "../partition/partition.ts";
import type { LogRead } from "../storage/partition-log.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { CoordinatorState, RecordCodec, RecordOrigin } from "./coordinator-state.ts";
import { SkippedRecords } from "./skipped-records.ts";

const READ_BYTES = 1024 * 1024;
const READS_AT_ONCE = 4;
const NO_PRODUCER = -1;

/** Together, at once. */
const AT_ONCE_MS = 20;
/** What begins so soon after another load belongs to it. */
const TOGETHER_MS = 2;

/** What the loads of a coordinator share. */
export class LoadTurns {
  readonly #clock: Clock;
  readonly #gate = new Gate(1);
  #beganMs = Number.NEGATIVE_INFINITY;
  #endedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#endedMs > TOGETHER_MS) this.#beganMs = nowMs;
  }

  end(): void {
    this.#endedMs = this.#clock.now();
  }

  /** Nothing of this load, nor of those that belong to it, is done at once any more: a disk is waited for. */
  over(): void {
    this.#beganMs = Number.NEGATIVE_INFINITY;
    this.end();
  }

  get isOver(): boolean {
    return this.#clock.now() - this.#beganMs >= AT_ONCE_MS;
  }

  /** One at a time, after others had their turn. */
  pass(work: () => Promise<void>): Promise<void> {
    return this.#gate.pass(async () => {
      await othersTurn(this.#clock);
      await work();
    });
  }
}

export interface Load<Record> {
  readonly partition: Partition;
  readonly state: CoordinatorState<Record>;
  readonly codec: RecordCodec<Record>;
  readonly turns: LoadTurns;
  readonly logger: Logger;
  /** Asked after each pause; loading ends early once it is false. */
  readonly isWanted: () => boolean;
}

export interface LoadResult {
  readonly recordCount: number;
  readonly skipped: SkippedRecords;
}

/** What is damaged is said, and passed over. Throws StorageError. Not a promise when it could be done at once. */
export function load<Record>(options: Load<Record>): LoadResult | Promise<LoadResult> {
  const { partition, turns } = options;
  const progress: Progress = { offset: partition.logStartOffset, recordCount: 0, skipped: new SkippedRecords() };
  turns.begin();
  for (let reads = 0; reads < READS_AT_ONCE && !turns.isOver && progress.offset < partition.highWatermark; reads++) {
    const reading = read(options, progress);
    if (reading instanceof Promise) {
      turns.over();
      return loadRest(options, progress, reading);
    }
    replay(options, progress, reading);
  }
  turns.end();
  return progress.offset < partition.logEndOffset ? loadRest(options, progress) : progress;
}

interface Progress extends LoadResult {
  offset: number;
  recordCount: number;
}

async function loadRest<Record>(options: Load<Record>, progress: Progress, firstRead?: Promise<LogRead>): Promise<LoadResult> {
  const { partition, turns, isWanted } = options;
  if (firstRead !== undefined) {
    const done = await firstRead;
    await turns.pass(async () => {
      if (isWanted()) replay(options, progress, done);
    });
  }
  while (isWanted() && progress.offset < partition.logEndOffset) {
    // Others go on while this one waits.
    if (progress.offset >= partition.highWatermark) await partition.whenCommitted(partition.logEndOffset);
    await turns.pass(async () => {
      if (!isWanted()) return;
      const reading = read(options, progress);
      const done = reading instanceof Promise ? await reading : reading;
      if (isWanted()) replay(options, progress, done);
    });
  }
  return progress;
}

function read<Record>(options: Load<Record>, { offset }: Progress): LogRead | Promise<LogRead> {
  const passOver = (error: unknown): LogRead => {
    if (!(error instanceof StorageError && error.code === "SEGMENT_CORRUPT")) throw error;
    options.logger.error({ ...error.facts, offset }, "passed over damaged records of a coordinator");
    const { resumesAt } = error.facts;
    return { records: [], sizeBytes: 0, nextOffset: typeof resumesAt === "number" ? Math.max(resumesAt, offset + 1) : offset + 1 };
  };
  try {
    const reading = options.partition.read({ offset, maxBytes: READ_BYTES, isolationLevel: "read_uncommitted", firstBatchWhole: true });
    return reading instanceof Promise ? reading.catch(passOver) : reading;
  } catch (error) {
    return passOver(error);
  }
}

function replay<Record>(options: Load<Record>, progress: Progress, { records, nextOffset }: LogRead): void {
  for (const buffer of records) {
    for (const batch of batchesOf(buffer)) {
      if (!batch.isCrcValid()) {
        passOverBatch(options, progress, batch);
        return;
      }
      replayBatch(options, progress, batch);
      progress.offset = batch.nextOffset;
    }
  }
  // Where records were lost at its end, the log ends with offsets that nothing has.
  const isAtEnd = records.length === 0 && nextOffset <= progress.offset;
  progress.offset = Math.max(progress.offset, isAtEnd ? options.partition.highWatermark : nextOffset);
}

/** What it says of itself is not believed, nor what follows it here. */
function passOverBatch<Record>({ partition, logger }: Load<Record>, progress: Progress, { sizeBytes }: RecordBatch): void {
  const { topic, index, log } = partition;
  const facts = { topic, partition: index, offset: progress.offset, sizeBytes, ...log.placeOf?.(progress.offset) };
  logger.error(facts, "passed over damaged records of a coordinator");
  progress.offset++;
}

function replayBatch<Record>(options: Load<Record>, progress: Progress, batch: RecordBatch): void {
  try {
    if (batch.isControl) endTransaction(options.state, batch);
    else replayRecords(options, progress, batch);
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause;
    progress.skipped.add(batch.baseOffset, `the rest of a batch: ${cause.message}`);
  }
}

function endTransaction<Record>(state: CoordinatorState<Record>, batch: RecordBatch): void {
  const marker = readControlBatch(batch);
  if (marker?.type !== ControlType.COMMIT && marker?.type !== ControlType.ABORT) return;
  state.endTransaction(batch.producerId, marker.type === ControlType.COMMIT);
}

function replayRecords<Record>(options: Load<Record>, progress: Progress, batch: RecordBatch): void {
  const producerId = batch.isTransactional ? batch.producerId : NO_PRODUCER;
  for (const { offset, key, value } of recordsOf(batch)) {
    if (offset < progress.offset) continue;
    const reason = key === null ? "it has no key" : replayRecord(options, { key, value }, { offset, producerId });
    if (reason === undefined) progress.recordCount++;
    else progress.skipped.add(offset, reason);
  }
}

/** Gives why it could not. */
function replayRecord<Record>(
  { state, codec }: Load<Record>,
  { key, value }: { readonly key: Buffer; readonly value: Buffer | null },
  origin: RecordOrigin,
): string | undefined {
  let record: Record | undefined;
  try {
    record = codec.decode(key, value);
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause;
    return cause.message;
  }
  if (record === undefined) return "its type is not known to this version";
  state.replay(record, origin);
  return undefined;
}
