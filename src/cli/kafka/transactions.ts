// `kafka-transactions`: transactions, the producers of partitions, and ending what hangs (KIP-664). What fails is said in one line, with
// what was tried; nothing waits a minute for a topic that there is not.

import { Errors } from "../../../protocol/errors.ts";
import { describeTopics, listTopics } from "../../client/admin/topics.ts";
import {
  type AbortOrder,
  abortInPartition,
  abortOrder,
  describeTransaction,
  hangingAmong,
  listAllTransactions,
  openTransactions,
  producersOf,
  terminateTransaction,
  transactionAt,
  transactionPartitions,
} from "../../client/admin/transactions.ts";
import type { Brokers } from "../../client/brokers.ts";
import { NotLetIn } from "../../client/client-error.ts";
import { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { sentenceOf } from "./java-error.ts";
import { printTable } from "./metadata-quorum.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const MINUTE_MS = 60_000;
const LONGEST_TIMEOUT_MINUTES = 15;
const MAX_INT16 = 0x7fff;

type Work = (brokers: Brokers, flags: Flags, io: Io) => Promise<void>;

const COMMANDS: {
  readonly [name: string]: { readonly need: readonly string[]; readonly work: Work; readonly check?: (flags: Flags) => void };
} = {
  list: { need: [], work: list },
  describe: { need: ["transactional-id"], work: describe },
  "describe-producers": { need: ["partition", "topic"], work: printProducers },
  abort: { need: ["partition", "topic"], check: checkAbort, work: abort },
  "find-hanging": { need: [], check: checkFindHanging, work: findHanging },
  forceTerminateTransaction: { need: ["transactionalId"], work: forceTerminate },
};

export const kafkaTransactions: Tool = {
  purpose: `${Object.keys(COMMANDS).join(" | ")}: transactions and the producers of partitions.`,
  commands: Object.keys(COMMANDS),
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "transactional-id", value: "id", help: "with describe: which" },
    { name: "transactionalId", value: "id", help: "with forceTerminateTransaction: which" },
    { name: "topic", value: "name", help: "with describe-producers, abort and find-hanging: the topic" },
    { name: "partition", value: "number", isWhole: true, help: "with describe-producers, abort and find-hanging: the partition" },
    { name: "broker-id", value: "id", isWhole: true, help: "with describe-producers and find-hanging: ask this replica" },
    { name: "duration-filter", value: "ms", isWhole: true, help: "with list: those that last longer" },
    { name: "transactional-id-pattern", value: "regex", help: "with list: of these ids" },
    { name: "start-offset", value: "offset", isWhole: true, help: "with abort: where the transaction begins" },
    { name: "producer-id", value: "id", isWhole: true, help: "with abort instead of --start-offset: whose" },
    { name: "producer-epoch", value: "epoch", isWhole: true, help: "with --producer-id: its epoch" },
    { name: "coordinator-epoch", value: "epoch", isWhole: true, help: "with --producer-id: that of its coordinator" },
    { name: "max-transaction-timeout", value: "minutes", isWhole: true, help: "with find-hanging: open for longer; 15 by default" },
  ],
  run: (flags, io, [name = ""]) => {
    const command = COMMANDS[name];
    for (const needed of ["bootstrap-server", ...(command?.need ?? [])])
      if (!flags.has(needed)) throw new FlagError(`kafka-transactions.sh: error: argument --${needed} is required`);
    command?.check?.(flags);
    return withBrokers(flags, async (brokers) => {
      await command?.work(brokers, flags, io);
      return 0;
    });
  },
};

async function list(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const filter = { durationMs: flags.whole("duration-filter"), pattern: flags.get("transactional-id-pattern") };
  const transactions = await explained("list transactions", listAllTransactions(brokers, filter));
  const rows = transactions.map(({ transactionalId, coordinatorId, producerId, state }) => [
    transactionalId,
    `${coordinatorId}`,
    `${producerId}`,
    state,
  ]);
  printTable([["TransactionalId", "Coordinator", "ProducerId", "TransactionState"], ...rows], io);
}

