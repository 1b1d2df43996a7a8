// The cluster as every broker sees it: an immutable image, folded from the changes that the MetadataStore keeps.
//
// Changes are JSON values, stored as they are; their meaning is here and nowhere else. `applyChanges` shares what did not change, so
// that "has it changed?" is a comparison of references.

import { assert } from "../base/assert.ts";
import { type Acl, aclKey } from "../security/acls.ts";
import type { DelegationToken } from "../security/delegation-tokens.ts";
import { type ClientQuota, clientQuotaKey } from "./client-quotas.ts";
import type { FinalizedFeatures } from "./features.ts";
import { MapDraft } from "./map-draft.ts";
import type { PartitionImage } from "./partition-image.ts";
import { brokerCame, brokerWent } from "./replica-changes.ts";
import type { ScramCredential } from "./scram-credentials.ts";
import { type ResourceSettings, type SettingsResource, settingsKey } from "./settings-resource.ts";

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
  /** Rises with every start of a broker of the cluster. */
  readonly epoch: number;
  /** It runs in a worker thread: when it is not started again, others take over all that it had (leaderships.ts). */
  readonly isWorker?: boolean;
  /** Of a machine of a cluster: that of its lease (src/membership). Such brokers lead what they like of each other's, but read only what they lead. */
  readonly incarnation?: number;
  /** With which it proves to others who it is (peer-proof.ts). Of a broker that registered without, nothing is taken for proof. */
  readonly publicKey?: string;
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
  /** Known, and not there: they hold replicas, but lead nothing and are told to no client. */
  readonly stoppedBrokers: ReadonlyMap<number, BrokerImage>;
  readonly topicsByName: ReadonlyMap<string, TopicImage>;
  readonly topicsById: ReadonlyMap<string, TopicImage>;
  /** What was altered while running, of all resources but topics, by settingsKey. */
  readonly settings: ReadonlyMap<string, ResourceSettings>;
  /** By clientQuotaKey. */
  readonly clientQuotas: ReadonlyMap<string, ClientQuota>;
  /** By user and mechanism: see scramKey. */
  readonly scramCredentials: ReadonlyMap<string, ScramCredential>;
  /** By aclKey. */
  readonly acls: ReadonlyMap<string, Acl>;
  /** By id; expired ones until they are removed (expired-tokens.ts). */
  readonly delegationTokens: ReadonlyMap<string, DelegationToken>;
  /** `undefined` until the first broker of the cluster has started. */
  readonly features: FinalizedFeatures | undefined;
  /** Producer ids below it have been given to brokers. */
  readonly nextProducerId: number;
}

export type Change =
  /** A broker has started, on these endpoints. Each partition that it leads enters a new leader epoch, as after an election. */
  | ({ readonly type: "broker" } & BrokerImage)
  /** Its listeners were altered while it runs. */
  | { readonly type: "brokerEndpoints"; readonly id: number; readonly endpoints: readonly Endpoint[] }
  /** It is gone for good; another replica leads in its place where there is one. */
  | { readonly type: "brokerRemoved"; readonly id: number }
  /** It is not there for now: see replica-changes.ts for what becomes of its partitions. */
  | { readonly type: "brokerStopped"; readonly id: number }
  | ({ readonly type: "topic" } & TopicImage)
  | { readonly type: "topicDeleted"; readonly id: string }
  | { readonly type: "topicConfigs"; readonly id: string; readonly configs: Readonly<Record<string, string>> }
  /** Partitions added after the last one. */
  | { readonly type: "partitionsAdded"; readonly id: string; readonly partitions: readonly PartitionImage[] }
  /** Other replicas or another leader. */
  | { readonly type: "partition"; readonly id: string; readonly index: number; readonly partition: PartitionImage }
  /** What is now set on a resource, all of it; nothing is left when `values` is empty. */
  | ({ readonly type: "settings" } & SettingsResource & { readonly values: Readonly<Record<string, string>> })
  /** What now limits an entity, all of it; nothing is left when `values` is empty. */
  | ({ readonly type: "clientQuota" } & ClientQuota)
  | ({ readonly type: "scramCredential" } & ScramCredential)
  | { readonly type: "scramCredentialDeleted"; readonly user: string; readonly mechanism: number }
  | ({ readonly type: "acl" } & Acl)
  | ({ readonly type: "aclDeleted" } & Acl)
  /** A new one, or one with another expiry. */
  | ({ readonly type: "delegationToken" } & DelegationToken)
  | { readonly type: "delegationTokenDeleted"; readonly id: string }
  | ({ readonly type: "features" } & FinalizedFeatures)
  | { readonly type: "producerIds"; readonly next: number };

export function emptyImage(clusterId: string): ClusterImage {
  return {
    clusterId,
    brokers: new Map(),
    stoppedBrokers: new Map(),
    topicsByName: new Map(),
    topicsById: new Map(),
    settings: new Map(),
    clientQuotas: new Map(),
    scramCredentials: new Map(),
    acls: new Map(),
    delegationTokens: new Map(),
    features: undefined,
    nextProducerId: 0,
  };
}

