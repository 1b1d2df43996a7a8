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

/** Offsets by the partition's name. What does not read as a checkpoint counts as empty, which the log is told. */
export function readPartitionOffsets(filesystem: Filesystem, path: string, logger: Logger): Map<string, number> {
  const entries = readEntries(filesystem, path, logger, ([topic, partition, offset]) => {
    if (topic === undefined || !isNumber(partition) || !isNumber(offset)) return undefined;
    return [topicPartitionName({ topic, partition: Number(partition) }), Number(offset)] as const;
  });
  return new Map(entries);
}

export function encodeLeaderEpochs(entries: readonly LeaderEpochStart[]): string {
  return encode(entries.map(({ leaderEpoch, startOffset }) => `${leaderEpoch} ${startOffset}`));
}

/** `undefined` when there is no such file or it does not read as one. */
export function readLeaderEpochs(filesystem: Filesystem, path: string, logger: Logger): LeaderEpochStart[] | undefined {
  return readEntries(filesystem, path, logger, ([leaderEpoch, startOffset]) => {
    if (!isNumber(leaderEpoch) || !isNumber(startOffset)) return undefined;
    return { leaderEpoch: Number(leaderEpoch), startOffset: Number(startOffset) };
  });
}

/** `undefined` when there is no such file, or one of its lines is no entry. */
function readEntries<Entry>(
  filesystem: Filesystem,
  path: string,
  logger: Logger,
  entryOf: (words: readonly string[]) => Entry | undefined,
): Entry[] | undefined {
  if (filesystem.stat(path) === undefined) return undefined;
  const entries = readLines(filesystem, path)?.map((line) => entryOf(line.split(" ")));
  if (entries?.every((entry) => entry !== undefined)) return entries;
  logger.warn({ path }, "a checkpoint file is damaged, and counts as missing");
  return undefined;
}

function encode(lines: readonly string[]): string {
  return `${[VERSION, String(lines.length), ...lines].join("\n")}\n`;
}

function readLines(filesystem: Filesystem, path: string): string[] | undefined {
  const [version, count, ...lines] = filesystem.readFile(path).toString("utf8").split("\n");
  // After the last line comes a line feed, so the last part is empty.
  if (version !== VERSION || !isNumber(count) || lines.length !== Number(count) + 1) return undefined;
  return lines.slice(0, -1);
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^-?\d{1,16}$/.test(text);
}
