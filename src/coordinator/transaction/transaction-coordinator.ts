// The transaction coordinator of a broker: the transactional ids whose partition of __transaction_state it leads (KIP-98, KIP-890).
//
// A method decides on the state, stores what it decided, and answers when that is committed. Ending a transaction is two steps: the
// decision (Prepare*) is stored and answered; then the markers are written, and when all of them are, the transaction is complete. In
// between the id answers CONCURRENT_TRANSACTIONS.

import { type ErrorCode, Errors, errorName } from "../../../protocol/errors.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Partition } from "../../partition/partition.ts";
import { answer, type Decision } from "../decision.ts";
import type { MarkerSender } from "../marker-sender.ts";
import { partitionFor } from "../partition-for.ts";
import { CoordinatorRuntime } from "../runtime.ts";
import { addPartitions, verifyProducer } from "./add-partitions.ts";
import { complete, type EndRequest, endTransaction, fence } from "./end-transaction.ts";
import { type InitRequest, initProducer } from "./init-producer.ts";
import { hasPartition, isIdle, type Producer, type Transaction, type TransactionPartitions } from "./transaction.ts";
import { type TransactionRecord, transactionRecordCodec } from "./transaction-record.ts";
import type { TransactionSettings } from "./transaction-settings.ts";
import { type TransactionShard, TransactionState } from "./transaction-state.ts";

export interface TransactionCoordinatorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: TransactionSettings;
  readonly markers: MarkerSender;
  readonly newProducerId: () => Promise<number>;
  /** Of __transaction_state, once it exists. */
  readonly partitionCount: () => number | undefined;
  /** As finalized in the cluster. */
  readonly transactionVersion: () => number;
}

export interface InitReply extends Producer {
  readonly error: ErrorCode;
}

export interface EndReply extends Producer {
  readonly error: ErrorCode;
}

export interface AddRequest extends Producer {
  readonly transactionalId: string;
  readonly partitions: TransactionPartitions;
  readonly clientTransactionVersion: number;
}

export interface VerifyReply {
  /** NONE: `isIn` tells for each partition. */
  readonly error: ErrorCode;
  readonly isIn: (topic: string, partition: number) => boolean;
}

type Later<Reply> = Reply | Promise<Reply>;

const NO_PRODUCER: Producer = { producerId: -1, producerEpoch: -1 };
const COMPLETE_RETRY_MS = 100;
const EXPIRED_IN_BATCH = 1000;