export function applyChanges(image: ClusterImage, changes: readonly Change[]): ClusterImage {
  const draft = new ImageDraft(image);
  for (const change of changes) draft.apply(change);
  return draft.image;
}

/** An image while it changes, for who decides on one change after another and must see those before. */
export class ImageDraft {
  readonly #draft: Draft;

  constructor(image: ClusterImage) {
    this.#draft = {
      clusterId: image.clusterId,
      brokers: new MapDraft(image.brokers),
      stoppedBrokers: new MapDraft(image.stoppedBrokers),
      topicsByName: new MapDraft(image.topicsByName),
      topicsById: new MapDraft(image.topicsById),
      settings: new MapDraft(image.settings),
      clientQuotas: new MapDraft(image.clientQuotas),
      scramCredentials: new MapDraft(image.scramCredentials),
      acls: new MapDraft(image.acls),
      delegationTokens: new MapDraft(image.delegationTokens),
      ownPartitions: new Map(),
      features: image.features,
      nextProducerId: image.nextProducerId,
    };
  }

  /** As it is now; what is applied later may show in it. */
  get image(): ClusterImage {
    const draft = this.#draft;
    return {
      clusterId: draft.clusterId,
      brokers: draft.brokers.current,
      stoppedBrokers: draft.stoppedBrokers.current,
      topicsByName: draft.topicsByName.current,
      topicsById: draft.topicsById.current,
      settings: draft.settings.current,
      clientQuotas: draft.clientQuotas.current,
      scramCredentials: draft.scramCredentials.current,
      acls: draft.acls.current,
      delegationTokens: draft.delegationTokens.current,
      features: draft.features,
      nextProducerId: draft.nextProducerId,
    };
  }

  apply(change: Change): void {
    applyChange(this.#draft, change);
  }
}

/** What an image has is copied at its first change, and the copy changed from then on: many changes fold in linear time. */
interface Draft {
  readonly clusterId: string;
  readonly brokers: MapDraft<number, BrokerImage>;
  readonly stoppedBrokers: MapDraft<number, BrokerImage>;
  readonly topicsByName: MapDraft<string, TopicImage>;
  readonly topicsById: MapDraft<string, TopicImage>;
  readonly settings: MapDraft<string, ResourceSettings>;
  readonly clientQuotas: MapDraft<string, ClientQuota>;
  readonly scramCredentials: MapDraft<string, ScramCredential>;
  readonly acls: MapDraft<string, Acl>;
  readonly delegationTokens: MapDraft<string, DelegationToken>;
  /** Lists of partitions that were copied for this draft, by topic id. */
  readonly ownPartitions: Map<string, PartitionImage[]>;
  features: FinalizedFeatures | undefined;
  nextProducerId: number;
}

function applyChange(draft: Draft, change: Change): void {
  switch (change.type) {
    case "broker":
    case "brokerRemoved":
    case "brokerStopped":
      applyBroker(draft, change);
      return;
    case "brokerEndpoints":
      for (const brokers of [draft.brokers, draft.stoppedBrokers]) {
        const broker = brokers.current.get(change.id);
        if (broker !== undefined) brokers.put(change.id, { ...broker, endpoints: change.endpoints });
      }
      return;
    case "topic":
    case "topicDeleted":
    case "topicConfigs":
    case "partitionsAdded":
    case "partition":
      applyTopic(draft, change);
      return;
    case "settings": {
      const { kind, name, values } = change;
      draft.settings.put(settingsKey({ kind, name }), isEmpty(values) ? undefined : { kind, name, values });
      return;
    }
    case "clientQuota": {
      const { entity, values } = change;
      draft.clientQuotas.put(clientQuotaKey(entity), isEmpty(values) ? undefined : { entity, values });
      return;
    }
    case "scramCredential": {
      const { type: _, ...credential } = change;
      draft.scramCredentials.put(scramKey(change), credential);
      return;
    }
    case "scramCredentialDeleted":
      draft.scramCredentials.put(scramKey(change), undefined);
      return;
    case "acl": {
      const { type: _, ...acl } = change;
      draft.acls.put(aclKey(acl), acl);
      return;
    }
    case "aclDeleted":
      draft.acls.put(aclKey(change), undefined);
      return;
    case "delegationToken": {
      const { type: _, ...token } = change;
      draft.delegationTokens.put(token.id, token);
      return;
    }
    case "delegationTokenDeleted":
      draft.delegationTokens.put(change.id, undefined);
      return;
    case "features":
      draft.features = { epoch: change.epoch, levels: change.levels };
      return;
    case "producerIds":
      draft.nextProducerId = change.next;
      return;
  }
}

function isEmpty(values: object): boolean {
  return Object.keys(values).length === 0;
}

