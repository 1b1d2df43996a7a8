// The partitions that this broker leads, kept in step with the image: opened when it becomes their leader, given up when it no
// longer is, deleted with their topic. One whose log cannot be opened, or failed while it was used, is opened again as soon as that can be
// done: until then this broker leads it by the image only, and says that its storage is at fault.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { Partition } from "../partition/partition.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import type { ClusterImage, TopicImage } from "./image.ts";
import { Retries } from "./retries.ts";
import type { SharedLogs } from "./shared-logs.ts";

/** Hears which partitions of interest (internal topics) this broker leads. */
export interface LeadershipListener {
  elected(partition: Partition): void;
  resigned(partition: Partition): void;
}

export interface LocalPartitionsOptions {
  readonly brokerId: number;
  readonly logs: SharedLogs;
  readonly settingsOf: (topic: TopicImage) => TopicSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class LocalPartitions {
  readonly #options: LocalPartitionsOptions;
  /** By topic name; the array is sparse where other brokers lead. */
  readonly #topics = new Map<string, { readonly id: string; readonly partitions: (Partition | undefined)[] }>();
  readonly #listeners: LeadershipListener[] = [];
  readonly #retries: Retries;
  readonly #unlisten: () => void;
  /** By name: handed over, or about to be, whatever the image says. */
  readonly #leaving = new Map<string, { readonly topicId: string; readonly index: number }>();
  #image: ClusterImage | undefined;

  constructor(options: LocalPartitionsOptions) {
    this.#options = options;
    this.#retries = new Retries(options.clock, options.logger);
    this.#unlisten = options.logs.onFailure((partition) => this.#logFailed(partition));
  }

  /** Also hears of the partitions led already. */
  addListener(listener: LeadershipListener): void {
    this.#listeners.push(listener);
    for (const partition of this.all()) listener.elected(partition);
  }

  get(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index];
  }

  /** What to tell who asks for a partition that is in the image and not among these. */
  whyAbsent(topic: string, index: number): ErrorCode {
    const isLeader = this.#image?.topicsByName.get(topic)?.partitions[index]?.leader === this.#options.brokerId;
    const isUnopened = this.#retries.has(topicPartitionName({ topic, partition: index }));
    return isLeader && isUnopened ? Errors.KAFKA_STORAGE_ERROR : Errors.NOT_LEADER_OR_FOLLOWER;
  }

  /** A partition to read from: also one that another broker leads, when this one holds a replica of it that is in sync (KIP-392). */
  readable(image: ClusterImage, topic: string, index: number): Partition | undefined {
    const led = this.get(topic, index);
    if (led !== undefined) return led;
    const partition = image.topicsByName.get(topic)?.partitions[index];
    const isFollower = partition?.inSyncReplicas.includes(this.#options.brokerId) === true && partition.leader !== -1;
    return isFollower ? this.#options.logs.led(topic, index) : undefined;
  }

  *all(): Iterable<Partition> {
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition;
    }
  }

  follow(image: ClusterImage, previous: ClusterImage): void {
    this.#image = image;
    this.#forgetLeft(image);
    for (const [name, led] of this.#topics) {
      const topic = image.topicsByName.get(name);
      if (topic === undefined || topic.id !== led.id) this.#deleteTopic(name);
    }
    this.#deleteUnled(image, previous);
    for (const topic of image.topicsByName.values()) {
      if (previous.topicsByName.get(topic.name) !== topic) this.#followTopic(topic);
    }
  }

