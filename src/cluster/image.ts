// The cluster as every broker sees it: an immutable image, folded from the changes that the MetadataStore keeps.
//
// Changes are JSON values, stored as they are; their meaning is here and nowhere else. `applyChange` shares what did not change.

import { assert } from "../base/assert.ts";

export interface Endpoint {
  readonly listener: string;
  /** `null`: whatever local address the client has reached us at. */
  readonly host: string | null;
  readonly port: number;
}

export interface BrokerImage {
  readonly id: number;
  readonly rack: string | null;
  readonly endpoints: readonly Endpoint[];
}

export interface PartitionImage {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}

export interface TopicImage {
  readonly name: string;
  readonly id: string;
  readonly partitions: readonly PartitionImage[];
  /** Settings that were set on the topic itself, as text, by Kafka's names. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface ClusterImage {
  readonly clusterId: string;
  readonly brokers: ReadonlyMap<number, BrokerImage>;
  readonly topicsByName: ReadonlyMap<string, TopicImage>;
  readonly topicsById: ReadonlyMap<string, TopicImage>;
  /** Producer ids below it have been given to brokers. */
  readonly nextProducerId: number;
}

export type Change =
  /** A broker has started, on these endpoints. Each partition that it leads enters a new leader epoch, as after an election. */
  | { readonly type: "broker"; readonly id: number; readonly rack: string | null; readonly endpoints: readonly Endpoint[] }
  | ({ readonly type: "topic" } & TopicImage)
  | { readonly type: "topicDeleted"; readonly id: string }
  | { readonly type: "producerIds"; readonly next: number };

export function emptyImage(clusterId: string): ClusterImage {
  return { clusterId, brokers: new Map(), topicsByName: new Map(), topicsById: new Map(), nextProducerId: 0 };
}

export function applyChanges(image: ClusterImage, changes: readonly Change[]): ClusterImage {
  // One copy of each map for the whole list: a journal of many topics folds in linear time.
  const next = { ...image, brokers: new Map(image.brokers), topicsByName: new Map(image.topicsByName), topicsById: new Map(image.topicsById) };
  for (const change of changes) applyChange(next, change);
  return next;
}

interface Draft {
  brokers: Map<number, BrokerImage>;
  topicsByName: Map<string, TopicImage>;
  topicsById: Map<string, TopicImage>;
  nextProducerId: number;
}

function applyChange(draft: Draft, change: Change): void {
  switch (change.type) {
    case "broker": {
      draft.brokers.set(change.id, { id: change.id, rack: change.rack, endpoints: change.endpoints });
      for (const topic of draft.topicsByName.values()) {
        if (topic.partitions.some(({ leader }) => leader === change.id)) setTopic(draft, electedAgain(topic, change.id));
      }
      return;
    }
    case "topic":
      setTopic(draft, { name: change.name, id: change.id, partitions: change.partitions, configs: change.configs });
      return;
    case "topicDeleted": {
      const topic = draft.topicsById.get(change.id);
      assert(topic !== undefined, "only a topic that exists is deleted");
      draft.topicsById.delete(topic.id);
      draft.topicsByName.delete(topic.name);
      return;
    }
    case "producerIds":
      draft.nextProducerId = change.next;
      return;
  }
}

function setTopic(draft: Draft, topic: TopicImage): void {
  draft.topicsByName.set(topic.name, topic);
  draft.topicsById.set(topic.id, topic);
}

function electedAgain(topic: TopicImage, brokerId: number): TopicImage {
  const partitions = topic.partitions.map((partition) => (partition.leader === brokerId ? { ...partition, leaderEpoch: partition.leaderEpoch + 1 } : partition));
  return { ...topic, partitions };
}

/** The shortest history that folds into the same image. */
export function compactChanges(changes: readonly Change[]): readonly Change[] {
  const image = applyChanges(emptyImage(""), changes);
  return [
    // Brokers first: a broker's start would raise the leader epochs of topics that come before it.
    ...[...image.brokers.values()].map((broker): Change => ({ type: "broker", ...broker })),
    ...[...image.topicsByName.values()].map((topic): Change => ({ type: "topic", ...topic })),
    { type: "producerIds", next: image.nextProducerId },
  ];
}
