// `odradek transactions`: list, describe, abort; by their transactional ids, or one that hangs in a partition.

import type { Command } from "commander";
import {
  abortInPartition,
  describeTransaction,
  listAllTransactions,
  terminateTransaction,
  transactionAt,
  transactionPartitions,
} from "../../../client/admin/transactions.ts";
import { nameOf } from "../../../client/topic-partition.ts";
import { CommandError, usageError } from "../../command-error.ts";
import { type Admin, type AdminOptions, group } from "../command-group.ts";
import { printRows, type Row } from "../table.ts";

interface Where {
  readonly topic?: string;
  readonly partition?: string;
  readonly startOffset?: string;
}

export function addTransactions(program: Command, { terminal, add }: Admin): void {
  const transactions = group(program, "transactions", "list, describe and abort transactions");
  add(transactions, "list", async (brokers, { json }) => {
    const rows = (await listAllTransactions(brokers)).map(({ transactionalId, state, producerId, coordinatorId }) => ({
      transaction: transactionalId,
      state,
      producer: producerId,
      coordinator: coordinatorId,
    }));
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no transactions." });
  }).description("print all transactional ids");
  add(transactions, "describe <transactional-id>", async (brokers, { json }, [id = ""]) => {
    const state = await describeTransaction(brokers, id);
    const row = {
      transaction: id,
      state: state.transactionState,
      producer: state.producerId,
      epoch: state.producerEpoch,
      coordinator: state.coordinatorId,
      "timeout ms": state.transactionTimeoutMs,
      "open since": state.transactionStartTimeMs < 0 ? null : new Date(state.transactionStartTimeMs).toISOString(),
      partitions: transactionPartitions(state),
    };
    printRows(terminal, [row], { isJson: json === true, nothing: "" });
  }).description("print one, with the partitions it writes to");
  add<AdminOptions & Where>(transactions, "abort [transactional-id]", async (brokers, { json, ...where }, [id]) => {
    const tell = (sentence: string, row: Row) => {
      if (json === true) printRows(terminal, [row], { isJson: true, nothing: "" });
      else terminal.out(`${sentence}\n`);
    };
    const partition = partitionIn(where);
    if ((id === undefined) === (partition === undefined))
      throw usageError("Give a transactional id, or --topic, --partition and --start-offset of one that hangs");
    if (id !== undefined) {
      // An unknown one is refused here; terminating would make it.
      await describeTransaction(brokers, id);
      await terminateTransaction(brokers, id);
      tell(`Aborted ${id}; its producer is fenced.`, { transaction: id });
      return;
    }
    if (partition === undefined) return;
    const order = await transactionAt(brokers, partition, partition.startOffset);
    if (order === undefined)
      throw new CommandError(`No open transaction begins at offset ${partition.startOffset} of ${nameOf(partition)}.`);
    await abortInPartition(brokers, order);
    const { topic, partition: index, producerId, producerEpoch } = order;
    tell(`Aborted what producer ${producerId} had open in ${nameOf(partition)}.`, {
      topic,
      partition: index,
      start: partition.startOffset,
      producer: producerId,
      epoch: producerEpoch,
    });
  })
    .description("abort what a transactional id has open, or what hangs in a partition")
    .option("-t, --topic <topic>", "of one that hangs: its topic")
    .option("--partition <number>", "its partition")
    .option("--start-offset <offset>", "where it begins");
}

/** All three or none of them. */
function partitionIn({ topic, partition, startOffset }: Where) {
  if (topic === undefined && partition === undefined && startOffset === undefined) return undefined;
  if (topic === undefined || !isWhole(partition) || !isWhole(startOffset))
    throw usageError("--topic, --partition and --start-offset go together; the last two are whole numbers");
  return { topic, partition: Number(partition), startOffset: Number(startOffset) };
}

function isWhole(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}
