// Transactions and the log that keeps their state.

import { bool, int, short } from "../setting.ts";

const clusterWide = "cluster-wide";
const honoured = true;

export const transactionsSettings = {
  "add.partitions.to.txn.retry.backoff.max.ms": int(100, "Longest pause before a partition's place in a transaction is verified again.", {
    min: 0,
    honoured,
  }),
  "add.partitions.to.txn.retry.backoff.ms": int(20, "First pause before a partition's place in a transaction is verified again.", {
    min: 1,
    honoured,
  }),
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": int(
    10_000,
    "Interval at which transactions past their timeout are aborted.",
    { min: 1, honoured },
  ),
  "transaction.max.timeout.ms": int(900_000, "Longest timeout that a producer may ask for.", { min: 1, honoured }),
  "transaction.partition.verification.enable": bool(
    true,
    "Checks with the coordinator that a partition belongs to a transaction before a record is appended.",
    { dynamic: clusterWide, honoured },
  ),
  "transaction.remove.expired.transaction.cleanup.interval.ms": int(
    3_600_000,
    "Interval at which transactional ids without use are forgotten.",
    { min: 1, honoured },
  ),
  "transaction.state.log.load.buffer.size": int(5_242_880, "Bytes read at a time when the state of transactions is loaded.", { min: 1 }),
  "transaction.state.log.min.isr": int(2, "Replicas of __transaction_state that must be in sync.", { honoured, min: 1 }),
  "transaction.state.log.num.partitions": int(50, "Partitions of __transaction_state.", { honoured, min: 1 }),
  "transaction.state.log.replication.factor": short(3, "Replication factor of __transaction_state.", { honoured, min: 1 }),
  "transaction.state.log.segment.bytes": int(104_857_600, "Segment size of __transaction_state.", { honoured, min: 1 }),
  "transaction.two.phase.commit.enable": bool(false, "Permits transactions without a timeout (KIP-939).", { honoured }),
  "transactional.id.expiration.ms": int(604_800_000, "How long a transactional id without use is kept.", { min: 1, honoured }),
};
