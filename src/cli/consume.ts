// `odradek consume TOPIC`: prints records as they come, one a line. With `--group` it goes on where that group stopped and keeps
// the position there, as a lone consumer without membership: the group must have no other members meanwhile.

import type { DecodedRecord } from "../../protocol/records/record.ts";
import { Client, EARLIEST, type FetchedPartition, LATEST, type Partition } from "./client.ts";
import { CommandError, ExitCode } from "./command-error.ts";
import { wholeNumber } from "./produce.ts";
import type { Terminal } from "./terminal.ts";

/** As commander gives them. */
export interface ConsumeArguments {
  readonly bootstrapServer: string;
  readonly fromBeginning?: boolean;
  readonly key?: string | true;
  readonly json?: boolean;
  readonly partition?: string;
  readonly group?: string;
  readonly maxMessages?: string;
  readonly timeout?: string;
}

const DEFAULT_SEPARATOR = ":";
const MAX_WAIT_MS = 500;

/** Ends at `--max-messages`, after `--timeout` without a record, or when `stopping` settles. */
export async function consumeLines(topic: string, given: ConsumeArguments, terminal: Terminal, stopping: Promise<void>): Promise<ExitCode> {
  const limit = given.maxMessages === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--max-messages", given.maxMessages);
  const timeoutMs = given.timeout === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--timeout", given.timeout);
  const only = given.partition === undefined ? undefined : wholeNumber("--partition", given.partition);
  const client = new Client(given.bootstrapServer);
  let isStopping = false;
  void stopping.then(() => {
    isStopping = true;
  });
  try {
    const reading = await open(client, topic, { only, given });
    let left = limit;
    let lastMs = Date.now();
    while (left > 0 && !isStopping && Date.now() - lastMs < timeoutMs) {
      const waitMs = Math.max(1, Math.min(MAX_WAIT_MS, timeoutMs - (Date.now() - lastMs)));
      const printed = await readOnce(
        {
          client,
          topic,
          reading,
          waitMs,
          limit: left,
          print: (partition, record) => terminal.out(lineOf(topic, partition, record, given)),
        },
        stopping,
      );
      if (printed > 0) lastMs = Date.now();
      left -= printed;
      if (printed > 0 && given.group !== undefined) await client.commit(given.group, topic, allOffsets(reading));
    }
    return ExitCode.OK;
  } finally {
    await client.close();
  }
}

/** Where each partition is read next, by leader. */
type Reading = readonly { readonly partition: Partition; readonly offsets: Map<number, number> }[];

async function open(
  client: Client,
  topic: string,
  { only, given }: { only: number | undefined; given: ConsumeArguments },
): Promise<Reading> {
  const partitions = (await client.partitionsOf(topic, false))?.filter(({ index }) => only === undefined || index === only);
  if (partitions === undefined) throw new CommandError(`There is no topic ${topic}; "odradek produce ${topic}" makes it.`);
  if (partitions.length === 0) throw new CommandError(`The topic ${topic} has no partition ${only ?? 0}.`);
  const committed = given.group === undefined ? new Map<number, number>() : await client.committed(given.group, topic, partitions);
  const byLeader = new Map<string, { readonly partition: Partition; readonly offsets: Map<number, number> }>();
  for (const partition of partitions) {
    const start = committed.get(partition.index) ?? (await client.offsetAt(topic, partition, given.fromBeginning ? EARLIEST : LATEST));
    const leader = `${partition.leader.host}:${partition.leader.port}`;
    const known = byLeader.get(leader) ?? { partition, offsets: new Map<number, number>() };
    known.offsets.set(partition.index, start);
    byLeader.set(leader, known);
  }
  return [...byLeader.values()];
}

interface Round {
  readonly client: Client;
  readonly topic: string;
  readonly reading: Reading;
  readonly waitMs: number;
  readonly limit: number;
  readonly print: (partition: number, record: DecodedRecord) => void;
}

/** One fetch from every leader; gives the number of records printed. Offsets stand after the last of them. */
async function readOnce({ client, topic, reading, waitMs, limit, print }: Round, stopping: Promise<void>): Promise<number> {
  let printed = 0;
  const rounds = reading.map(async ({ partition, offsets }) => {
    const order = { topic, leader: partition.leader, offsets, maxWaitMs: waitMs };
    const fetched = await Promise.race([client.fetch(order), stopping.then((): FetchedPartition[] => [])]);
    for (const { partition: index, records, nextOffset } of fetched) {
      for (const record of records) {
        if (printed >= limit) return;
        print(index, record);
        printed++;
        offsets.set(index, record.offset + 1);
      }
      offsets.set(index, nextOffset);
    }
  });
  await Promise.all(rounds);
  return printed;
}

function allOffsets(reading: Reading): Map<number, number> {
  return new Map(reading.flatMap(({ offsets }) => [...offsets]));
}

function lineOf(topic: string, partition: number, record: DecodedRecord, { key, json }: ConsumeArguments): string {
  const { offset, timestamp, headers } = record;
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
