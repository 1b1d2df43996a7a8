// Kafka's checkpoint files: text, the version (0) on the first line, the number of entries on the second, then one entry a line.
//
//   recovery-point-offset-checkpoint and its like     "topic partition offset"
//   leader-epoch-checkpoint                           "epoch startOffset"

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import type { LeaderEpochStart } from "../storage/leader-epochs.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";

const VERSION = "0";

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

export function encodePartitionOffsets(entries: readonly PartitionOffset[]): string {
  return encode(entries.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`));
}

export interface ReadOffsets {
  /** By the partition's name. */
  readonly offsets: Map<string, number>;
  /** The file has something to say that cannot be read. */
  readonly isDamaged: boolean;
}

/** A line that does not read as one of a checkpoint counts as missing, which the log is told; the others count. */
export function readPartitionOffsets(filesystem: Filesystem, path: string, logger: Logger): ReadOffsets {
  const { entries, damagedAt } = readEntries(filesystem, path, (line) => {
    const [, topic, partition, offset] = /^([\w.-]+) (\d{1,10}) (-?\d{1,16})$/.exec(line) ?? [];
    if (topic === undefined || partition === undefined || offset === undefined) return undefined;
    return [topicPartitionName({ topic, partition: Number(partition) }), Number(offset)] as const;
  });
  if (damagedAt !== undefined)
    logger.warn(
      { path, positionBytes: damagedAt, readLines: entries.length },
      "a checkpoint file is damaged; what does not read counts as missing",
    );
  return { offsets: new Map(entries), isDamaged: damagedAt !== undefined };
}

export function encodeLeaderEpochs(entries: readonly LeaderEpochStart[]): string {
  return encode(entries.map(({ leaderEpoch, startOffset }) => `${leaderEpoch} ${startOffset}`));
}

/** `undefined` when there is no such file or it does not read as one: both columns grow. */
export function readLeaderEpochs(filesystem: Filesystem, path: string, logger: Logger): LeaderEpochStart[] | undefined {
  if (filesystem.stat(path) === undefined) return undefined;
  let last: LeaderEpochStart = { leaderEpoch: -1, startOffset: -1 };
  const { entries, damagedAt } = readEntries(filesystem, path, (line) => {
    const [, leaderEpoch, startOffset] = /^(\d{1,10}) (\d{1,16})$/.exec(line) ?? [];
    const entry = { leaderEpoch: Number(leaderEpoch ?? -1), startOffset: Number(startOffset ?? -1) };
    if (entry.leaderEpoch <= last.leaderEpoch || entry.startOffset <= last.startOffset) return undefined;
    last = entry;
    return entry;
  });
  if (damagedAt === undefined) return entries;
  logger.warn({ path, positionBytes: damagedAt }, "a checkpoint file is damaged, and counts as missing");
  return undefined;
}

interface ReadEntries<Entry> {
  readonly entries: Entry[];
  /** Where the file first does not read as a checkpoint, in bytes. */
  readonly damagedAt: number | undefined;
}

/** Of the lines that are entries; nothing when there is no such file. */
function readEntries<Entry>(filesystem: Filesystem, path: string, entryOf: (line: string) => Entry | undefined): ReadEntries<Entry> {
  if (filesystem.stat(path) === undefined) return { entries: [], damagedAt: undefined };
  // One byte a character: what is no text stays where it is.
  const [version = "", count = "", ...lines] = filesystem.readFile(path).toString("latin1").split("\n");
  const entries: Entry[] = [];
  let damagedAt = version === VERSION ? undefined : 0;
  let at = version.length + 1;
  if (!/^\d{1,10}$/.test(count)) damagedAt ??= at;
  at += count.length + 1;
  // After the last line comes a line feed, so the last part is empty.
  const last = lines.pop();
  for (const line of lines) {
    const entry = entryOf(line);
    if (entry === undefined) damagedAt ??= at;
    else entries.push(entry);
    at += line.length + 1;
  }
  if (last !== "" || lines.length !== Number(count)) damagedAt ??= at;
  return { entries, damagedAt };
}

function encode(lines: readonly string[]): string {
  return `${[VERSION, String(lines.length), ...lines].join("\n")}\n`;
}
