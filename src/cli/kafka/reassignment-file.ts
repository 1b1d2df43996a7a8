// The files of `kafka-reassign-partitions`: what is to be moved where, and the same as it prints it.

import { comparePartitions, nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { isWholeNumber, parseJsonObject } from "./json-file.ts";
import { partitionList } from "./partition-list.ts";

const VERSION = 1;
const NOT_JSON = "The input string is not a valid JSON";
/** Wherever the broker likes. */
export const ANY_DIRECTORY = "any";

export interface WantedReplicas extends TopicPartition {
  readonly replicas: readonly number[];
  /** As many as replicas. */
  readonly directories: readonly string[];
}

/** In the order of their names. Raises CommandError. */
export function parseReassignment(text: string): WantedReplicas[] {
  const { version, partitions } = parseJsonObject(text, NOT_JSON);
  checkVersion(version);
  const wanted = partitions === undefined ? [] : partitionList(partitions, NOT_JSON).map(wantedReplicas);
  if (wanted.length === 0) throw new CommandError("Partition reassignment list cannot be empty");
  if (wanted.some(({ replicas }) => replicas.length === 0)) throw new CommandError("Partition replica list cannot be empty");
  const names = wanted.map(nameOf);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw new CommandError(`Partition reassignment contains duplicate topic partitions: ${twice.join(",")}`);
  const faults = wanted.flatMap((one) => {
    const repeated = one.replicas.filter((id, index) => one.replicas.indexOf(id) !== index);
    return repeated.length === 0 ? [] : [`${nameOf(one)} contains multiple entries for ${repeated.join(",")}`];
  });
  if (faults.length > 0) throw new CommandError(`Partition replica lists may not contain duplicate entries: ${faults.join(". ")}`);
  return wanted.sort(comparePartitions);
}

function wantedReplicas(entry: TopicPartition & { readonly [name: string]: unknown }): WantedReplicas {
  const { topic, partition } = entry;
  const replicas = entry["replicas"];
  const directories = entry["log_dirs"];
  if (replicas === undefined) throw new CommandError("No such field exists: `replicas`");
  if (!Array.isArray(replicas) || !replicas.every(isWholeNumber))
    throw new CommandError(`The replicas of ${nameOf(entry)} must be a list of broker ids`);
  if (directories === undefined) return { topic, partition, replicas, directories: replicas.map(() => ANY_DIRECTORY) };
  if (!Array.isArray(directories) || !directories.every((path) => typeof path === "string"))
    throw new CommandError(`The log_dirs of ${nameOf(entry)} must be a list of folders`);
  if (directories.length !== replicas.length)
    throw new CommandError(
      `Size of replicas list [${replicas.join(", ")}] is different from size of log dirs list [${directories.join(", ")}] for partition ${nameOf(entry)}`,
    );
  return { topic, partition, replicas, directories };
}

/** The topics of `--topics-to-move-json-file`. Raises CommandError. */
export function parseTopics(text: string): string[] {
  const { version, topics } = parseJsonObject(text, NOT_JSON);
  checkVersion(version);
  if (topics === undefined) return [];
  if (!Array.isArray(topics)) throw new CommandError(NOT_JSON);
  const names = topics.map((entry: unknown) => {
    if (typeof entry === "object" && entry !== null && "topic" in entry && typeof entry.topic === "string") return entry.topic;
    throw new CommandError("No such field exists: `topic`");
  });
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw new CommandError(`List of topics to reassign contains duplicate entries: [${twice.join(", ")}]`);
  return names;
}

function checkVersion(version: unknown): void {
  if (version !== undefined && version !== VERSION) throw new CommandError(`Not supported version field value ${String(version)}`);
}

/** One line of JSON, which is such a file again. */
export function reassignmentText(wanted: readonly WantedReplicas[]): string {
  const partitions = wanted.map(({ topic, partition, replicas, directories }) => ({ topic, partition, replicas, log_dirs: directories }));
  return JSON.stringify({ version: VERSION, partitions });
}
