// `odradek consume TOPIC`: prints records as they come, one a line. With `--group` it is a member of that group: it reads the partitions
// that are its own, goes on where the group stopped and stores how far it came.

import { loadPatterns, patternFault } from "../base/patterns.ts";
import { listTopics } from "../client/admin/topics.ts";
import { Brokers } from "../client/brokers.ts";
import {
  type Consumer,
  FROM_EARLIEST,
  FROM_LATEST,
  GROUP_DEFAULTS,
  GROUP_PROTOCOLS,
  GroupConsumer,
  type GroupOptions,
  type GroupProtocol,
  LoneConsumer,
  startOf,
} from "../client/consumer.ts";
import { topicLeaders } from "../client/topic-leaders.ts";
import type { TopicPartition } from "../client/topic-partition.ts";
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
  readonly regex?: boolean;
  readonly group?: string;
  readonly protocol?: string;
  readonly groupInstanceId?: string;
  readonly maxMessages?: string;
  readonly timeout?: string;
}

const DEFAULT_SEPARATOR = ":";
const LOOK_FOR_TOPICS_MS = 10_000;

/** Ends at `--max-messages`, after `--timeout` without a record, or when `stopping` settles. */
export async function consumeLines(topic: string, given: ConsumeArguments, terminal: Terminal, stopping: Promise<void>): Promise<ExitCode> {
  const limit = given.maxMessages === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--max-messages", given.maxMessages);
  const timeoutMs = given.timeout === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--timeout", given.timeout);
  const only = given.partition === undefined ? undefined : wholeNumber("--partition", given.partition);
  if (only !== undefined && given.group !== undefined)
    throw usageError("A group shares out all partitions; --partition does not go with it.");
  if (only !== undefined && given.regex) throw usageError("--partition is about one topic; it does not go with --regex.");
  const protocol = groupProtocol(given);
  const access = given.commandConfig === undefined ? undefined : (await import("./command-access.ts")).commandAccess(given.commandConfig);
  const brokers = new Brokers(given.bootstrapServer, { access });
  try {
    const consumer = await open(brokers, topic, { only, protocol, given });
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
  { only, protocol, given }: { only: number | undefined; protocol: GroupProtocol; given: ConsumeArguments },
): Promise<Consumer> {
  const options = { isCommittedOnly: false, offsetReset: given.fromBeginning ? FROM_EARLIEST : FROM_LATEST };
  const topics = await topicsOf(brokers, topic, given);
  const { group: groupId, groupInstanceId: instanceId = null } = given;
  if (groupId !== undefined) {
    const membership = { ...GROUP_DEFAULTS, protocol, groupId, instanceId };
    return new GroupConsumer(brokers, { ...membership, ...options, ...subscriptionTo(topic, topics, { protocol, given }) });
  }
  const partitions: TopicPartition[] = [];
  for (const name of await topics()) {
    const all = (await topicLeaders(brokers, name, { isCreationAllowed: false })) ?? [];
    partitions.push(
      ...all.filter(({ index }) => only === undefined || index === only).map(({ index }) => ({ topic: name, partition: index })),
    );
  }
  if (partitions.length === 0)
    throw new CommandError(given.regex ? `No topic's name matches ${topic}.` : `The topic ${topic} has no partition ${only ?? 0}.`);
  return new LoneConsumer(brokers, await startOf(brokers, partitions, options), options);
}

/** The coordinator of a consumer group resolves expressions by itself; a classic member has to look. */
function subscriptionTo(
  topic: string,
  wantedTopics: () => Promise<string[]>,
  { protocol, given }: { protocol: GroupProtocol; given: ConsumeArguments },
): Pick<GroupOptions, "wantedTopics" | "topicRegex" | "topicsRefreshMs"> {
  const { topicsRefreshMs } = GROUP_DEFAULTS;
  if (!given.regex) return { wantedTopics, topicsRefreshMs };
  if (protocol === "consumer") return { wantedTopics: async () => [], topicRegex: topic, topicsRefreshMs };
  return { wantedTopics, topicsRefreshMs: LOOK_FOR_TOPICS_MS };
}

/** Asked for anew at each call. Raises CommandError for a topic that is missing, and for what is no regular expression. */
async function topicsOf(brokers: Brokers, topic: string, { regex }: ConsumeArguments): Promise<() => Promise<string[]>> {
  if (!regex) {
    const all = await topicLeaders(brokers, topic, { isCreationAllowed: false });
    if (all === undefined) throw new CommandError(`There is no topic ${topic}; "odradek produce ${topic}" makes it.`);
    return async () => [topic];
  }
  const pattern = (await loadPatterns())(topic);
  if (pattern === undefined) throw usageError(`${topic} is not a regular expression: ${(await patternFault(topic)) ?? "it is too large"}.`);
  return async () => {
    const all = await listTopics(brokers);
    return all.filter(({ name, isInternal }) => !isInternal && pattern.matches(name)).map(({ name }) => name);
  };
}

/** Raises CommandError, also for options of members without a group. */
function groupProtocol({ group, protocol, groupInstanceId }: ConsumeArguments): GroupProtocol {
  const stray = protocol !== undefined ? "--protocol" : groupInstanceId !== undefined ? "--group-instance-id" : undefined;
  if (group === undefined && stray !== undefined) throw usageError(`${stray} is about a member of a group; name it with --group.`);
  const known = GROUP_PROTOCOLS.find((name) => name === (protocol ?? GROUP_DEFAULTS.protocol));
  if (known === undefined) throw usageError(`--protocol ${protocol}: ${GROUP_PROTOCOLS.join(" or ")} is needed`);
  return known;
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
