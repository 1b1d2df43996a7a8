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
import { assert } from "../base/assert.ts";
import { type Clock, othersTurn } from "../base/clock.ts";
import { Gate } from "../base/gate.ts";
import type { Partition } from "../partition/partition.ts";
import type { LogRead } from "../storage/partition-log.ts";
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
  /** Asked after each pause; loading ends early once it is false. */
  readonly isWanted: () => boolean;
}

export interface LoadResult {
  readonly recordCount: number;
  readonly skipped: SkippedRecords;
}

/** Throws StorageError. Not a promise when it could be done at once. */
export function load<Record>(options: Load<Record>): LoadResult | Promise<LoadResult> {
  const { partition, turns } = options;
  const progress: Progress = { offset: partition.logStartOffset, recordCount: 0, skipped: new SkippedRecords() };
  turns.begin();
  for (let reads = 0; reads < READS_AT_ONCE && !turns.isOver && progress.offset < partition.highWatermark; reads++) {
    const reading = read(partition, progress);
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
      const reading = read(partition, progress);
      const done = reading instanceof Promise ? await reading : reading;
      if (isWanted()) replay(options, progress, done);
    });
  }
  return progress;
}

function read(partition: Partition, { offset }: Progress): LogRead | Promise<LogRead> {
  return partition.read({ offset, maxBytes: READ_BYTES, isolationLevel: "read_uncommitted", firstBatchWhole: true });
}

function replay<Record>(options: Load<Record>, progress: Progress, { records, nextOffset }: LogRead): void {
  assert(nextOffset > progress.offset, "a read below the high watermark gets on");
  for (const buffer of records) for (const batch of batchesOf(buffer)) replayBatch(options, progress, batch);
  progress.offset = nextOffset;
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
