// `odradek consume TOPIC`: prints records as they come, one a line. With `--group` it is a member of that group: it reads the partitions
// that are its own, goes on where the group stopped and stores how far it came.

import { Brokers } from "../client/brokers.ts";
import { type Consumer, FROM_EARLIEST, FROM_LATEST, GROUP_DEFAULTS, GroupConsumer, LoneConsumer, startOf } from "../client/consumer.ts";
import { topicLeaders } from "../client/topic-leaders.ts";
import { CommandError, ExitCode, usageError } from "./command-error.ts";
import { type PrintedRecord, printRecords } from "./print-records.ts";
import { wholeNumber } from "./produce.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** As commander gives them. */
export interface ConsumeArguments {
  readonly bootstrapServer: string;
  readonly commandConfig?: string;
  readonly fromBeginning?: boolean;
  readonly key?: string | true;
  readonly json?: boolean;
  readonly partition?: string;
  readonly group?: string;
  readonly maxMessages?: string;
  readonly timeout?: string;
}

const DEFAULT_SEPARATOR = ":";

/** Ends at `--max-messages`, after `--timeout` without a record, or when `stopping` settles. */
export async function consumeLines(topic: string, given: ConsumeArguments, terminal: Terminal, stopping: Promise<void>): Promise<ExitCode> {
  const limit = given.maxMessages === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--max-messages", given.maxMessages);
  const timeoutMs = given.timeout === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--timeout", given.timeout);
  const only = given.partition === undefined ? undefined : wholeNumber("--partition", given.partition);
  if (only !== undefined && given.group !== undefined)
    throw usageError("A group shares out all partitions; --partition does not go with it.");
  const access = given.commandConfig === undefined ? undefined : (await import("./command-access.ts")).commandAccess(given.commandConfig);
  const brokers = new Brokers(given.bootstrapServer, { access });
  try {
    const consumer = await open(brokers, topic, { only, given });
    const progress = new Progress(terminal, { what: "records read", ...(Number.isFinite(limit) ? { total: limit } : {}) });
    let count = 0;
    const print = (record: PrintedRecord) => {
      terminal.out(lineOf(record, given));
      progress.at(++count);
    };
    await printRecords(consumer, { limit, timeoutMs, stopping, print, drained: () => terminal.drained() }).finally(() => progress.end());
    return ExitCode.OK;
  } finally {
    await brokers.close();
  }
}

async function open(
  brokers: Brokers,
  topic: string,
  { only, given }: { only: number | undefined; given: ConsumeArguments },
): Promise<Consumer> {
  const all = await topicLeaders(brokers, topic, { isCreationAllowed: false });
  if (all === undefined) throw new CommandError(`There is no topic ${topic}; "odradek produce ${topic}" makes it.`);
  const options = { isCommittedOnly: false, offsetReset: given.fromBeginning ? FROM_EARLIEST : FROM_LATEST };
  if (given.group !== undefined)
    return new GroupConsumer(brokers, { ...GROUP_DEFAULTS, ...options, groupId: given.group, wantedTopics: async () => [topic] });
  const partitions = all.filter(({ index }) => only === undefined || index === only).map(({ index }) => ({ topic, partition: index }));
  if (partitions.length === 0) throw new CommandError(`The topic ${topic} has no partition ${only ?? 0}.`);
  return new LoneConsumer(brokers, await startOf(brokers, partitions, options), options);
}

function lineOf(record: PrintedRecord, { key, json }: ConsumeArguments): string {
  const { topic, partition, offset, timestamp, headers } = record;
  if (json) {
    const named = Object.fromEntries(headers.map((header) => [header.key, textOf(header.value)]));
    return `${JSON.stringify({ topic, partition, offset, timestamp, key: textOf(record.key), value: textOf(record.value), headers: named })}\n`;
  }
  const value = textOf(record.value) ?? "null";
  if (key === undefined) return `${value}\n`;
  return `${textOf(record.key) ?? "null"}${key === true ? DEFAULT_SEPARATOR : key}${value}\n`;
}

function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString("utf8");
}
