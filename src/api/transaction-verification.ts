// Before a producer's first batch of a transaction is appended to a partition, the partition must belong to the transaction (KIP-890): the
// coordinator is asked, and what happened to the partition in the meantime is looked at again when the batch is appended.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Verdict, VerificationMode } from "../coordinator/transaction/partition-verifier.ts";
import { EPOCH_BUMP_VERSION, type Producer } from "../coordinator/transaction/transaction.ts";
import type { Partition } from "../partition/partition.ts";
import type { Verification } from "../partition/verifications.ts";
import type { Services } from "./services.ts";

export interface TransactionalAppend {
  readonly partition: Partition;
  /** -1 for offsets of groups. */
  readonly baseSequence: number;
}

export interface VerificationRequest {
  readonly transactionalId: string;
  readonly producer: Producer;
  readonly mode: VerificationMode;
  readonly appends: readonly TransactionalAppend[];
}

export interface Verified {
  /** NONE when a batch that begins with this sequence may be appended now. */
  errorOf(partition: Partition, baseSequence: number): ErrorCode;
  /** Called after a successful append. */
  appended(partition: Partition): void;
  readonly transactionVersion: number;
}

export function verifyTransaction(services: Services, request: VerificationRequest): Verified | Promise<Verified> {
  const { transactionalId, producer, mode } = request;
  const isNeeded = mode === "add" || services.config["transaction.partition.verification.enable"];
  const pending = new Map<Partition, Verification>();
  for (const { partition, baseSequence } of isNeeded ? request.appends : []) {
    // What the log refuses anyway, for its epoch, is not worth asking for.
    if (isOpen(partition, producer) || isStale(partition, producer)) continue;
    pending.set(partition, partition.verifications.start(producer.producerId, producer.producerEpoch, baseSequence, mode === "add"));
  }
  if (pending.size === 0) return verified(request, { isNeeded, pending }, () => Errors.NONE);
  const partitions = new Map<string, Set<number>>();
  for (const { topic, index } of pending.keys()) partitions.set(topic, (partitions.get(topic) ?? new Set()).add(index));
  const verifying = services.verifier.verify({ transactionalId, ...producer, mode, partitions });
  return verifying instanceof Promise
    ? verifying.then((verdict) => verified(request, { isNeeded, pending }, verdict))
    : verified(request, { isNeeded, pending }, verifying);
}

function isOpen({ log }: Partition, { producerId, producerEpoch }: Producer): boolean {
  const known = log.producer(producerId);
  return known !== undefined && known.transactionFirstOffset !== -1 && known.producerEpoch === producerEpoch;
}

function isStale({ log }: Partition, { producerId, producerEpoch }: Producer): boolean {
  return (log.producer(producerId)?.producerEpoch ?? -1) > producerEpoch;
}

interface Asked {
  readonly isNeeded: boolean;
  readonly pending: ReadonlyMap<Partition, Verification>;
}

function verified({ producer, mode, appends }: VerificationRequest, { isNeeded, pending }: Asked, verdict: Verdict): Verified {
  /** It belonged to the transaction by itself when the others were asked for, unless it was not there yet, or the transaction has ended since. */
  const errorOfUnasked = (partition: Partition): ErrorCode => {
    if (!isNeeded || isOpen(partition, producer) || isStale(partition, producer)) return Errors.NONE;
    return appends.some((each) => each.partition === partition) ? Errors.INVALID_TXN_STATE : Errors.NOT_LEADER_OR_FOLLOWER;
  };
  return {
    errorOf(partition, baseSequence) {
      const verification = pending.get(partition);
      if (verification === undefined) return errorOfUnasked(partition);
      const error = verdict(partition.topic, partition.index);
      if (error !== Errors.NONE || isOpen(partition, producer)) return error;
      // The transaction has ended since: a batch that came now would hang.
      if (!partition.verifications.isValid(verification)) return Errors.INVALID_TXN_STATE;
      return baseSequence > verification.lowestSequence ? Errors.OUT_OF_ORDER_SEQUENCE_NUMBER : Errors.NONE;
    },
    appended(partition) {
      if (pending.has(partition)) partition.verifications.end(producer.producerId);
    },
    transactionVersion: mode === "add" ? EPOCH_BUMP_VERSION : 1,
  };
}
