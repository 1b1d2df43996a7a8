// Asks the coordinator of a transaction, for the leader of a partition, whether the partition belongs to it, or makes it belong to it
// (KIP-890): no transactional batch is appended that no marker will ever end.
//
// What is asked depends on how new the client is: older ones have added the partition before, and are told in words that they know when
// they have not; newer ones leave it to the leader.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import { addPartitionsToTxn } from "../../../protocol/messages/24-add-partitions-to-txn.ts";
import type { DecodedMessage } from "../../../protocol/schema/message.ts";
import { isExactInt64 } from "../../../protocol/wire/int64.ts";
import type { Clock } from "../../base/clock.ts";
import type { ClusterImage } from "../../cluster/image.ts";
import type { Peers } from "../../cluster/peers.ts";
import { TRANSACTION_STATE_TOPIC } from "../../cluster/topic-name.ts";
import type { BrokerSettingValues } from "../../config/broker-settings.ts";
import { partitionFor } from "../partition-for.ts";
import type { Producer } from "./transaction.ts";

/** "verify", for clients that do not know TRANSACTION_ABORTABLE; "verifyAbortable", for those that do; "add". */
export type VerificationMode = "verify" | "verifyAbortable" | "add";

export interface Verification extends Producer {
  readonly transactionalId: string;
  readonly mode: VerificationMode;
  /** Partition indexes by topic. */
  readonly partitions: ReadonlyMap<string, ReadonlySet<number>>;
}

/** The error of each partition that must not be appended to; those without one may be. */
export type Verdict = (topic: string, partition: number) => ErrorCode;

export interface PartitionVerifierOptions {
  readonly clock: Clock;
  readonly config: Pick<BrokerSettingValues, "add.partitions.to.txn.retry.backoff.ms" | "add.partitions.to.txn.retry.backoff.max.ms">;
  readonly peers: Peers;
  readonly image: () => ClusterImage;
}

type Response = DecodedMessage<typeof addPartitionsToTxn.response>;

const ADD_PARTITIONS_VERSION = 5;

export class PartitionVerifier {
  readonly #options: PartitionVerifierOptions;

  constructor(options: PartitionVerifierOptions) {
    this.#options = options;
  }

  /** At once where the coordinator is this broker and its disk need not be waited for. */
  verify(verification: Verification): Verdict | Promise<Verdict> {
    // No coordinator can be asked about it, nor knows it.
    if (!isExactInt64(verification.producerId)) return () => toProducersError(Errors.INVALID_PRODUCER_ID_MAPPING, verification.mode);
    const answering = this.#ask(verification);
    if (answering instanceof Promise) return answering.then((response) => this.#judge(verification, response));
    const verdict = toVerdict(verification, answering);
    return this.#isWorthRetrying(verification, verdict) ? this.#retry(verification, verdict) : verdict;
  }

  #judge(verification: Verification, response: Response | undefined): Verdict | Promise<Verdict> {
    const verdict = toVerdict(verification, response);
    return this.#isWorthRetrying(verification, verdict) ? this.#retry(verification, verdict) : verdict;
  }

  #ask({
    transactionalId,
    producerId,
    producerEpoch,
    mode,
    partitions,
  }: Verification): Response | undefined | Promise<Response | undefined> {
    const topic = this.#options.image().topicsByName.get(TRANSACTION_STATE_TOPIC);
    if (topic === undefined) return undefined;
    const leader = topic.partitions[partitionFor(transactionalId, topic.partitions.length)]?.leader ?? -1;
    const topics = [...partitions].map(([name, indexes]) => ({ name, partitions: [...indexes] }));
    const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: mode !== "add", topics };
    return this.#options.peers.call(leader, addPartitionsToTxn, ADD_PARTITIONS_VERSION, { transactions: [transaction] });
  }

  /** The producer's last transaction is being completed: that takes moments. */
  #isWorthRetrying({ mode, partitions }: Verification, verdict: Verdict): boolean {
    if (mode !== "add") return false;
    for (const [topic, indexes] of partitions)
      for (const index of indexes) if (verdict(topic, index) === Errors.CONCURRENT_TRANSACTIONS) return true;
    return false;
  }

  async #retry(verification: Verification, first: Verdict): Promise<Verdict> {
    const { clock, config } = this.#options;
    const giveUpMs = clock.now() + config["add.partitions.to.txn.retry.backoff.max.ms"];
    let verdict = first;
    while (this.#isWorthRetrying(verification, verdict) && clock.now() < giveUpMs) {
      await new Promise<void>((resolve) => clock.after(config["add.partitions.to.txn.retry.backoff.ms"], resolve));
      verdict = toVerdict(verification, await this.#ask(verification));
    }
    return verdict;
  }
}

function toVerdict({ transactionalId, mode }: Verification, response: Response | undefined): Verdict {
  if (response === undefined) return () => Errors.NETWORK_EXCEPTION;
  if (response.errorCode !== Errors.NONE) {
    const error = response.errorCode === Errors.CLUSTER_AUTHORIZATION_FAILED ? Errors.INVALID_TXN_STATE : (response.errorCode as ErrorCode);
    return () => error;
  }
  const results = response.resultsByTransaction.find((each) => each.transactionalId === transactionalId)?.topicResults ?? [];
  const errors = new Map(
    results.map(({ name, resultsByPartition }) => [
      name,
      new Map(resultsByPartition.map((each) => [each.partitionIndex, each.partitionErrorCode])),
    ]),
  );
  return (topic, partition) => toProducersError((errors.get(topic)?.get(partition) ?? Errors.NETWORK_EXCEPTION) as ErrorCode, mode);
}

/** Producers expect INVALID_PRODUCER_EPOCH where the coordinator says PRODUCER_FENCED. */
function toProducersError(error: ErrorCode, mode: VerificationMode): ErrorCode {
  if (error === Errors.PRODUCER_FENCED) return Errors.INVALID_PRODUCER_EPOCH;
  if (error === Errors.TRANSACTION_ABORTABLE && mode === "verify") return Errors.INVALID_TXN_STATE;
  return error;
}
