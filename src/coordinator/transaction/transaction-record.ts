// The record of a transactional id in __transaction_state, in Kafka's format. Version 1 of the value is written, which carries what the
// newer transaction protocol needs (KIP-890); version 0 is read, too.

import { NO_PRODUCER_EPOCH } from "../../../protocol/records/batch-header.ts";
import { decodeKey, decodeValue, encodeKey, encodeValue } from "../../../protocol/state/coordinator-record.ts";
import { transactionLogRecord, transactionStateRecords } from "../../../protocol/state/transaction-state.ts";
import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import type { RecordCodec } from "../coordinator-state.ts";
import { type Transaction, type TransactionStatus, toPartitions } from "./transaction.ts";

export interface TransactionRecord {
  readonly transactionalId: string;
  /** `null`: the id is forgotten. */
  readonly transaction: Transaction | null;
}

const VALUE_VERSION = 1;

const STATUS_NUMBERS: Readonly<Record<TransactionStatus, number>> = {
  Empty: 0,
  Ongoing: 1,
  PrepareCommit: 2,
  PrepareAbort: 3,
  CompleteCommit: 4,
  CompleteAbort: 5,
};
const STATUSES = new Map(Object.entries(STATUS_NUMBERS).map(([status, number]) => [number, status as TransactionStatus]));

export const transactionRecordCodec: RecordCodec<TransactionRecord> = {
  encode({ transactionalId, transaction }) {
    return {
      key: encodeKey(transactionLogRecord, { transactionalId }),
      value: transaction === null ? null : encodeTransaction(transaction),
    };
  },

  decode(key, value) {
    const decoded = decodeKey(transactionStateRecords, key);
    if (decoded === undefined) return undefined;
    return { transactionalId: decoded.key.transactionalId, transaction: value === null ? null : decodeTransaction(value) };
  },
};

function encodeTransaction(transaction: Transaction): Buffer {
  const partitions = [...transaction.partitions].map(([topic, indexes]) => ({ topic, partitionIds: [...indexes] }));
  return encodeValue(transactionLogRecord, VALUE_VERSION, {
    producerId: transaction.producerId,
    previousProducerId: transaction.previousProducerId,
    nextProducerId: transaction.nextProducerId,
    producerEpoch: transaction.producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: STATUS_NUMBERS[transaction.status],
    transactionPartitions: transaction.status === "Empty" ? null : partitions,
    transactionLastUpdateTimestampMs: transaction.lastUpdateTimestampMs,
    transactionStartTimestampMs: transaction.startTimestampMs,
    clientTransactionVersion: transaction.clientTransactionVersion,
  });
}

function decodeTransaction(buffer: Buffer): Transaction {
  const value = decodeValue(transactionLogRecord, buffer);
  const status = STATUSES.get(value.transactionStatus);
  if (status === undefined) throw new MalformedMessage(`a transaction has the unknown status ${value.transactionStatus}`);
  return {
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    timeoutMs: value.transactionTimeoutMs,
    status,
    partitions: toPartitions(
      (value.transactionPartitions ?? []).map(({ topic, partitionIds }) => ({ name: topic, partitions: partitionIds })),
    ),
    startTimestampMs: value.transactionStartTimestampMs,
    lastUpdateTimestampMs: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  };
}
