// Creating and deleting topics: decisions are made on the newest image and committed in one transaction on the MetadataStore.
// When a method resolves, every broker of this process knows the outcome: a created topic is usable, a deleted one is gone.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Random } from "../base/random.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { topicSettings } from "../config/topic-config.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { Cluster } from "./cluster.ts";
import { decideTopic, type TopicChange, type TopicDefaults, type TopicWish } from "./create-topics.ts";
import { applyChanges, type Change, type ClusterImage, type TopicImage } from "./image.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import { CLIENT_METRICS_TOPIC, GROUP_OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from "./topic-name.ts";

export interface TopicsOptions {
  readonly cluster: Cluster;
  readonly config: BrokerConfig;
  readonly random: Random;
}

export type Deletion = { readonly topic: TopicImage } | { readonly error: ErrorCode };

/** Small, so that compaction, which leaves the newest segment alone, has something to do. */
const CLIENT_METRICS_SEGMENT_BYTES = "16777216";

export class Topics {
  readonly #cluster: Cluster;
  readonly #config: BrokerConfig;
  readonly #random: Random;

  constructor({ cluster, config, random }: TopicsOptions) {
    this.#cluster = cluster;
    this.#config = config;
    this.#random = random;
  }

  /** What holds for a topic: its own settings over the broker's. */
  settingsOf(topic: Pick<TopicImage, "configs">): TopicSettings {
    return topicSettings(this.#config, topic.configs);
  }

  /** One outcome a wish, in order; those that are allowed are created together. With `validateOnly` nothing is. */
  create(wishes: readonly TopicWish[], validateOnly: boolean): Promise<(TopicChange | Refusal)[]> {
    const defaults = this.#defaults();
    return this.#cluster.transact((image) => {
      let seen: ClusterImage = image;
      const outcomes = wishes.map((wish) => {
        const outcome = decideTopic(seen, wish, defaults);
        if (!isRefusal(outcome)) seen = applyChanges(seen, [outcome]);
        return outcome;
      });
      return { changes: validateOnly ? [] : outcomes.filter((outcome): outcome is TopicChange => !isRefusal(outcome)), result: outcomes };
    });
  }

  /** Creates a topic that a client asked about, as the broker's defaults have it; internal topics by their own settings. */
  async autoCreate(name: string): Promise<Refusal | undefined> {
    const [outcome] = await this.create([this.#autoWish(name)], false);
    if (outcome === undefined || !isRefusal(outcome) || outcome.error === Errors.TOPIC_ALREADY_EXISTS) return undefined;
    return outcome;
  }

  /** One outcome for each, in order; a topic is named by its name or by its id. */
  delete(wanted: readonly ({ readonly name: string } | { readonly id: string })[]): Promise<Deletion[]> {
    return this.#cluster.transact((image) => {
      const result = wanted.map((one): Deletion => {
        const topic = "name" in one ? image.topicsByName.get(one.name) : image.topicsById.get(one.id);
        if (topic !== undefined) return { topic };
        return { error: "name" in one ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.UNKNOWN_TOPIC_ID };
      });
      const ids = new Set(result.flatMap((deletion) => ("topic" in deletion ? [deletion.topic.id] : [])));
      return { changes: [...ids].map((id): Change => ({ type: "topicDeleted", id })), result };
    });
  }

  #defaults(): TopicDefaults {
    return {
      partitionCount: this.#config["num.partitions"],
      replicationFactor: this.#config["default.replication.factor"],
      checkConfigs: (configs) => void topicSettings(this.#config, configs),
      newTopicId: () => this.#random.uuid(),
    };
  }

  #autoWish(name: string): TopicWish {
    const config = this.#config;
    const wish = (partitionCount: number, replicationFactor: number, configs: Readonly<Record<string, string>>): TopicWish => ({
      name,
      partitionCount,
      replicationFactor: Math.min(replicationFactor, this.#cluster.image.brokers.size),
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    });
    switch (name) {
      case GROUP_OFFSETS_TOPIC:
        return wish(config["offsets.topic.num.partitions"], config["offsets.topic.replication.factor"], {
          "cleanup.policy": "compact",
          "compression.type": "producer",
          "segment.bytes": String(config["offsets.topic.segment.bytes"]),
        });
      case TRANSACTION_STATE_TOPIC:
        return wish(config["transaction.state.log.num.partitions"], config["transaction.state.log.replication.factor"], {
          "cleanup.policy": "compact",
          "compression.type": "uncompressed",
          "min.insync.replicas": String(config["transaction.state.log.min.isr"]),
          "segment.bytes": String(config["transaction.state.log.segment.bytes"]),
          "unclean.leader.election.enable": "false",
        });
      case SHARE_GROUP_STATE_TOPIC:
        return wish(config["share.coordinator.state.topic.num.partitions"], config["share.coordinator.state.topic.replication.factor"], {
          "cleanup.policy": "delete",
          "compression.type": "producer",
          "retention.ms": "-1",
          "segment.bytes": String(config["share.coordinator.state.topic.segment.bytes"]),
        });
      case CLIENT_METRICS_TOPIC:
        return wish(1, config["default.replication.factor"], {
          "cleanup.policy": "compact,delete",
          "compression.type": "producer",
          "segment.bytes": CLIENT_METRICS_SEGMENT_BYTES,
        });
      default:
        return { name, partitionCount: -1, replicationFactor: -1, assignments: [], configs: [] };
    }
  }
}
