// A transactional producer as clients are built, in the older or the newer protocol (KIP-98, KIP-890): it repeats what it has no answer to,
// gives up a transaction when it is told to, and notes what became of each one.

import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { Client, Disconnected, TOPIC, type World } from "./world.ts";

/** "unknown": the client never learned; it must have happened wholly or not at all. */
export type Outcome = "open" | "committed" | "aborted" | "unknown";

export interface TransactionNote {
  readonly instance: string;
  readonly number: number;
  outcome: Outcome;
  /** Values that the broker has acknowledged, or may have taken, by partition, in the order in which they were sent. */
  readonly sent: Map<number, string[]>;
  /** Offset that was committed in the transaction, if any. */
  committedOffset: number | undefined;
}

export interface ProducerOptions {
  readonly world: World;
  readonly transactionalId: string;
  /** Names this process among those of the same transactional id. */
  readonly instance: string;
  readonly protocol: "older" | "newer";
  readonly group: string;
  /** The partition in which it commits offsets: each instance has its own. */
  readonly offsetPartition: number;
  readonly transactionCount: number;
  readonly timeoutMs: number;
  readonly notes: TransactionNote[];
}

/** The transaction cannot be committed any more. */
class GiveUp extends Error {}
/** Another instance has taken over. */
class Fenced extends Error {}

const RETRIABLE: ReadonlySet<number> = new Set([
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.NOT_ENOUGH_REPLICAS,
  Errors.NETWORK_EXCEPTION,
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.NOT_COORDINATOR,
  Errors.CONCURRENT_TRANSACTIONS,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
  Errors.KAFKA_STORAGE_ERROR,
  Errors.REQUEST_TIMED_OUT,
]);

const RETRY_MS = 20;