async function describe(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const id = flags.get("transactional-id") ?? "";
  const state = await explained(
    `describe transaction state of transactional-id \`${id}\``,
    describeTransaction(brokers, id),
    ({ errorCode }) =>
      errorCode === Errors.TRANSACTIONAL_ID_NOT_FOUND
        ? `DescribeTransactions request for transactionalId \`${id}\` failed because the ID could not be found`
        : undefined,
  );
  const isOpen = state.transactionStartTimeMs >= 0;
  const head = ["CoordinatorId", "TransactionalId", "ProducerId", "ProducerEpoch", "TransactionState", "TransactionTimeoutMs"];
  const row = [state.coordinatorId, id, state.producerId, state.producerEpoch, state.transactionState, state.transactionTimeoutMs].map(
    String,
  );
  const start = isOpen ? `${state.transactionStartTimeMs}` : "None";
  const duration = isOpen ? `${Date.now() - state.transactionStartTimeMs}` : "None";
  printTable(
    [
      [...head, "CurrentTransactionStartTimeMs", "TransactionDurationMs", "TopicPartitions"],
      [...row, start, duration, transactionPartitions(state).join(",")],
    ],
    io,
  );
}

async function printProducers(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const partition = partitionIn(flags);
  const brokerId = flags.whole("broker-id");
  const where = brokerId === undefined ? "leader" : `broker ${brokerId}`;
  const producers = await explained(
    `describe producers for partition ${nameOf(partition)} on ${where}`,
    producersOf(brokers, partition, brokerId),
    replicaReason(partition, brokerId),
  );
  const rows = producers.map((producer) => [
    `${producer.producerId}`,
    `${producer.producerEpoch}`,
    `${producer.coordinatorEpoch}`,
    `${producer.lastSequence}`,
    `${producer.lastTimestamp}`,
    producer.currentTxnStartOffset < 0 ? "None" : `${producer.currentTxnStartOffset}`,
  ]);
  const head = ["ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch", "LastSequence", "LastTimestamp", "CurrentTransactionStartOffset"];
  printTable([head, ...rows], io);
}

function checkAbort(flags: Flags): void {
  if (flags.has("start-offset")) return;
  if (!flags.has("producer-id"))
    throw new FlagError(
      "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)",
      { isTerse: true },
    );
  for (const name of ["producer-epoch", "coordinator-epoch"])
    if (!flags.has(name)) throw new FlagError(`Missing required argument --${name}`, { isTerse: true });
  const epoch = flags.whole("producer-epoch") ?? 0;
  if (Math.abs(epoch) > MAX_INT16)
    throw new FlagError(
      `kafka-transactions.sh: error: argument --producer-epoch: could not convert '${epoch}' to Short (Value out of range. Value:"${epoch}" Radix:10)`,
    );
}

async function abort(brokers: Brokers, flags: Flags): Promise<void> {
  const partition = partitionIn(flags);
  const startOffset = flags.whole("start-offset");
  const order = startOffset === undefined ? orderIn(flags) : await orderAt(brokers, partition, startOffset);
  const { producerId, producerEpoch, coordinatorEpoch } = order;
  const spec = `AbortTransactionSpec(topicPartition=${nameOf(partition)}, producerId=${producerId}, producerEpoch=${producerEpoch}, coordinatorEpoch=${coordinatorEpoch})`;
  await explained(
    `abort transaction ${spec}`,
    abortInPartition(brokers, order),
    (refusal) => `WriteTxnMarkers request with ${spec} failed ${markerReason(refusal, coordinatorEpoch)}`,
  );
}

function orderIn(flags: Flags): AbortOrder {
  return abortOrder(partitionIn(flags), {
    producerId: flags.whole("producer-id") ?? 0,
    producerEpoch: flags.whole("producer-epoch") ?? 0,
    coordinatorEpoch: flags.whole("coordinator-epoch") ?? 0,
  });
}

async function orderAt(brokers: Brokers, partition: TopicPartition, startOffset: number): Promise<AbortOrder> {
  const name = nameOf(partition);
  const order = await explained(`validate producer state for partition ${name}`, transactionAt(brokers, partition, startOffset));
  if (order !== undefined) return order;
  throw new FlagError(`Could not find any open transactions starting at offset ${startOffset} on partition ${name}`, { isTerse: true });
}

function markerReason(refusal: Refusal, coordinatorEpoch: number): string {
  switch (refusal.errorCode) {
    case Errors.CLUSTER_AUTHORIZATION_FAILED:
      return "due to cluster authorization error";
    case Errors.INVALID_PRODUCER_EPOCH:
      return "due an invalid producer epoch";
    case Errors.TRANSACTION_COORDINATOR_FENCED:
      return `since the provided coordinator epoch ${coordinatorEpoch} has been fenced by the active coordinator`;
    default:
      return `due to unexpected error: ${sentenceOf(refusal)}`;
  }
}

