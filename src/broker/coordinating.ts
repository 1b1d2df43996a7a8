// The coordinators of groups, of transactions and of share partitions, on the internal topics whose partitions this broker leads, and how it speaks with the
// other brokers.

import type { ClientTls } from "../client/socket.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { finalizedLevel, GROUP_VERSION, SHARE_VERSION, STREAMS_VERSION, TRANSACTION_VERSION } from "../cluster/features.ts";
import type { LeadershipListener } from "../cluster/local-partitions.ts";
import { type LocalCall, Peers } from "../cluster/peers.ts";
import { ProducerIds } from "../cluster/producer-ids.ts";
import { GROUP_OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from "../cluster/topic-name.ts";
import { servesConsumerProtocol, servesStreamsProtocol } from "../config/group-protocols.ts";
import type { GroupSettings } from "../config/group-settings.ts";
import { interBrokerListener } from "../config/inter-broker.ts";
import { endOffsets } from "../coordinator/end-offsets.ts";
import { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import { MarkerSender } from "../coordinator/marker-sender.ts";
import { PeerStatePersister } from "../coordinator/share/peer-state-persister.ts";
import { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import { PartitionVerifier } from "../coordinator/transaction/partition-verifier.ts";
import { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import type { Ground } from "./ground.ts";
import { ImageTopics } from "./image-topics.ts";
import { internalTopicMaker } from "./internal-topic-maker.ts";
import type { Leading } from "./leading.ts";
import type { ImageChange, Part } from "./parts.ts";
import { SettingsOfGroups } from "./settings-of-groups.ts";

/** How a broker asks brokers. */
export interface Calls {
  /** Itself. */
  readonly local: LocalCall;
  /** Others on a listener of that name, where it speaks TLS. */
  readonly tls: (listener: string) => ClientTls | undefined;
}

export class Coordinating implements Part {
  readonly groups: GroupCoordinator;
  readonly peers: Peers;
  readonly producerIds: ProducerIds;
  readonly transactions: TransactionCoordinator;
  readonly verifier: PartitionVerifier;
  readonly shareCoordinator: ShareCoordinator;
  /** Where the state of share partitions is kept. */
  readonly shareStates: PeerStatePersister;
  readonly #markers: MarkerSender;
  readonly #settingsOfGroups: SettingsOfGroups;

  constructor(ground: Ground, cluster: Cluster, { topics }: Leading, { local, tls }: Calls) {
    const { brokerId, clock, random, config, logLevels } = ground;
    const image = () => cluster.image;
    this.#settingsOfGroups = new SettingsOfGroups(config, image);
    const requestTimeoutMs = config["request.timeout.ms"];
    this.peers = new Peers({
      brokerId,
      image,
      local,
      clock,
      random,
      logger: logLevels.logger("peers"),
      requestTimeoutMs,
      listener: () => interBrokerListener(config),
      tls,
    });
    this.shareStates = new PeerStatePersister({ clock, peers: this.peers, image, createTopic: (name) => topics.autoCreate(name) });
    this.groups = new GroupCoordinator({
      clock,
      random,
      config,
      groupSettings: (groupId) => this.#settingsOfGroups.of(groupId),
      logger: logLevels.logger("groups"),
      topics: new ImageTopics(image),
      servesConsumerProtocol: () => servesConsumerProtocol(config) && finalizedLevel(cluster.image.features, GROUP_VERSION) > 0,
      makeTopics: internalTopicMaker(topics, logLevels.logger("topics")),
      servesStreamsProtocol: () => servesStreamsProtocol(config) && finalizedLevel(cluster.image.features, STREAMS_VERSION) > 0,
      servesShareGroups: () => finalizedLevel(cluster.image.features, SHARE_VERSION) > 0,
      shareStates: this.shareStates,
      endOffsets: endOffsets(this.peers, image),
    });
    this.producerIds = new ProducerIds(cluster);
    const logger = logLevels.logger("transactions");
    this.#markers = new MarkerSender({ clock, logger, peers: this.peers, image });
    this.transactions = new TransactionCoordinator({
      clock,
      logger,
      config,
      markers: this.#markers,
      newProducerId: () => this.producerIds.take(),
      partitionCount: () => cluster.image.topicsByName.get(TRANSACTION_STATE_TOPIC)?.partitions.length,
      transactionVersion: () => finalizedLevel(cluster.image.features, TRANSACTION_VERSION),
    });
    this.verifier = new PartitionVerifier({ clock, config, peers: this.peers, image });
    this.shareCoordinator = new ShareCoordinator({
      clock,
      logger: logLevels.logger("shares"),
      config,
      partitionCount: () => cluster.image.topicsByName.get(SHARE_GROUP_STATE_TOPIC)?.partitions.length,
      isServed: () => finalizedLevel(cluster.image.features, SHARE_VERSION) > 0,
      partitionCountOf: (topicId) => cluster.image.topicsById.get(topicId)?.partitions.length,
    });
  }

  /** What holds for a group of what groups may set. */
  settingsOf(groupId: string): GroupSettings {
    return this.#settingsOfGroups.of(groupId);
  }

  /** From now on this broker coordinates whatever it leads. */
  followLeaderships({ partitions }: Leading): void {
    const { groups, transactions, shareCoordinator } = this;
    partitions.addListener(
      leadershipsOf(GROUP_OFFSETS_TOPIC, {
        elected: (partition) => groups.elected(partition.index, partition),
        resigned: ({ index }) => groups.resigned(index),
      }),
    );
    partitions.addListener(
      leadershipsOf(TRANSACTION_STATE_TOPIC, {
        elected: (partition) => transactions.elected(partition),
        resigned: ({ index }) => transactions.resigned(index),
      }),
    );
    partitions.addListener(
      leadershipsOf(SHARE_GROUP_STATE_TOPIC, {
        elected: (partition) => shareCoordinator.elected(partition),
        resigned: ({ index }) => shareCoordinator.resigned(index),
      }),
    );
  }

  follow({ image, previous, topics: { deleted, reshaped } }: ImageChange): void {
    if (image.settings !== previous.settings) this.#settingsOfGroups.forget();
    if (reshaped.length > 0) this.groups.topicsChanged(reshaped);
    if (deleted.length > 0) this.groups.topicsDeleted(deleted);
    const gone = reshaped.flatMap((name) => previous.topicsByName.get(name)?.id ?? []).filter((id) => !image.topicsById.has(id));
    if (gone.length > 0) this.shareCoordinator.topicsDeleted(new Set(gone));
  }

  close(): void {
    this.groups.close();
    this.shareCoordinator.close();
    this.#markers.close();
    this.shareStates.close();
    this.peers.close();
    this.transactions.close();
  }
}

/** Of one topic only. */
function leadershipsOf(topic: string, { elected, resigned }: LeadershipListener): LeadershipListener {
  return {
    elected: (partition) => {
      if (partition.topic === topic) elected(partition);
    },
    resigned: (partition) => {
      if (partition.topic === topic) resigned(partition);
    },
  };
}