export function scramKey({ user, mechanism }: { readonly user: string; readonly mechanism: number }): string {
  return `${mechanism} ${user}`;
}

function applyBroker(draft: Draft, change: Extract<Change, { type: "broker" | "brokerRemoved" | "brokerStopped" }>): void {
  const { id } = change;
  const { brokers, stoppedBrokers } = draft;
  const broker = brokers.current.get(id);
  stoppedBrokers.put(id, change.type === "brokerStopped" ? (broker ?? stoppedBrokers.current.get(id)) : undefined);
  if (change.type === "broker") brokers.put(id, startedBroker(change));
  else brokers.put(id, undefined);
  const isThere = (replica: number) => brokers.current.has(replica);
  for (const topic of draft.topicsByName.current.values()) {
    const partitions = topic.partitions.map((partition) =>
      change.type === "broker" ? brokerCame(partition, id) : brokerWent(partition, id, isThere),
    );
    if (partitions.some((partition, index) => partition !== topic.partitions[index])) setTopic(draft, { ...topic, partitions });
  }
}

function startedBroker({ type: _, ...broker }: Extract<Change, { type: "broker" }>): BrokerImage {
  return broker;
}

type TopicsChange = Extract<Change, { type: "topic" | "topicDeleted" | "topicConfigs" | "partitionsAdded" | "partition" }>;

function applyTopic(draft: Draft, change: TopicsChange): void {
  if (change.type === "topic") {
    setTopic(draft, { name: change.name, id: change.id, partitions: change.partitions, configs: change.configs });
    return;
  }
  const topic = draft.topicsById.current.get(change.id);
  assert(topic !== undefined, "only a topic that exists is changed");
  switch (change.type) {
    case "topicDeleted":
      draft.topicsById.put(topic.id, undefined);
      draft.topicsByName.put(topic.name, undefined);
      return;
    case "topicConfigs":
      setTopic(draft, { ...topic, configs: change.configs });
      return;
    case "partitionsAdded": {
      const partitions = ownPartitions(draft, topic);
      for (const partition of change.partitions) partitions.push(partition);
      setTopic(draft, { ...topic, partitions });
      return;
    }
    case "partition": {
      assert(change.index < topic.partitions.length, "only a partition that exists is changed");
      const partitions = ownPartitions(draft, topic);
      partitions[change.index] = change.partition;
      setTopic(draft, { ...topic, partitions });
      return;
    }
  }
}

function ownPartitions(draft: Draft, topic: TopicImage): PartitionImage[] {
  const known = draft.ownPartitions.get(topic.id);
  if (known !== undefined && known === topic.partitions) return known;
  const copy = [...topic.partitions];
  draft.ownPartitions.set(topic.id, copy);
  return copy;
}

function setTopic(draft: Draft, topic: TopicImage): void {
  draft.topicsByName.put(topic.name, topic);
  draft.topicsById.put(topic.id, topic);
}

/** The shortest history that folds into the same image, and tells of deletions in its newer part: those logs may still be on their way out. */
export function compactChanges(changes: readonly Change[], newer: readonly Change[] = []): readonly Change[] {
  const image = applyChanges(emptyImage(""), changes);
  return [
    ...newer.flatMap((change) => (change.type === "topicDeleted" ? deletionAlone(change) : [])),
    // Brokers first: a broker's start would raise the leader epochs of topics that come before it.
    ...[...image.brokers.values(), ...image.stoppedBrokers.values()].map((broker): Change => ({ type: "broker", ...broker })),
    ...[...image.stoppedBrokers.keys()].map((id): Change => ({ type: "brokerStopped", id })),
    ...[...image.topicsByName.values()].map((topic): Change => ({ type: "topic", ...topic })),
    ...[...image.settings.values()].map((settings): Change => ({ type: "settings", ...settings })),
    ...[...image.clientQuotas.values()].map((quota): Change => ({ type: "clientQuota", ...quota })),
    ...[...image.scramCredentials.values()].map((credential): Change => ({ type: "scramCredential", ...credential })),
    ...[...image.acls.values()].map((acl): Change => ({ type: "acl", ...acl })),
    ...[...image.delegationTokens.values()].map((token): Change => ({ type: "delegationToken", ...token })),
    ...(image.features === undefined ? [] : [{ type: "features" as const, ...image.features }]),
    { type: "producerIds", next: image.nextProducerId },
  ];
}

/** Of a topic of which nothing else is known any more: it comes and goes. */
function deletionAlone(deletion: Extract<Change, { type: "topicDeleted" }>): readonly Change[] {
  return [{ type: "topic", name: deletion.id, id: deletion.id, partitions: [], configs: {} }, deletion];
}

/** Rises with every start of any broker: what Kafka calls the epoch of the quorum's leader, where we have no quorum. */
export function latestEpoch(image: ClusterImage): number {
  return Math.max(0, ...[...image.brokers.values(), ...image.stoppedBrokers.values()].map(({ epoch }) => epoch));
}
