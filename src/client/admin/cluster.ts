// The cluster as a whole: its id and brokers, its quorum, its features.

import { apiVersions } from "../../../protocol/messages/18-api-versions.ts";
import { describeQuorum } from "../../../protocol/messages/55-describe-quorum.ts";
import { updateFeatures } from "../../../protocol/messages/57-update-features.ts";
import { describeCluster } from "../../../protocol/messages/60-describe-cluster.ts";
import { unregisterBroker } from "../../../protocol/messages/64-unregister-broker.ts";
import { VERSION } from "../../base/version.ts";
import type { Broker, Brokers } from "../brokers.ts";
import { failOn, present } from "../refusal.ts";

const TIMEOUT_MS = 60_000;
const METADATA_TOPIC = "__cluster_metadata";

export interface Cluster {
  readonly id: string;
  readonly controllerId: number;
  readonly brokers: readonly (Broker & { readonly isFenced: boolean })[];
}

export async function describeWholeCluster(brokers: Brokers, { isWithFenced = false } = {}): Promise<Cluster> {
  const answer = await brokers.ask(describeCluster, 2, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: isWithFenced,
  });
  failOn(answer.errorCode, "the cluster", answer.errorMessage);
  const listed = answer.brokers.map(({ brokerId, host, port, rack, isFenced }) => ({ id: brokerId, host, port, rack, isFenced }));
  return { id: answer.clusterId, controllerId: answer.controllerId, brokers: listed.sort((one, other) => one.id - other.id) };
}

export async function unregister(brokers: Brokers, brokerId: number): Promise<void> {
  const answer = await brokers.ask(unregisterBroker, 0, { brokerId });
  failOn(answer.errorCode, `broker ${brokerId}`, answer.errorMessage);
}

export interface Replica {
  readonly id: number;
  readonly directoryId: string;
  readonly logEndOffset: number;
  readonly lastFetchMs: number;
  readonly lastCaughtUpMs: number;
}

export interface Quorum {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly Replica[];
  readonly observers: readonly Replica[];
  /** By node: where its controller listens. */
  readonly endpoints: ReadonlyMap<number, readonly string[]>;
}

export async function describeMetadataQuorum(brokers: Brokers): Promise<Quorum> {
  const answer = await brokers.ask(describeQuorum, 2, { topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] });
  failOn(answer.errorCode, "the quorum", answer.errorMessage);
  const partition = present(answer.topics[0]?.partitions[0], "the quorum");
  failOn(partition.errorCode, "the quorum", partition.errorMessage);
  const replicas = (states: typeof partition.currentVoters): Replica[] =>
    states.map((state) => ({
      id: state.replicaId,
      directoryId: state.replicaDirectoryId,
      logEndOffset: state.logEndOffset,
      lastFetchMs: state.lastFetchTimestamp,
      lastCaughtUpMs: state.lastCaughtUpTimestamp,
    }));
  return {
    leaderId: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    highWatermark: partition.highWatermark,
    voters: replicas(partition.currentVoters),
    observers: replicas(partition.observers),
    endpoints: new Map(
      answer.nodes.map(({ nodeId, listeners }) => [nodeId, listeners.map(({ name, host, port }) => `${name}://${host}:${port}`)]),
    ),
  };
}

export interface Feature {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** 0: not in use. */
  readonly finalized: number;
}

export async function listFeatures(brokers: Brokers): Promise<{ readonly features: readonly Feature[]; readonly epoch: number }> {
  const answer = await brokers.ask(apiVersions, 4, { clientSoftwareName: "odradek-cli", clientSoftwareVersion: VERSION });
  failOn(answer.errorCode, "features");
  const finalized = new Map(answer.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
  const features = answer.supportedFeatures.map(({ name, minVersion, maxVersion }) => ({
    name,
    min: minVersion,
    max: maxVersion,
    finalized: finalized.get(name) ?? 0,
  }));
  return { features: features.sort((one, other) => (one.name < other.name ? -1 : 1)), epoch: answer.finalizedFeaturesEpoch };
}

export const UpgradeType = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const;
export type UpgradeType = (typeof UpgradeType)[keyof typeof UpgradeType];

export interface FeatureChange {
  readonly name: string;
  readonly level: number;
  readonly type: UpgradeType;
}

/** All of them or none. */
export async function changeFeatures(
  brokers: Brokers,
  changes: readonly FeatureChange[],
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<void> {
  const answer = await brokers.ask(updateFeatures, 2, {
    timeoutMs: TIMEOUT_MS,
    featureUpdates: changes.map(({ name, level, type }) => ({ feature: name, maxVersionLevel: level, upgradeType: type })),
    validateOnly: isDryRun,
  });
  failOn(answer.errorCode, "features", answer.errorMessage);
}
