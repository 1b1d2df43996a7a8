// A transactional id as its producer uses it (KIP-98): the id and epoch that it writes under, the partitions of the transaction that is open,
// and how one ends. The coordinator is asked again while that may help.

import { initProducerId } from "../../protocol/messages/22-init-producer-id.ts";
import { addPartitionsToTxn } from "../../protocol/messages/24-add-partitions-to-txn.ts";
import { endTxn } from "../../protocol/messages/26-end-txn.ts";
import { type Brokers, CoordinatorKey, retried } from "./brokers.ts";
import { failOn, present } from "./refusal.ts";
import { nameOf, type TopicPartition } from "./topic-partition.ts";

/** What a producer numbers its batches under. */
export interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface TransactionOptions {
  readonly transactionalId: string;
  /** After it the coordinator aborts what is open. */
  readonly transactionTimeoutMs: number;
}

export class TransactionalId {
  readonly #brokers: Brokers;
  readonly #options: TransactionOptions;
  readonly #included = new Set<string>();

  constructor(brokers: Brokers, options: TransactionOptions) {
    this.#brokers = brokers;
    this.#options = options;
  }

  get name(): string {
    return this.#options.transactionalId;
  }

  /** Takes the id over from whoever had it; what that one left open is aborted. Raises Refusal. */
  identify(): Promise<Identity> {
    this.#included.clear();
    return retried(async () => {
      const coordinator = await this.#coordinator();
      const { errorCode, producerId, producerEpoch } = await coordinator.send(initProducerId, 4, this.#options);
      failOn(errorCode, this.name);
      return { producerId, producerEpoch };
    });
  }

  /** Before the first batch of a transaction for a partition. Raises Refusal. */
  async include(identity: Identity, partition: TopicPartition): Promise<void> {
    const name = nameOf(partition);
    if (this.#included.has(name)) return;
    await retried(async () => {
      const coordinator = await this.#coordinator();
      const answer = await coordinator.send(addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: this.name,
        v3AndBelowProducerId: identity.producerId,
        v3AndBelowProducerEpoch: identity.producerEpoch,
        v3AndBelowTopics: [{ name: partition.topic, partitions: [partition.partition] }],
      });
      const [topic] = answer.resultsByTopicV3AndBelow ?? [];
      failOn(present(topic?.resultsByPartition[0], name).partitionErrorCode, name);
    });
    this.#included.add(name);
  }

  /** Commits or aborts what was written since the last end; nothing, where that is nothing. Raises Refusal. */
  async end(identity: Identity, { isCommitted }: { readonly isCommitted: boolean }): Promise<void> {
    if (this.#included.size === 0) return;
    await retried(async () => {
      const coordinator = await this.#coordinator();
      const { errorCode } = await coordinator.send(endTxn, 4, { transactionalId: this.name, ...identity, committed: isCommitted });
      failOn(errorCode, this.name);
    });
    this.#included.clear();
  }

  #coordinator() {
    return this.#brokers.coordinatorOf(this.name, CoordinatorKey.TRANSACTION);
  }
}
