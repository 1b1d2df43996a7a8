// Rebuilds a coordinator's state: replays its partition from the start of the log to the end, as far as it is committed.
//
// Runs synchronously as long as the log answers so, up to a budget that loads which begin together share; then one of them goes on at a time, with
// other work in between. A short log is loaded before the call returns: most restarts are never seen as COORDINATOR_LOAD_IN_PROGRESS.

import { ControlType, readControlBatch } from "../../protocol/records/control-batch.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { assert } from "../base/assert.ts";
import { type Clock, othersTurn } from "../base/clock.ts";
import { Gate } from "../base/gate.ts";
import type { Partition } from "../partition/partition.ts";
import type { LogRead } from "../storage/partition-log.ts";
import type { CoordinatorState, RecordCodec } from "./coordinator-state.ts";

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
  readonly unknownRecordCount: number;
}

/** Throws StorageError, MalformedMessage. Not a promise when it could be done at once. */
export function load<Record>(options: Load<Record>): LoadResult | Promise<LoadResult> {
  const { partition, turns } = options;
  const progress: Progress = { offset: partition.logStartOffset, recordCount: 0, unknownRecordCount: 0 };
  turns.begin();
  for (let reads = 0; reads < READS_AT_ONCE && !turns.isOver && progress.offset < partition.highWatermark; reads++) {
    const reading = read(partition, progress);
    if (reading instanceof Promise) return loadRest(options, progress, reading);
    replay(options, progress, reading);
  }
  turns.end();
  return progress.offset < partition.logEndOffset ? loadRest(options, progress) : progress;
}

interface Progress {
  offset: number;
  recordCount: number;
  unknownRecordCount: number;
}

async function loadRest<Record>(options: Load<Record>, progress: Progress, firstRead?: Promise<LogRead>): Promise<LoadResult> {
  const { partition, turns, isWanted } = options;
  if (firstRead !== undefined) replay(options, progress, await firstRead);
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

function replayBatch<Record>({ state, codec }: Load<Record>, progress: Progress, batch: RecordBatch): void {
  if (batch.isControl) {
    const marker = readControlBatch(batch);
    if (marker?.type === ControlType.COMMIT || marker?.type === ControlType.ABORT) {
      state.endTransaction(batch.producerId, marker.type === ControlType.COMMIT);
    }
    return;
  }
  const producerId = batch.isTransactional ? batch.producerId : NO_PRODUCER;
  for (const { offset, key, value } of recordsOf(batch)) {
    if (offset < progress.offset || key === null) continue;
    const record = codec.decode(key, value);
    if (record === undefined) {
      progress.unknownRecordCount++;
      continue;
    }
    state.replay(record, { offset, producerId });
    progress.recordCount++;
  }
}
