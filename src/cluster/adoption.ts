// Takes stored partitions into the metadata that does not know them: strays, or all that is stored where the metadata was lost. A topic comes
// back with its name, its id and as many partitions as there are logs; its settings are lost, so that nothing of it may be deleted until
// somebody says what they were. Pure: the caller commits the changes.

import type { BrokerConfig } from "../config/broker-config.ts";
import type { StoredPartition } from "../storage/storage-engine.ts";
import type { Change, ClusterImage } from "./image.ts";
import { internalTopic } from "./internal-topic.ts";
import type { PartitionImage } from "./partition-image.ts";
import { topicNameFault } from "./topic-name.ts";

export interface FoundTopic {
  readonly name: string;
  /** All that its logs say: none where none of them says. */
  readonly ids: readonly string[];
  /** Ascending; one may come twice. */
  readonly partitions: readonly number[];
}

/** What the log of a partition says of itself. */
export interface LogState {
  readonly partition: number;
  /** The last that it has records of; -1 without any. */
  readonly leaderEpoch: number;
  /** Above every producer id that it knows. */
  readonly nextProducerId: number;
}

/** How they are called together by name. */
export function foundTopics(stored: readonly StoredPartition[]): readonly FoundTopic[] {
  const byName = Map.groupBy(stored, ({ topic }) => topic);
  return [...byName].map(([name, logs]) => ({
    name,
    ids: [...new Set(logs.flatMap(({ topicId }) => topicId ?? []))],
    partitions: logs.map(({ partition }) => partition).sort((one, other) => one - other),
  }));
}

/** Why a topic cannot be adopted, as the end of a sentence. With `isFilling`, partitions that are missing will be empty. */
export function adoptionFault(image: ClusterImage, topic: FoundTopic, { isFilling }: { readonly isFilling: boolean }): string | undefined {
  const { name, ids, partitions } = topic;
  if (topicNameFault(name) !== undefined) return "its name is no topic's";
  if (ids.length > 1) return `there are logs of ${ids.length} topics of this name; name the one by its id: ${ids.join(", ")}`;
  const known = image.topicsByName.get(name);
  if (known !== undefined && known.id !== ids[0])
    return `there is another topic of this name, with the id ${known.id}; delete that one first`;
  const namesake = ids[0] === undefined ? undefined : image.topicsById.get(ids[0]);
  if (namesake !== undefined && namesake.name !== name) return `the topic ${namesake.name} has its id ${namesake.id}`;
  const twice = partitions.find((partition, index) => partitions.indexOf(partition) !== index);
  if (twice !== undefined) return `there are several logs of its partition ${twice}; delete all but one of them`;
  const count = known?.partitions.length ?? 0;
  const there = partitions.find((partition) => partition < count);
  if (there !== undefined) return `its partition ${there} is there already`;
  const missing = missingPartitions(count, partitions);
  if (missing.length > 0 && !isFilling)
    return `${missing.length === 1 ? "partition" : "partitions"} ${missing.join(", ")} of it ${missing.length === 1 ? "is" : "are"} missing; with --fill they will be empty`;
  return undefined;
}

function missingPartitions(from: number, partitions: readonly number[]): number[] {
  const missing: number[] = [];
  const there = new Set(partitions);
  for (let partition = from; partition < (partitions.at(-1) ?? 0); partition++) if (!there.has(partition)) missing.push(partition);
  return missing;
}

/** Retention, whatever it was, waits until somebody sets it anew. */
const KEEP_ALL = { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1" };

export function adoptedConfigs(name: string, config: BrokerConfig): Readonly<Record<string, string>> {
  return internalTopic(name, config)?.configs ?? KEEP_ALL;
}

export interface Adoption {
  readonly name: string;
  readonly id: string;
  readonly configs: Readonly<Record<string, string>>;
  /** Of at least one partition that the image does not know. */
  readonly logs: readonly LogState[];
}

/** Leaders are found when brokers start. `brokerId` has the partitions where the image knows no broker. */
export function adoptionChanges(image: ClusterImage, { name, id, configs, logs }: Adoption, brokerId: number): readonly Change[] {
  const known = image.topicsById.get(id);
  const from = known?.partitions.length ?? 0;
  const brokerIds = [...image.brokers.keys(), ...image.stoppedBrokers.keys()].sort((one, other) => one - other);
  const epochs = new Map(logs.map(({ partition, leaderEpoch }) => [partition, leaderEpoch]));
  const partitions: PartitionImage[] = [];
  for (let partition = from; partition <= Math.max(...epochs.keys()); partition++) {
    const replicas = [brokerIds[partition % brokerIds.length] ?? brokerId];
    partitions.push({ leader: -1, leaderEpoch: Math.max(0, epochs.get(partition) ?? 0), replicas, inSyncReplicas: replicas });
  }
  return [
    known === undefined ? { type: "topic", name, id, partitions, configs } : { type: "partitionsAdded", id, partitions },
    ...raisedProducerIds(image, logs),
  ];
}

/** No producer may get the id of one that a log knows: its records would pass for ones that are there already. */
export function raisedProducerIds(image: ClusterImage, logs: readonly LogState[], beyond = 0): readonly Change[] {
  const next = logs.reduce((most, { nextProducerId }) => Math.max(most, nextProducerId), image.nextProducerId) + beyond;
  return next === image.nextProducerId ? [] : [{ type: "producerIds", next }];
}
