// A topology on the topics that there are: how many partitions each internal topic is to have, how many tasks each subtopology, and what stands in
// the way (KIP-1071).
//
//   1. sources must be there
//   2. a repartition topic has as many partitions as the client says, or the largest source of a subtopology that writes it (`repartitionCounts`)
//   3. topics of a copartition group have as many as each other (`copartitioned`)
//   4. a changelog has as many as its subtopology's largest source
//   5. internal topics that are there must have what was decided; those that are not are to be made
//
// What cannot be at all is a refusal, which the heartbeat is answered; what may come right is a status that it is told.

import { Errors } from "../../../../protocol/errors.ts";
import { inMapOrder, stringHash } from "../../../base/java-order.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { copartitioned } from "./copartitioning.ts";
import { repartitionCounts } from "./repartition-counts.ts";
import { isStatus, type Status, Statuses } from "./statuses.ts";
import type { InternalTopicInfo, PartitionCount, Subtopology, Topology } from "./topology.ts";

export interface ConfiguredSubtopology extends Subtopology {
  readonly taskCount: number;
}

export interface ConfiguredTopology {
  readonly epoch: number;
  /** Of the topics that it was decided by. */
  readonly metadataHash: bigint;
  /** By id, in their order, with the counts of internal topics that were decided; `undefined` when they could not be. */
  readonly subtopologies: ReadonlyMap<string, ConfiguredSubtopology> | undefined;
  /** To be made, by name. */
  readonly missing: ReadonlyMap<string, InternalTopicInfo>;
  /** What stands in the way. */
  readonly status: Status | undefined;
}

export function isReady({ status, subtopologies }: ConfiguredTopology): boolean {
  return status === undefined && subtopologies !== undefined;
}

export function configureTopology(topology: Topology, metadataHash: bigint, existing: PartitionCount): ConfiguredTopology | Refusal {
  const base = { epoch: topology.epoch, metadataHash };
  const outcome = decide(topology, existing);
  if (isRefusal(outcome)) return outcome;
  if (isStatus(outcome)) return { ...base, subtopologies: undefined, missing: new Map(), status: outcome };
  const missing = missingTopics(outcome, existing);
  if (isStatus(missing)) return { ...base, subtopologies: undefined, missing: new Map(), status: missing };
  const status = missing.size === 0 ? undefined : missingInternalTopics([...missing.keys()]);
  return { ...base, subtopologies: outcome, missing, status };
}

type Configured = ReadonlyMap<string, ConfiguredSubtopology>;

function decide(topology: Topology, existing: PartitionCount): Configured | Status | Refusal {
  const subtopologies = topology.subtopologies.toSorted((a, b) => (a.subtopologyId < b.subtopologyId ? -1 : 1));
  const absent = subtopologies.flatMap(({ sourceTopics }) => sourceTopics.filter((name) => existing(name) === undefined));
  if (absent.length > 0) {
    const statusDetail = `Source topics ${summarized([...new Set(absent)].sort())} are missing.`;
    return { statusCode: Statuses.MISSING_SOURCE_TOPICS, statusDetail };
  }
  const decided = repartitionCounts(subtopologies, existing);
  if (isRefusal(decided)) return decided;
  // What there is counts more than what was decided.
  const count: PartitionCount = (name) => existing(name) ?? decided.get(name);
  for (const subtopology of subtopologies) {
    const fault = copartitioned(subtopologies, subtopology, count, decided);
    if (fault !== undefined) return fault;
  }
  const taskCounts = new Map<string, number>();
  for (const subtopology of subtopologies) {
    const counts = inputsOf(subtopology).map((name) => count(name) ?? 0);
    if (counts.length === 0) return invalid(`No source topics found for subtopology ${subtopology.subtopologyId}`);
    const largest = Math.max(...counts);
    taskCounts.set(subtopology.subtopologyId, largest);
    for (const { name } of subtopology.stateChangelogTopics) decided.set(name, largest);
  }
  return new Map(
    subtopologies.map((subtopology) => [
      subtopology.subtopologyId,
      {
        ...subtopology,
        taskCount: taskCounts.get(subtopology.subtopologyId) ?? 0,
        repartitionSourceTopics: withCounts(subtopology.repartitionSourceTopics, decided),
        stateChangelogTopics: withCounts(subtopology.stateChangelogTopics, decided),
      },
    ]),
  );
}

/** The topics whose partitions make its tasks. */
export function inputsOf({ sourceTopics, repartitionSourceTopics }: Subtopology): string[] {
  return [...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)];
}

function withCounts(topics: readonly InternalTopicInfo[], decided: ReadonlyMap<string, number>): InternalTopicInfo[] {
  return topics.map((topic) => ({ ...topic, partitions: decided.get(topic.name) ?? topic.partitions }));
}

function missingTopics(subtopologies: Configured, existing: PartitionCount): ReadonlyMap<string, InternalTopicInfo> | Status {
  const internal = new Map<string, InternalTopicInfo>();
  for (const { repartitionSourceTopics, stateChangelogTopics } of subtopologies.values()) {
    for (const topic of [...repartitionSourceTopics, ...stateChangelogTopics]) internal.set(topic.name, topic);
  }
  for (const { name, partitions } of internal.values()) {
    const found = existing(name);
    if (found === undefined || found === partitions) continue;
    const statusDetail = `Existing topic ${name} has different number of partitions: expected ${partitions}, found ${found}`;
    return { statusCode: Statuses.INCORRECTLY_PARTITIONED_TOPICS, statusDetail };
  }
  const missing = inMapOrder([...internal], ([name]) => stringHash(name)).filter(([name]) => existing(name) === undefined);
  return new Map(missing);
}

function missingInternalTopics(names: readonly string[]): Status {
  return { statusCode: Statuses.MISSING_INTERNAL_TOPICS, statusDetail: `Internal topics are missing: ${summarized(names)}` };
}

/** No more are named. */
const MOST_NAMED = 3;

/** As Kafka names them. */
function summarized(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} additional topics` : "";
  return `${names.slice(0, MOST_NAMED).join(", ")}${more}`;
}

function invalid(message: string): Refusal {
  return { error: Errors.STREAMS_INVALID_TOPOLOGY, message };
}