  /**
   * Gives up what another broker will lead, flushed and closed, so that it can open it: for brokers that share their storage but no logs. What
   * comes of it is seen in the images that follow, or it is taken back.
   */
  async handOver(next: ClusterImage): Promise<void> {
    const { brokerId } = this.#options;
    const leaving = [...this.all()].filter(({ topic, index, log }) => {
      const coming = next.topicsById.get(log.topicId);
      return coming?.name === topic && coming.partitions[index]?.leader !== brokerId;
    });
    await Promise.all(leaving.map((partition) => this.#handOver(partition)));
  }

  /** What was handed over and is led by this broker all the same is opened again: others did not come to lead it. */
  takeBack(): void {
    this.#leaving.clear();
    for (const topic of this.#image?.topicsByName.values() ?? []) this.#followTopic(topic);
  }

  /** Nothing more is asked of it, but what was is answered when it is durable. */
  async #handOver(partition: Partition): Promise<void> {
    const led = this.#topics.get(partition.topic);
    if (led !== undefined) led.partitions[partition.index] = undefined;
    const { topicPartition, topicId } = partition.log;
    this.#leaving.set(topicPartitionName(topicPartition), { topicId, index: topicPartition.partition });
    await this.#flush(partition);
    this.#resign(partition);
    // What coordinators appended meanwhile.
    await this.#flush(partition);
    this.#options.logs.release(this.#options.brokerId, partition.log);
  }

  async #flush({ log }: Partition): Promise<void> {
    try {
      await log.flush();
    } catch (error) {
      // The next leader reads through what the disk may lack.
      this.#options.logger.error({ err: error, partition: topicPartitionName(log.topicPartition) }, "could not flush a log");
    }
  }

  /** They may come back. */
  #forgetLeft(image: ClusterImage): void {
    for (const [name, { topicId, index }] of this.#leaving) {
      if (image.topicsById.get(topicId)?.partitions[index]?.leader !== this.#options.brokerId) this.#leaving.delete(name);
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
    this.close();
    for (const partition of this.all()) this.#resign(partition);
    this.#topics.clear();
  }

  /** Nothing is tried any more. */
  close(): void {
    this.#unlisten();
    this.#retries.stop();
  }

  #followTopic(topic: TopicImage): void {
    // Worked out once for all partitions, but not for what is tried again later.
    let settings: TopicSettings | undefined = this.#options.settingsOf(topic);
    let led = this.#topics.get(topic.name);
    topic.partitions.forEach(({ leader, leaderEpoch, replicas, inSyncReplicas }, index) => {
      const current = led?.partitions[index];
      if (leader !== this.#options.brokerId) {
        if (current !== undefined) this.#giveUp(current);
        return;
      }
      if (led === undefined) {
        led = { id: topic.id, partitions: [] };
        this.#topics.set(topic.name, led);
      }
      if (current === undefined) {
        const opens = () => this.#openLed(topic.name, index, settings);
        this.#retries.attempt(topicPartitionName({ topic: topic.name, partition: index }), "could not open a log", opens);
      } else {
        current.setReplicas({ count: replicas.length, inSyncCount: inSyncReplicas.length });
        if (current.leaderEpoch !== leaderEpoch) current.startLeaderEpoch(leaderEpoch);
        current.configure(settings ?? this.#options.settingsOf(topic));
      }
    });
    settings = undefined;
  }

  /** Later, when whoever was at it has ended. */
  #logFailed(partition: TopicPartition): void {
    const { topic, partition: index } = partition;
    if (this.get(topic, index) === undefined) return;
    this.#retries.later(topicPartitionName(partition), "could not open a log again that failed", () => {
      const failed = this.get(topic, index);
      if (failed?.log.isIntact === false) this.#giveUp(failed);
      this.#openLed(topic, index);
      this.#options.logger.info({ partition: topicPartitionName(partition) }, "opened a log again that had failed");
    });
  }

  /** Unless it is open, or another broker leads it by now. Throws StorageError. */
  #openLed(name: string, index: number, settings?: TopicSettings): void {
    const topic = this.#image?.topicsByName.get(name);
    const partition = topic?.partitions[index];
    const led = this.#topics.get(name);
    if (topic === undefined || partition?.leader !== this.#options.brokerId || led?.id !== topic.id) return;
    if (this.#leaving.has(topicPartitionName({ topic: name, partition: index }))) return;
    led.partitions[index] ??= this.#open(topic, index, {
      leaderEpoch: partition.leaderEpoch,
      settings: settings ?? this.#options.settingsOf(topic),
    });
  }

  #giveUp(partition: Partition): void {
    const led = this.#topics.get(partition.topic);
    if (led !== undefined) led.partitions[partition.index] = undefined;
    this.#resign(partition);
    this.#options.logs.release(this.#options.brokerId, partition.log);
  }

  #open(
    topic: TopicImage,
    index: number,
    { leaderEpoch, settings }: { readonly leaderEpoch: number; readonly settings: TopicSettings },
  ): Partition {
    const { brokerId, logs } = this.#options;
    const log = logs.take(brokerId, { topic: topic.name, partition: index, topicId: topic.id, settings, leaderEpoch });
    const partition = new Partition(log, settings, leaderEpoch);
    const { replicas = [], inSyncReplicas = [] } = topic.partitions[index] ?? {};
    partition.setReplicas({ count: replicas.length, inSyncCount: inSyncReplicas.length });
    logs.lead(partition);
    for (const listener of this.#listeners) listener.elected(partition);
    return partition;
  }

  #deleteTopic(name: string): void {
    const led = this.#topics.get(name);
    this.#topics.delete(name);
    let count = 0;
    for (const partition of led?.partitions ?? []) {
      if (partition === undefined) continue;
      this.#resign(partition);
      this.#options.logs.delete({ ...partition.log.topicPartition, topicId: partition.log.topicId });
      count++;
    }
    if (count > 0) this.#options.logger.info({ topic: name, partitions: count }, "deleted partitions");
  }

  /** Partitions that nobody leads are deleted by the first broker that is there. */
  #deleteUnled(image: ClusterImage, previous: ClusterImage): void {
    if (image.topicsByName === previous.topicsByName || Math.min(...image.brokers.keys()) !== this.#options.brokerId) return;
    for (const topic of previous.topicsByName.values()) {
      if (image.topicsById.has(topic.id)) continue;
      topic.partitions.forEach(({ leader }, partition) => {
        if (leader === -1) this.#options.logs.delete({ topic: topic.name, partition, topicId: topic.id });
      });
    }
  }

  #resign(partition: Partition): void {
    partition.resign();
    this.#options.logs.resign(partition);
    for (const listener of this.#listeners) listener.resigned(partition);
  }
}