export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions;
  readonly #runtime: CoordinatorRuntime<TransactionState, TransactionRecord>;
  readonly #timers = new Map<string, Timer>();

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options;
    const { clock, logger, config } = options;
    this.#runtime = new CoordinatorRuntime<TransactionState, TransactionRecord>({
      clock,
      logger,
      codec: transactionRecordCodec,
      newState: (shard) => new TransactionState({ shard, complete: (...prepared) => this.#complete(...prepared) }),
      // As Kafka has it; that of groups has a setting of its own.
      commitTimeoutMs: config["request.timeout.ms"],
    });
    this.#every("abort", config["transaction.abort.timed.out.transaction.cleanup.interval.ms"], () => this.#abortOverdue());
    this.#every("expire", config["transaction.remove.expired.transaction.cleanup.interval.ms"], () => this.#removeExpired());
  }

  /** The partition of __transaction_state whose leader coordinates the id. */
  partitionFor(transactionalId: string): number {
    return partitionFor(transactionalId, this.#options.partitionCount() ?? this.#options.config["transaction.state.log.num.partitions"]);
  }

  elected(partition: Partition): void {
    this.#runtime.elected(partition);
  }

  resigned(partitionIndex: number): void {
    this.#runtime.resigned(partitionIndex);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#runtime.close();
  }

  /** The transactional ids that this broker coordinates; LOAD_IN_PROGRESS when not all are known yet. */
  *transactions(): Iterable<readonly [transactionalId: string, transaction: Transaction]> {
    for (const { state } of this.#runtime.shards()) if (state !== undefined) yield* state.entries();
  }

  get isLoading(): boolean {
    for (const { status } of this.#runtime.shards()) if (status === "loading") return true;
    return false;
  }

  /** `undefined` when there is none; an error when it is not coordinated here. */
  transaction(transactionalId: string): Transaction | undefined | ErrorCode {
    return this.#runtime.read<Transaction | undefined | ErrorCode>(
      this.partitionFor(transactionalId),
      (state) => state.get(transactionalId),
      (error) => error,
    );
  }

  // ---- operations

  async initProducer(transactionalId: string, request: InitRequest): Promise<InitReply> {
    const refuse = (error: ErrorCode): InitReply => ({ error, ...NO_PRODUCER });
    const { clock, transactionVersion } = this.#options;
    for (let freshProducerId: number | undefined; ; freshProducerId = await this.#options.newProducerId()) {
      let isIdMissing = false;
      const initializing = this.#write<InitReply>(transactionalId, refuse, (transaction, prepared) => {
        const context = { nowMs: clock.now(), transactionVersion: transactionVersion(), freshProducerId };
        const decision = initProducer(transaction, request, context);
        switch (decision.kind) {
          case "needsProducerId":
            isIdMissing = true;
            return answer(refuse(Errors.UNKNOWN_SERVER_ERROR));
          case "refused":
            return answer(refuse(decision.error));
          case "initialized": {
            const { producerId, producerEpoch } = decision.next;
            return this.#store(transactionalId, decision.next, () => {
              this.#options.logger.info({ transactionalId, producerId, producerEpoch }, "initialized a transactional producer");
              return { error: Errors.NONE, producerId, producerEpoch };
            });
          }
          case "fenced":
            return this.#store(transactionalId, decision.next, () => {
              prepared(decision.next);
              return refuse(Errors.CONCURRENT_TRANSACTIONS);
            });
        }
      });
      if (!isIdMissing) return initializing;
    }
  }

  addPartitions({ transactionalId, partitions, clientTransactionVersion, ...producer }: AddRequest): Later<ErrorCode> {
    if (transactionalId === "") return Errors.INVALID_REQUEST;
    return this.#write<ErrorCode>(
      transactionalId,
      (error) => error,
      (transaction) => {
        const next = addPartitions(transaction, producer, partitions, { nowMs: this.#options.clock.now(), clientTransactionVersion });
        // Partitions that were added before may not be committed yet: nothing is appended to them before they are.
        if (next === Errors.NONE) return { records: [], tellsStored: true, applied: () => Errors.NONE };
        return typeof next === "number" ? answer(next) : this.#store(transactionalId, next, () => Errors.NONE);
      },
    );
  }

  /** Which partitions belong to the producer's ongoing transaction. */
  verifyPartitions(transactionalId: string, producer: Producer): Later<VerifyReply> {
    const refuse = (error: ErrorCode): VerifyReply => ({ error, isIn: () => false });
    if (transactionalId === "") return refuse(Errors.INVALID_REQUEST);
    return this.#write<VerifyReply>(transactionalId, refuse, (transaction) => {
      const error = verifyProducer(transaction, producer);
      if (error !== Errors.NONE || transaction === undefined) return answer(refuse(error));
      const isIn = (topic: string, partition: number) => hasPartition(transaction.partitions, topic, partition);
      return { records: [], tellsStored: true, applied: () => ({ error, isIn }) };
    });
  }

  endTransaction(transactionalId: string, request: EndRequest): Later<EndReply> {
    if (transactionalId === "") return { error: Errors.INVALID_REQUEST, ...NO_PRODUCER };
    const ending = this.#endWith(transactionalId, request, undefined);
    return ending === "needsProducerId" ? this.#endWithFreshId(transactionalId, request) : ending;
  }

  async #endWithFreshId(transactionalId: string, request: EndRequest): Promise<EndReply> {
    for (;;) {
      const ending = this.#endWith(transactionalId, request, await this.#options.newProducerId());
      if (ending !== "needsProducerId") return ending;
    }
  }

  #endWith(transactionalId: string, request: EndRequest, freshProducerId: number | undefined): Later<EndReply> | "needsProducerId" {
    const refuse = (error: ErrorCode): EndReply => ({ error, ...NO_PRODUCER });
    let isIdMissing = false;
    const ending = this.#write<EndReply>(transactionalId, refuse, (transaction, prepared) => {
      const decision = endTransaction(transaction, request, { nowMs: this.#options.clock.now(), freshProducerId });
      switch (decision.kind) {
        case "needsProducerId":
          isIdMissing = true;
          return answer(refuse(Errors.UNKNOWN_SERVER_ERROR));
        case "refused":
          return answer(refuse(decision.error));
        case "repeated": {
          const { producerId, producerEpoch } = transaction ?? NO_PRODUCER;
          return { records: [], tellsStored: true, applied: () => ({ error: Errors.NONE, producerId, producerEpoch }) };
        }
        case "prepared": {
          const { next } = decision;
          const takesNextId = next.nextProducerId !== -1;
          const reply = {
            error: Errors.NONE,
            producerId: takesNextId ? next.nextProducerId : next.producerId,
            producerEpoch: takesNextId ? 0 : next.producerEpoch,
          };
          return this.#store(transactionalId, next, () => {
            prepared(next);
            return reply;
          });
        }
      }
    });
    return isIdMissing ? "needsProducerId" : ending;
  }

  // ---- how operations run

  #store<Reply>(transactionalId: string, transaction: Transaction, applied: () => Reply): Decision<TransactionRecord, Reply> {
    return { records: [{ transactionalId, transaction }], applied };
  }

  /** Runs an operation on a transactional id. What it prepared is completed once it is stored; nobody waits for that. */
  #write<Reply>(
    transactionalId: string,
    refuse: (error: ErrorCode) => Reply,
    decide: (transaction: Transaction | undefined, prepared: (transaction: Transaction) => void) => Decision<TransactionRecord, Reply>,
  ): Later<Awaited<Reply>> | Reply {
    let toComplete: Transaction | undefined;
    const partitionIndex = this.partitionFor(transactionalId);
    const shard = this.#runtime.shard(partitionIndex);
    const reply = this.#runtime.write<Reply>(
      partitionIndex,
      (state) =>
        decide(state.get(transactionalId), (prepared) => {
          toComplete = prepared;
        }),
      refuse,
    );
    if (toComplete !== undefined && shard !== undefined) this.#complete(shard, transactionalId, toComplete);
    return reply;
  }

  // ---- completing what is prepared

  #complete(shard: TransactionShard, transactionalId: string, prepared: Transaction): void {
    const committing = shard.partition.whenCommitted(shard.partition.logEndOffset);
    if (committing === undefined) this.#sendMarkers(shard, transactionalId, prepared);
    else {
      void committing.then((isCommitted) => {
        if (isCommitted) this.#sendMarkers(shard, transactionalId, prepared);
      });
    }
  }

  #sendMarkers(shard: TransactionShard, transactionalId: string, prepared: Transaction): void {
    this.#options.markers.send({
      producerId: prepared.producerId,
      producerEpoch: prepared.producerEpoch,
      coordinatorEpoch: shard.partition.leaderEpoch,
      isCommit: prepared.status === "PrepareCommit",
      transactionVersion: prepared.clientTransactionVersion,
      partitions: prepared.partitions,
      isWanted: () => shard.state?.get(transactionalId) === prepared,
      written: () => this.#storeCompleted(shard, transactionalId, prepared),
    });
  }

  #storeCompleted(shard: TransactionShard, transactionalId: string, prepared: Transaction): void {
    void shard.write<void>(
      (state) => {
        if (state.get(transactionalId) !== prepared) return answer(undefined);
        return this.#store(transactionalId, complete(prepared, this.#options.clock.now()), () => undefined);
      },
      (error) => {
        if (shard.state?.get(transactionalId) !== prepared) return;
        this.#options.logger.warn({ transactionalId, error: errorName(error) }, "could not store that a transaction is complete");
        this.#options.clock.after(COMPLETE_RETRY_MS, () => this.#storeCompleted(shard, transactionalId, prepared));
      },
    );
  }

  // ---- what time brings

  #every(name: string, intervalMs: number, task: () => void): void {
    const schedule = () => {
      const timer = this.#options.clock.after(intervalMs, () => {
        schedule();
        task();
      });
      this.#timers.set(name, timer);
    };
    schedule();
  }

  #abortOverdue(): void {
    const nowMs = this.#options.clock.now();
    const isOverdue = ({ status, startTimestampMs, timeoutMs }: Transaction) =>
      status === "Ongoing" && startTimestampMs + timeoutMs < nowMs;
    const overdue = [...this.transactions()].filter(([, transaction]) => isOverdue(transaction));
    for (const [transactionalId] of overdue) this.#abort(transactionalId, isOverdue);
  }

  #abort(transactionalId: string, isWanted: (transaction: Transaction) => boolean, freshProducerId?: number): void {
    let isIdMissing = false;
    void this.#write<void>(
      transactionalId,
      (error) =>
        this.#options.logger.warn({ transactionalId, error: errorName(error) }, "could not abort a transaction that took too long"),
      (transaction, prepared) => {
        if (transaction === undefined || !isWanted(transaction)) return answer(undefined);
        const { clock, transactionVersion } = this.#options;
        const next = fence(transaction, { nowMs: clock.now(), transactionVersion: transactionVersion(), freshProducerId });
        isIdMissing = next === undefined;
        if (next === undefined) return answer(undefined);
        const { producerId, producerEpoch, timeoutMs } = transaction;
        return this.#store(transactionalId, next, () => {
          this.#options.logger.info({ transactionalId, producerId, producerEpoch, timeoutMs }, "aborts a transaction that took too long");
          prepared(next);
        });
      },
    );
    if (!isIdMissing) return;
    this.#options.newProducerId().then(
      (producerId) => this.#abort(transactionalId, isWanted, producerId),
      (error: unknown) => this.#options.logger.warn({ transactionalId, err: error }, "could not take a producer id"),
    );
  }

  #removeExpired(): void {
    const expiredUntilMs = this.#options.clock.now() - this.#options.config["transactional.id.expiration.ms"];
    for (const shard of this.#runtime.shards()) {
      const expired = [...(shard.state?.entries() ?? [])].filter(
        ([, each]) => isIdle(each) && each.lastUpdateTimestampMs <= expiredUntilMs,
      );
      for (let start = 0; start < expired.length; start += EXPIRED_IN_BATCH) {
        const records = expired.slice(start, start + EXPIRED_IN_BATCH).map(([transactionalId]) => ({ transactionalId, transaction: null }));
        void shard.write<void>(
          () => ({ records, applied: () => undefined }),
          (error) => this.#options.logger.warn({ error: errorName(error) }, "could not remove expired transactional ids"),
        );
      }
    }
  }
}
