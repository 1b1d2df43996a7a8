// Kafka's checkpoint files: text, the version (0) on the first line, the number of entries on the second, then one entry a line.
//
//   recovery-point-offset-checkpoint and its like     "topic partition offset"
//   leader-epoch-checkpoint                           "epoch startOffset"

import type { Filesystem } from "../base/filesystem.ts";
import type { LeaderEpochStart } from "../storage/leader-epochs.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";

const VERSION = "0";

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

export function encodePartitionOffsets(entries: readonly PartitionOffset[]): string {
  return encode(entries.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`));
}

/** Offsets by the partition's name. What does not read as a checkpoint counts as empty: it can be made anew from the logs. */
export function readPartitionOffsets(filesystem: Filesystem, path: string): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const line of readLines(filesystem, path) ?? []) {
    const [topic, partition, offset] = line.split(" ");
    if (topic === undefined || !isNumber(partition) || !isNumber(offset)) return new Map();
    offsets.set(topicPartitionName({ topic, partition: Number(partition) }), Number(offset));
  }
  return offsets;
}

export function encodeLeaderEpochs(entries: readonly LeaderEpochStart[]): string {
  return encode(entries.map(({ leaderEpoch, startOffset }) => `${leaderEpoch} ${startOffset}`));
}

/** `undefined` when there is no such file or it does not read as one. */
export function readLeaderEpochs(filesystem: Filesystem, path: string): LeaderEpochStart[] | undefined {
  const entries: LeaderEpochStart[] = [];
  const lines = readLines(filesystem, path);
  if (lines === undefined) return undefined;
  for (const line of lines) {
    const [leaderEpoch, startOffset] = line.split(" ");
    if (!isNumber(leaderEpoch) || !isNumber(startOffset)) return undefined;
    entries.push({ leaderEpoch: Number(leaderEpoch), startOffset: Number(startOffset) });
  }
  return entries;
}

function encode(lines: readonly string[]): string {
  return `${[VERSION, String(lines.length), ...lines].join("\n")}\n`;
}

function readLines(filesystem: Filesystem, path: string): string[] | undefined {
  if (filesystem.stat(path) === undefined) return undefined;
  const [version, count, ...lines] = filesystem.readFile(path).toString("utf8").split("\n");
  // After the last line comes a line feed, so the last part is empty.
  if (version !== VERSION || !isNumber(count) || lines.length !== Number(count) + 1) return undefined;
  return lines.slice(0, -1);
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^-?\d{1,16}$/.test(text);
}
