// Creating and deleting topics: decisions are made on the newest image and committed in one transaction on the MetadataStore.
// When a method resolves, every broker of this process knows the outcome: a created topic is usable, a deleted one is gone.
//
// The logs of new partitions are made before they come into the metadata, so that what the storage refuses is not there (new-partitions.ts). Where
// their leaders open them, a new topic is usable a moment later.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { topicSettings } from "../config/topic-config.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { LogSpec } from "../storage/storage-engine.ts";
import { exceedsBatch } from "./batch-limit.ts";
import type { Cluster } from "./cluster.ts";
import { decidePartitions, type PartitionsChange, type PartitionsWish } from "./create-partitions.ts";
import { decideTopic, type TopicChange, type TopicDefaults, type TopicWish } from "./create-topics.ts";
import { type Change, type ClusterImage, ImageDraft, type TopicImage } from "./image.ts";
import { internalTopic } from "./internal-topic.ts";
import { type MayMutate, MutationQuota } from "./mutation-quota.ts";
import { NewPartitions, type Plan } from "./new-partitions.ts";
import type { PartitionImage } from "./partition-image.ts";
import { RecentDeletions } from "./recent-deletions.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import type { SharedLogs } from "./shared-logs.ts";
import { NameCollisions } from "./topic-name.ts";

export interface TopicsOptions {
  readonly cluster: Cluster;
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where logs are made before their partitions are in the metadata; `undefined`: by their leaders, afterwards. */
  readonly logs: SharedLogs | undefined;
}

export interface CreateOptions {
  /** Nothing is made. Default false. */
  readonly validateOnly?: boolean;
  /** Then none is made. */
  readonly isTooMuch?: (changes: readonly TopicChange[]) => boolean;
  /** The quota of who asks. */
  readonly mayMutate?: MayMutate | undefined;
}

export type Deletion = { readonly topic: TopicImage } | { readonly error: ErrorCode };

/** One transaction for each topic would copy the cluster's metadata as often; one for all would hold others up. */
const CREATED_TOGETHER = 100;

export class Topics {
  readonly #cluster: Cluster;
  readonly #config: BrokerConfig;
  readonly #random: Random;
  readonly #newPartitions: NewPartitions;
  /** Kept by every broker for itself: each sees what the image loses. */
  readonly recentlyDeleted: RecentDeletions;

  constructor({ cluster, config, clock, random, logger, logs }: TopicsOptions) {
    this.#cluster = cluster;
    this.#config = config;
    this.#random = random;
    this.recentlyDeleted = new RecentDeletions(clock, () => config["odradek.auto.create.after.deletion.ms"]);
    this.#newPartitions = new NewPartitions({ cluster, clock, logger, logs });
  }

  /** What holds for a topic: its own settings over the broker's. */
  settingsOf(topic: Pick<TopicImage, "configs">): TopicSettings {
    return topicSettings(this.#config, topic.configs);
  }

  /** One outcome a wish, in order; those that are allowed, and that the storage can take, are created together. */
  create(
    wishes: readonly TopicWish[],
    { validateOnly = false, isTooMuch = () => false, mayMutate }: CreateOptions = {},
  ): Promise<(TopicChange | Refusal)[]> {
    return this.#newPartitions.fulfil({ wishes, validateOnly, isTooMuch, mayMutate, plan: (image) => this.#newTopics(image) });
  }

  #newTopics(image: ClusterImage): Plan<TopicWish, TopicChange> {
    const defaults = this.#defaults();
    const seen = new ImageDraft(image);
    const collisions = new NameCollisions(() => image.topicsByName.keys());
    return {
      decide: (wish) => {
        const outcome = decideTopic(seen.image, wish, { defaults, collisions });
        if (isRefusal(outcome)) return outcome;
        seen.apply(outcome);
        collisions.add(outcome.name);
        return outcome;
      },
      logsOf: (topic) => this.#logsOf(topic, topic.partitions, 0),
      standsIn: ({ topicsByName }) => {
        const known = new NameCollisions(() => topicsByName.keys());
        return ({ name }) => !topicsByName.has(name) && known.with(name) === undefined;
      },
    };
  }

  /** Raises numbers of partitions; as `create`. */
  addPartitions(
    wishes: readonly PartitionsWish[],
    { validateOnly = false, mayMutate }: Omit<CreateOptions, "isTooMuch"> = {},
  ): Promise<(PartitionsChange | Refusal)[]> {
    const plan = (image: ClusterImage) => this.#morePartitions(image);
    return this.#newPartitions.fulfil({ wishes, validateOnly, isTooMuch: exceedsBatch, mayMutate, plan });
  }

  #morePartitions(image: ClusterImage): Plan<PartitionsWish, PartitionsChange> {
    const countIn = ({ topicsById }: ClusterImage, id: string) => topicsById.get(id)?.partitions.length;
    return {
      decide: (wish) => decidePartitions(image, wish),
      logsOf: ({ id, partitions }) => {
        const topic = image.topicsById.get(id);
        return topic === undefined ? [] : this.#logsOf(topic, partitions, topic.partitions.length);
      },
      standsIn:
        (later) =>
        ({ id }) =>
          countIn(later, id) === countIn(image, id),
    };
  }

  /** @param first the index of the first of them */
  #logsOf(topic: Pick<TopicImage, "name" | "id" | "configs">, partitions: readonly PartitionImage[], first: number): LogSpec[] {
    const settings = this.settingsOf(topic);
    return partitions.map(({ leaderEpoch }, index) => {
      return { topic: topic.name, partition: first + index, topicId: topic.id, settings, leaderEpoch };
    });
  }

  /** Creates a topic that a client asked about, as the broker's defaults have it; internal topics by their own settings. */
  async autoCreate(name: string): Promise<Refusal | undefined> {
    return (await this.autoCreateAll([name])).get(name);
  }

  /** Gives those that were refused. */
  async autoCreateAll(names: readonly string[], mayMutate?: MayMutate): Promise<ReadonlyMap<string, Refusal>> {
    const refused = new Map<string, Refusal>();
    for (let start = 0; start < names.length; start += CREATED_TOGETHER) {
      const part = names.slice(start, start + CREATED_TOGETHER);
      const outcomes = await this.create(
        part.map((name) => this.#autoWish(name)),
        { mayMutate },
      );
      for (const [index, name] of part.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined && isRefusal(outcome) && outcome.error !== Errors.TOPIC_ALREADY_EXISTS) refused.set(name, outcome);
      }
    }
    return refused;
  }

  /** One outcome for each, in order; a topic is named by its name or by its id. */
  delete(wanted: readonly ({ readonly name: string } | { readonly id: string })[], mayMutate?: MayMutate): Promise<Deletion[]> {
    const quota = new MutationQuota(mayMutate);
    return this.#cluster.transact((image) => {
      const result = wanted.map((one): Deletion => {
        const topic = "name" in one ? image.topicsByName.get(one.name) : image.topicsById.get(one.id);
        if (topic !== undefined) return quota.refusal(one, topic.partitions.length) ?? { topic };
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
    const internal = internalTopic(name, this.#config);
    if (internal === undefined) return { name, partitionCount: -1, replicationFactor: -1, assignments: [], configs: [] };
    return {
      name,
      partitionCount: internal.partitionCount,
      replicationFactor: Math.min(internal.replicationFactor, this.#cluster.image.brokers.size),
      assignments: [],
      configs: Object.entries(internal.configs).map(([key, value]) => ({ name: key, value })),
    };
  }
}
