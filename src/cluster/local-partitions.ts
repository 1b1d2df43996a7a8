// The partitions that this broker leads, kept in step with the image: opened when it becomes their leader, given up when it no
// longer is, deleted with their topic.

import type { Logger } from "../base/logger.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { Partition } from "../partition/partition.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { topicPartitionName } from "../storage/topic-partition.ts";
import type { ClusterImage, TopicImage } from "./image.ts";

/** Hears which partitions of interest (internal topics) this broker leads. */
export interface LeadershipListener {
  elected(partition: Partition): void;
  resigned(partition: Partition): void;
}

export interface LocalPartitionsOptions {
  readonly brokerId: number;
  readonly engine: StorageEngine;
  readonly settingsOf: (topic: TopicImage) => TopicSettings;
  readonly logger: Logger;
}

export class LocalPartitions {
  readonly #options: LocalPartitionsOptions;
  /** By topic name; the array is sparse where other brokers lead. */
  readonly #topics = new Map<string, { readonly id: string; readonly partitions: (Partition | undefined)[] }>();
  readonly #listeners: LeadershipListener[] = [];

  constructor(options: LocalPartitionsOptions) {
    this.#options = options;
  }

  /** Also hears of the partitions led already. */
  addListener(listener: LeadershipListener): void {
    this.#listeners.push(listener);
    for (const partition of this.all()) listener.elected(partition);
  }

  get(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index];
  }

  *all(): Iterable<Partition> {
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition;
    }
  }

  /** Removes what is stored but belongs to no topic: left by a deletion that a crash cut short. */
  removeStrays(image: ClusterImage): void {
    for (const stored of this.#options.engine.list()) {
      const topic = image.topicsById.get(stored.topicId);
      if (topic?.name === stored.topic && stored.partition < topic.partitions.length) continue;
      this.#options.logger.warn(
        { topic: stored.topic, partition: stored.partition, topicId: stored.topicId },
        "removed a partition that belongs to no topic",
      );
      this.#options.engine.delete(stored);
    }
  }

  follow(image: ClusterImage, previous: ClusterImage): void {
    for (const [name, led] of this.#topics) {
      const topic = image.topicsByName.get(name);
      if (topic === undefined || topic.id !== led.id) this.#deleteTopic(name);
    }
    for (const topic of image.topicsByName.values()) {
      if (previous.topicsByName.get(topic.name) !== topic) this.#followTopic(topic);
    }
  }

  /** The broker's settings, from which topics inherit, were altered. */
  configureAll(image: ClusterImage): void {
    for (const partition of this.all()) {
      const topic = image.topicsByName.get(partition.topic);
      if (topic !== undefined) partition.configure(this.#options.settingsOf(topic));
    }
  }

  /** Gives every partition up without deleting anything: the broker stops. */
  resignAll(): void {
    for (const partition of this.all()) this.#resign(partition);
    this.#topics.clear();
  }

  #followTopic(topic: TopicImage): void {
    let led = this.#topics.get(topic.name);
    topic.partitions.forEach(({ leader, leaderEpoch }, index) => {
      const current = led?.partitions[index];
      if (leader !== this.#options.brokerId) {
        if (current !== undefined && led !== undefined) {
          this.#resign(current);
          current.log.close();
          led.partitions[index] = undefined;
        }
        return;
      }
      if (led === undefined) {
        led = { id: topic.id, partitions: [] };
        this.#topics.set(topic.name, led);
      }
      if (current === undefined) {
        led.partitions[index] = this.#open(topic, index, leaderEpoch);
      } else {
        if (current.leaderEpoch !== leaderEpoch) current.startLeaderEpoch(leaderEpoch);
        current.configure(this.#options.settingsOf(topic));
      }
    });
  }

  #open(topic: TopicImage, index: number, leaderEpoch: number): Partition {
    const settings = this.#options.settingsOf(topic);
    const log = this.#options.engine.open({ topic: topic.name, partition: index, topicId: topic.id, settings });
    const partition = new Partition(log, settings, leaderEpoch);
    for (const listener of this.#listeners) listener.elected(partition);
    return partition;
  }

  #deleteTopic(name: string): void {
    const led = this.#topics.get(name);
    this.#topics.delete(name);
    for (const partition of led?.partitions ?? []) {
      if (partition === undefined) continue;
      this.#resign(partition);
      this.#options.engine.delete(partition.log.topicPartition);
      this.#options.logger.info({ partition: topicPartitionName(partition.log.topicPartition) }, "deleted a partition");
    }
  }

  #resign(partition: Partition): void {
    partition.resign();
    for (const listener of this.#listeners) listener.resigned(partition);
  }
}
