// `kafka-transactions`: transactions and the producers of partitions. It looks only; ending hanging transactions is not among what it does.

import { Errors } from "../../../protocol/errors.ts";
import { describeTransaction, listAllTransactions, producersOf } from "../admin/transactions.ts";
import { Refusal } from "../refusal.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError } from "./flags.ts";
import { javaLine } from "./java-error.ts";
import { printTable } from "./metadata-quorum.ts";
import { type Tool, withBrokers } from "./tool.ts";

export const kafkaTransactions: Tool = {
  purpose: "list | describe | describe-producers: transactions and the producers of partitions.",
  commands: ["list", "describe", "describe-producers"],
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "transactional-id", value: "id", help: "with describe: which" },
    { name: "topic", value: "name", help: "with describe-producers: the topic" },
    { name: "partition", value: "number", isWhole: true, help: "with describe-producers: the partition" },
    { name: "broker-id", value: "id", isWhole: true, help: "with describe-producers: ask this replica" },
    { name: "duration-filter", value: "ms", isWhole: true, help: "with list: those that last longer" },
    { name: "transactional-id-pattern", value: "regex", help: "with list: of these ids" },
  ],
  run: (flags, io, [command]) => {
    const need = command === "describe" ? ["transactional-id"] : command === "describe-producers" ? ["topic", "partition"] : [];
    for (const name of ["bootstrap-server", ...need])
      if (!flags.has(name)) throw new FlagError(`kafka-transactions.sh: error: argument --${name} is required`);
    return withBrokers(flags, async (brokers) => {
      if (command === "list") {
        const durationMs = flags.whole("duration-filter");
        const transactions = await listAllTransactions(brokers, {
          ...(durationMs === undefined ? {} : { durationMs }),
          pattern: flags.get("transactional-id-pattern"),
        });
        const rows = transactions.map(({ transactionalId, coordinatorId, producerId, state }) => [
          transactionalId,
          `${coordinatorId}`,
          `${producerId}`,
          state,
        ]);
        printTable([["TransactionalId", "Coordinator", "ProducerId", "TransactionState"], ...rows], io);
        return 0;
      }
      if (command === "describe-producers") {
        const brokerId = flags.whole("broker-id");
        const producers = await producersOf(
          brokers,
          { topic: flags.get("topic") ?? "", partition: flags.whole("partition") ?? 0 },
          brokerId,
        );
        const rows = producers.map((producer) => [
          `${producer.producerId}`,
          `${producer.producerEpoch}`,
          `${producer.coordinatorEpoch}`,
          `${producer.lastSequence}`,
          `${producer.lastTimestamp}`,
          producer.currentTxnStartOffset < 0 ? "None" : `${producer.currentTxnStartOffset}`,
        ]);
        const head = [
          "ProducerId",
          "ProducerEpoch",
          "LatestCoordinatorEpoch",
          "LastSequence",
          "LastTimestamp",
          "CurrentTransactionStartOffset",
        ];
        printTable([head, ...rows], io);
        return 0;
      }
      const id = flags.get("transactional-id") ?? "";
      const state = await describeTransaction(brokers, id).catch((error: unknown) => {
        if (!(error instanceof Refusal) || error.errorCode !== Errors.TRANSACTIONAL_ID_NOT_FOUND) throw error;
        const reason = `DescribeTransactions request for transactionalId \`${id}\` failed because the ID could not be found`;
        throw new FlagError(
          `Failed to describe transaction state of transactional-id \`${id}\`: ${reason}. Enable debug logging for additional detail.`,
          { isTerse: true },
        );
      });
      const isOpen = state.transactionStartTimeMs >= 0;
      const partitions = state.topics.flatMap(({ topic, partitions: indexes }) => indexes.map((index) => `${topic}-${index}`));
      const head = ["CoordinatorId", "TransactionalId", "ProducerId", "ProducerEpoch", "TransactionState", "TransactionTimeoutMs"];
      const row = [state.coordinatorId, id, state.producerId, state.producerEpoch, state.transactionState, state.transactionTimeoutMs].map(
        String,
      );
      const start = isOpen ? `${state.transactionStartTimeMs}` : "None";
      const duration = isOpen ? `${Date.now() - state.transactionStartTimeMs}` : "None";
      printTable(
        [
          [...head, "CurrentTransactionStartTimeMs", "TransactionDurationMs", "TopicPartitions"],
          [...row, start, duration, partitions.join(",")],
        ],
        io,
      );
      return 0;
    });
  },
  failed: (error, io) => {
    io.error(javaLine(error));
    return 1;
  },
};