function checkFindHanging(flags: Flags): void {
  if (flags.has("topic") || flags.has("broker-id")) {
    if (flags.has("topic") || !flags.has("partition")) return;
    throw new FlagError("The --partition argument requires --topic to be provided", { isTerse: true });
  }
  throw new FlagError("The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search", {
    isTerse: true,
  });
}

async function findHanging(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const brokerId = flags.whole("broker-id");
  const partitions = flags.has("topic") && flags.has("partition") ? [partitionIn(flags)] : await partitionsToSearch(brokers, flags);
  const olderThanMs = (flags.whole("max-transaction-timeout") ?? LONGEST_TIMEOUT_MINUTES) * MINUTE_MS;
  const open = await explained(
    `describe producers for ${partitions.length} partitions on broker ${brokerId === undefined ? "Optional.empty" : `Optional[${brokerId}]`}`,
    openTransactions(brokers, partitions, { olderThanMs, brokerId }),
  );
  const hanging = await explained(`list transactions for ${open.length} producers`, hangingAmong(brokers, open));
  const now = Date.now();
  const rows = hanging.map(({ topic, partition, producer }) => [
    topic,
    `${partition}`,
    `${producer.producerId}`,
    `${producer.producerEpoch}`,
    `${producer.coordinatorEpoch}`,
    `${producer.currentTxnStartOffset}`,
    `${producer.lastTimestamp}`,
    `${Math.trunc((now - producer.lastTimestamp) / MINUTE_MS)}`,
  ]);
  const head = ["Topic", "Partition", "ProducerId", "ProducerEpoch", "CoordinatorEpoch", "StartOffset", "LastTimestamp", "Duration(min)"];
  printTable([head, ...rows], io);
}

/** Those of the topic, or of all that are not internal, which the broker given has a replica of. */
async function partitionsToSearch(brokers: Brokers, flags: Flags): Promise<TopicPartition[]> {
  const topic = flags.get("topic");
  const brokerId = flags.whole("broker-id");
  const names =
    topic === undefined
      ? (await explained("list topics", listTopics(brokers))).flatMap(({ name, isInternal }) => (isInternal ? [] : [name]))
      : [topic];
  if (names.length === 0) return [];
  const described = await explained(`describe ${names.length} topics`, describeTopics(brokers, names));
  return described.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ replicas }) => brokerId === undefined || replicas.includes(brokerId))
      .map(({ index }) => ({ topic: name, partition: index })),
  );
}

async function forceTerminate(brokers: Brokers, flags: Flags): Promise<void> {
  const id = flags.get("transactionalId") ?? "";
  const request = `InitProducerId request for transactionalId \`${id}\` failed due to`;
  await explained(`force terminate transactionalId \`${id}\``, terminateTransaction(brokers, id), ({ errorCode }) => {
    if (errorCode === Errors.CLUSTER_AUTHORIZATION_FAILED) return `${request} cluster authorization failure`;
    if (errorCode === Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED) return `${request} transactional ID authorization failure`;
    return `${request} unexpected error`;
  });
}

function partitionIn(flags: Flags): TopicPartition {
  return { topic: flags.get("topic") ?? "", partition: flags.whole("partition") ?? 0 };
}

function replicaReason(partition: TopicPartition, brokerId: number | undefined): (refusal: Refusal) => string | undefined {
  return ({ errorCode }) =>
    errorCode === Errors.NOT_LEADER_OR_FOLLOWER && brokerId !== undefined
      ? `Failed to describe active producers for partition ${nameOf(partition)} on brokerId ${brokerId}`
      : undefined;
}

/** What a broker refuses is said with what was tried and why; `reasonOf` gives Kafka's words where they are not the error's own. */
async function explained<Result>(
  what: string,
  work: Promise<Result>,
  reasonOf: (refusal: Refusal) => string | undefined = () => undefined,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof NotLetIn)) throw error;
    const reason = (error instanceof Refusal ? reasonOf(error) : undefined) ?? sentenceOf(error);
    throw new FlagError(`Failed to ${what}: ${reason}. Enable debug logging for additional detail.`, { isTerse: true });
  }
}