export class SimulatedProducer {
  readonly #options: ProducerOptions;
  readonly #client: Client;
  #producerId = -1;
  #producerEpoch = -1;
  #isInitialized = false;
  readonly #sequences = new Map<number, number>();

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#client = new Client(options.world);
  }

  /** Until all transactions are made, or another instance has taken over. */
  async run(): Promise<void> {
    const { dice, scheduler } = this.#options.world.options;
    try {
      for (let number = 0; number < this.#options.transactionCount; number++) {
        if (!this.#isInitialized) await this.#initialize();
        if (!(await this.#transaction(number))) return;
        await scheduler.sleep(dice.between(0, 30));
      }
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
    }
  }

  /** False when the process has died in the middle of it. */
  async #transaction(number: number): Promise<boolean> {
    const { instance, timeoutMs, notes, world } = this.#options;
    const { dice, scheduler } = world.options;
    const note: TransactionNote = { instance, number, outcome: "open", sent: new Map(), committedOffset: undefined };
    notes.push(note);
    try {
      const rounds = dice.between(1, 3);
      for (let round = 0; round < rounds; round++) {
        await this.#send(note, round);
        if (dice.chance(0.3)) await this.#commitOffset(note);
        if (dice.chance(0.03)) await scheduler.sleep(timeoutMs * 2);
      }
      if (dice.chance(0.04)) {
        note.outcome = "aborted";
        return false;
      }
      await this.#end(note, dice.chance(0.7));
    } catch (error) {
      if (!(error instanceof GiveUp)) {
        if (note.outcome === "open") note.outcome = "aborted";
        throw error;
      }
      if (note.outcome === "open") note.outcome = "aborted";
      await this.#giveUp();
    }
    return true;
  }

  /** As clients do after an error: abort, or begin anew under the next epoch. */
  async #giveUp(): Promise<void> {
    this.#isInitialized = false;
  }

  async #initialize(): Promise<void> {
    const { transactionalId, timeoutMs } = this.#options;
    // A client that goes on names what it was: if another has taken over meanwhile, it hears of it (KIP-360).
    const identity = { producerId: this.#producerId, producerEpoch: this.#producerEpoch };
    const response = await this.#until(
      () => this.#client.call(messages.initProducerId, 5, { transactionalId, transactionTimeoutMs: timeoutMs, ...identity }),
      ({ errorCode }) => errorCode,
    );
    if (response.errorCode === Errors.PRODUCER_FENCED || response.errorCode === Errors.INVALID_PRODUCER_EPOCH) throw new Fenced();
    if (response.errorCode !== Errors.NONE) throw new Error(`InitProducerId was refused: ${errorName(response.errorCode)}`);
    this.#adopt(response);
    this.#isInitialized = true;
  }

  #adopt({ producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number }): void {
    if (producerId !== this.#producerId || producerEpoch !== this.#producerEpoch) this.#sequences.clear();
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
  }

  /** A few batches to one partition, sent without waiting for each other, and again from the first that was not acknowledged. */
  async #send(note: TransactionNote, round: number): Promise<void> {
    const { world, protocol, transactionalId } = this.#options;
    const { dice, partitionCount } = world.options;
    const partition = dice.between(0, partitionCount - 1);
    if (protocol === "older") await this.#addPartition(partition);
    const sent = note.sent.get(partition) ?? [];
    note.sent.set(partition, sent);
    let pending = Array.from({ length: dice.between(1, 3) }, (_, index) => {
      const value = `${note.instance}/${note.number}/${round}.${index}`;
      sent.push(value);
      const sequence = this.#sequences.get(partition) ?? 0;
      this.#sequences.set(partition, sequence + 1);
      const { producerId, producerEpoch } = { producerId: this.#producerId, producerEpoch: this.#producerEpoch };
      const timestamp = world.options.scheduler.now();
      return buildBatch([{ key: null, value: Buffer.from(value) }], {
        timestamp,
        producerId,
        producerEpoch,
        baseSequence: sequence,
        isTransactional: true,
      }).bytes;
    });
    while (pending.length > 0) {
      const answers = await Promise.all(
        pending.map((records) =>
          this.#client
            .call(messages.produce, protocol === "newer" ? 12 : 10, {
              transactionalId,
              acks: -1,
              timeoutMs: 30_000,
              topicData: [{ name: TOPIC, partitionData: [{ index: partition, records }] }],
            })
            .then((response) => response.responses[0]?.partitionResponses[0]?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR, asDisconnect),
        ),
      );
      const failed = answers.findIndex((error) => error !== Errors.NONE);
      if (failed === -1) return;
      const error = answers[failed] ?? Errors.NONE;
      if (!RETRIABLE.has(error)) throw new GiveUp(errorName(error));
      pending = pending.slice(failed);
      await world.options.scheduler.sleep(RETRY_MS);
    }
  }

  async #addPartition(partition: number): Promise<void> {
    const response = await this.#until(
      () =>
        this.#ask(messages.addPartitionsToTxn, 3, {
          v3AndBelowTransactionalId: this.#options.transactionalId,
          v3AndBelowProducerId: this.#producerId,
          v3AndBelowProducerEpoch: this.#producerEpoch,
          v3AndBelowTopics: [{ name: TOPIC, partitions: [partition] }],
        }),
      (answer) => answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? Errors.UNKNOWN_SERVER_ERROR,
    );
    const error = response.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? Errors.UNKNOWN_SERVER_ERROR;
    if (error !== Errors.NONE) throw new GiveUp(errorName(error));
  }

  async #commitOffset(note: TransactionNote): Promise<void> {
    const { group, transactionalId, offsetPartition, protocol } = this.#options;
    const producer = { producerId: this.#producerId, producerEpoch: this.#producerEpoch };
    if (protocol === "older") {
      const added = await this.#until(
        () => this.#ask(messages.addOffsetsToTxn, 3, { transactionalId, ...producer, groupId: group }),
        ({ errorCode }) => errorCode,
      );
      if (added.errorCode !== Errors.NONE) throw new GiveUp(errorName(added.errorCode));
    }
    const errorOf = (answer: { topics: { partitions: { errorCode: number }[] }[] }) => answer.topics[0]?.partitions[0]?.errorCode ?? -1;
    const response = await this.#until(
      () =>
        this.#ask(messages.txnOffsetCommit, protocol === "newer" ? 5 : 3, {
          transactionalId,
          groupId: group,
          ...producer,
          topics: [
            {
              name: TOPIC,
              partitions: [{ partitionIndex: offsetPartition, committedOffset: note.number, committedMetadata: note.instance }],
            },
          ],
        }),
      errorOf,
    );
    if (errorOf(response) !== Errors.NONE) throw new GiveUp(errorName(errorOf(response)));
    note.committedOffset = note.number;
  }

  async #end(note: TransactionNote, isCommit: boolean): Promise<void> {
    const { transactionalId, protocol } = this.#options;
    const isOlder = protocol === "older";
    // Without a partition there is nothing to end in the older protocol.
    let wasInDoubt = false;
    const response = await this.#until(
      () =>
        this.#ask(messages.endTxn, isOlder ? 4 : 5, {
          transactionalId,
          producerId: this.#producerId,
          producerEpoch: this.#producerEpoch,
          committed: isCommit,
        }).catch((error: unknown) => {
          if (isCommit) wasInDoubt = true;
          throw error;
        }),
      ({ errorCode }) => {
        // It may have been stored, and only the answer not be given in time.
        if (isCommit && (errorCode === Errors.COORDINATOR_NOT_AVAILABLE || errorCode === Errors.NOT_COORDINATOR)) wasInDoubt = true;
        return errorCode;
      },
    );
    if (response.errorCode !== Errors.NONE) {
      note.outcome = wasInDoubt ? "unknown" : "aborted";
      throw new GiveUp(errorName(response.errorCode));
    }
    note.outcome = isCommit ? "committed" : "aborted";
    if (!isOlder) this.#adopt(response);
  }

  /**
   * To a coordinator. In the older protocol a request that arrives late, after it was repeated, is taken for one of the next transaction:
   * that is why there is a newer one (KIP-890).
   */
  #ask<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R>> {
    return this.#client.call(api, version, body, this.#options.protocol === "older");
  }

  /** Repeats a request until it is answered for good. */
  async #until<T>(call: () => Promise<T>, errorOf: (answer: T) => number): Promise<T> {
    const { scheduler } = this.#options.world.options;
    for (;;) {
      try {
        const answer = await call();
        if (!RETRIABLE.has(errorOf(answer))) return answer;
      } catch (error) {
        if (!(error instanceof Disconnected)) throw error;
      }
      await scheduler.sleep(RETRY_MS);
    }
  }
}

function asDisconnect(error: unknown): number {
  if (error instanceof Disconnected) return Errors.NETWORK_EXCEPTION;
  throw error;
}
