// One partition of an internal topic that this broker leads, with the coordinator state that its records add up to.
//
//   loading ──> active ──> resigned        loading: COORDINATOR_LOAD_IN_PROGRESS, the others but active: NOT_COORDINATOR
//      └──────────┴──────> failed          failed: loading or applying broke; the log says why, and another shard takes its place
//
// Operations run one at a time, to their end, on the event loop: decide, append, apply. Appending is synchronous, so there is no
// queue. What an operation stored is visible to the next one at once; a reply is held back until its records are committed, and so is
// one that tells of what earlier operations stored (`tellsStored`): a client never builds on something that could still be lost.

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import { buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { NO_PRODUCER_ID } from "../../protocol/records/batch-header.ts";
import { ControlType, type EndTransactionMarker } from "../../protocol/records/control-batch.ts";
import { TextTooLong } from "../../protocol/wire/writer.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";
import { type CommitWait, outcomeWithin } from "../partition/commit-waits.ts";
import type { Partition } from "../partition/partition.ts";
import type { AppendResult } from "../storage/partition-log.ts";
import { StorageError } from "../storage/storage-error.ts";
import { topicPartitionName } from "../storage/topic-partition.ts";
import { coordinatorError } from "./coordinator-error.ts";
import type { CoordinatorState, RecordCodec } from "./coordinator-state.ts";
import type { Decision } from "./decision.ts";
import { type LoadResult, LoadTurns, load } from "./load.ts";

type Status = "loading" | "active" | "resigned" | "failed";

export interface ShardOptions<State extends CoordinatorState<Record>, Record> {
  readonly partition: Partition;
  readonly clock: Clock;
  /** Which other loads share; default: none. */
  readonly loadTurns?: LoadTurns;
  readonly logger: Logger;
  readonly codec: RecordCodec<Record>;
  readonly newState: (shard: Shard<State, Record>) => State;
  /** Keeps to itself what happens to a partition again and again. */
  readonly failures: FailureLog;
  /** How long a reply may wait for its records to be committed. */
  readonly commitTimeoutMs: number;
  /** There is no state any more, and this shard will not have one again. */
  readonly failed?: () => void;
}

export class Shard<State extends CoordinatorState<Record>, Record> {
  readonly #partition: Partition;
  readonly #clock: Clock;
  readonly #loadTurns: LoadTurns;
  readonly #logger: Logger;
  readonly #codec: RecordCodec<Record>;
  readonly #commitTimeoutMs: number;
  readonly #state: State;
  readonly #failures: FailureLog;
  readonly #failed: (() => void) | undefined;
  #status: Status = "loading";
  #isDeciding = false;

  constructor(options: ShardOptions<State, Record>) {
    this.#partition = options.partition;
    this.#clock = options.clock;
    this.#loadTurns = options.loadTurns ?? new LoadTurns(options.clock);
    this.#logger = options.logger;
    this.#codec = options.codec;
    this.#commitTimeoutMs = options.commitTimeoutMs;
    this.#failures = options.failures;
    this.#failed = options.failed;
    this.#state = options.newState(this);
  }

  get partition(): Partition {
    return this.#partition;
  }

  get status(): Status {
    return this.#status;
  }

  /** The state while it is active. */
  get state(): State | undefined {
    return this.#status === "active" ? this.#state : undefined;
  }

  /** What to tell who asks while there is no state. */
  get unavailable(): ErrorCode {
    return this.#status === "loading" ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.NOT_COORDINATOR;
  }

  /** Active when it returns, if the log could be read at once. */
  start(): void {
    const startedMs = this.#clock.now();
    const isWanted = () => this.#status === "loading";
    try {
      const loading = load({
        partition: this.#partition,
        state: this.#state,
        codec: this.#codec,
        turns: this.#loadTurns,
        logger: this.#logger,
        isWanted,
      });
      if (loading instanceof Promise) {
        loading
          .then((result) => this.#loaded(result, startedMs))
          .catch((cause: unknown) => this.#fail(cause, "could not load the coordinator's state"));
      } else this.#loaded(loading, startedMs);
    } catch (cause) {
      this.#fail(cause, "could not load the coordinator's state");
    }
  }

  resign(): void {
    const { state } = this;
    this.#status = "resigned";
    state?.unloaded(Errors.NOT_COORDINATOR);
  }

  /** Runs an operation. `refuse` makes the reply of what could not be done. */
  write<Reply>(operation: (state: State) => Decision<Record, Reply>, refuse: (error: ErrorCode) => Reply): Reply | Promise<Awaited<Reply>> {
    if (this.#status !== "active") return refuse(this.unavailable);
    assert(!this.#isDeciding, "operations run one after another");
    this.#isDeciding = true;
    try {
      const decision = operation(this.#state);
      if (decision.records.length > 0) {
        const error = this.#append(decision.records, decision.producer);
        if (error !== undefined) {
          decision.refused?.(error);
          return refuse(error);
        }
      } else if (decision.tellsStored !== true) return decision.applied();
      const reply = decision.applied();
      const wait = this.#partition.commitWait(this.#partition.logEndOffset);
      if (wait === undefined) {
        decision.committed?.();
        return reply;
      }
      return this.#whenCommitted(wait, decision, reply, refuse);
    } finally {
      this.#isDeciding = false;
    }
  }

  /**
   * Ends a transaction in this partition: appends its marker and applies it. The answer is held back until the marker is committed: what is to be
   * waited for is given then.
   */
  endTransaction(marker: EndTransactionMarker, transactionVersion: number): ErrorCode | CommitWait {
    if (this.#status !== "active") return this.unavailable;
    assert(!this.#isDeciding, "operations run one after another");
    if (!this.#partition.hasEnoughReplicas) return Errors.NOT_ENOUGH_REPLICAS;
    const appended = this.#appendSafely(() => this.#partition.appendMarker(marker, transactionVersion));
    if (typeof appended === "number") return appended;
    const applied = this.#apply(() => this.#state.endTransaction(marker.producerId, marker.type === ControlType.COMMIT));
    if (applied !== undefined) return applied;
    return this.#partition.commitWait(this.#partition.logEndOffset) ?? Errors.NONE;
  }

  /** `undefined` where a name that was no text has grown, as text, beyond what a record can carry. */
  #encode(records: readonly Record[]): readonly NewRecord[] | undefined {
    try {
      return records.map((record) => this.#codec.encode(record));
    } catch (cause) {
      if (cause instanceof TextTooLong) return undefined;
      throw cause;
    }
  }

  /** Appends and applies; gives what went wrong, and then nothing has changed. */
  #append(records: readonly Record[], producer: Decision<Record, unknown>["producer"]): ErrorCode | undefined {
    if (!this.#partition.hasEnoughReplicas) return coordinatorError(Errors.NOT_ENOUGH_REPLICAS);
    const encoded = this.#encode(records);
    if (encoded === undefined) return Errors.UNKNOWN_SERVER_ERROR;
    const timestamp = this.#clock.now();
    // Nobody checks the sequence of a coordinator; Kafka writes 0 where a batch has a producer.
    const transactional = producer === undefined ? {} : { ...producer, baseSequence: 0, isTransactional: true };
    const batch = buildBatch(encoded, { timestamp, ...transactional });
    const appended = this.#appendSafely(() => this.#partition.append(batch.bytes, "coordinator"));
    if (typeof appended === "number") return coordinatorError(appended);
    const { baseOffset } = appended;
    const producerId = producer?.producerId ?? NO_PRODUCER_ID;
    return this.#apply(() => {
      for (const [index, record] of records.entries()) this.#state.replay(record, { offset: baseOffset + index, producerId });
    });
  }

  #appendSafely(append: () => AppendResult): Extract<AppendResult, { readonly ok: true }> | ErrorCode {
    try {
      const result = append();
      if (result.ok) return result;
      this.#logger.warn({ error: errorName(result.error), message: result.message }, "the log refused a coordinator's records");
      return result.error;
    } catch (cause) {
      if (!(cause instanceof StorageError)) throw cause;
      this.#logger.error({ code: cause.code, ...cause.facts, err: cause }, "could not store a coordinator's records");
      return Errors.KAFKA_STORAGE_ERROR;
    }
  }

  #apply(change: () => void): ErrorCode | undefined {
    try {
      change();
    } catch (cause) {
      this.#fail(cause, "could not apply a coordinator's records");
      return Errors.NOT_COORDINATOR;
    }
    return undefined;
  }

  async #whenCommitted<Reply>(
    wait: CommitWait,
    decision: Decision<Record, Reply>,
    reply: Reply,
    refuse: (error: ErrorCode) => Reply,
  ): Promise<Awaited<Reply>> {
    const outcome = await outcomeWithin(wait, this.#commitTimeoutMs, this.#clock);
    if (outcome === "committed") {
      decision.committed?.();
      return await reply;
    }
    const error = outcome === "gaveUp" ? coordinatorError(Errors.REQUEST_TIMED_OUT) : Errors.NOT_COORDINATOR;
    decision.refused?.(error);
    return await refuse(error);
  }

  #loaded({ recordCount, skipped }: LoadResult, startedMs: number): void {
    if (this.#status !== "loading") return;
    this.#status = "active";
    this.#failures.worked(topicPartitionName(this.#partition.log.topicPartition));
    if (skipped.count > 0)
      this.#logger.warn({ skippedCount: skipped.count, offsets: skipped.told }, "skipped records that no coordinator can read");
    if (recordCount > 0) this.#logger.info({ recordCount, tookMs: this.#clock.now() - startedMs }, "loaded the coordinator's state");
    this.#state.loaded();
  }

  #fail(cause: unknown, message: string): void {
    if (this.#status === "resigned") return;
    const wasActive = this.#status === "active";
    this.#status = "failed";
    this.#failures.failed(topicPartitionName(this.#partition.log.topicPartition), cause, message);
    if (wasActive) this.#state.unloaded(Errors.NOT_COORDINATOR);
    this.#failed?.();
  }
}
