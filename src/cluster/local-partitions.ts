// The partitions that this broker leads, kept in step with the image: opened when it becomes their leader, given up when it no
// longer is, deleted with their topic. One whose log cannot be opened, or failed while it was used, is opened again as soon as that can be
// done: until then this broker leads it by the image only, and says that its storage is at fault.
//
//   not led ──leader──▶ opening ──log──▶ led ──▶ given up: resigned, closed        opening: not there, NOT_LEADER_OR_FOLLOWER
//                          └──error──▶ failed ──some time later──▶ opening         failed: not there, KAFKA_STORAGE_ERROR
//
// With an engine that opens at once nobody sees `opening`. With others the image may change meanwhile; what was opened for an earlier leader
// epoch, or for a topic that was deleted, is closed when it comes.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { Partition } from "../partition/partition.ts";
import { Traffic } from "../partition/topic-traffic.ts";
import type { PartitionLog } from "../storage/partition-log.ts";
import type { LogIdentity } from "../storage/storage-engine.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import type { ClusterImage, TopicImage } from "./image.ts";
import type { PartitionImage } from "./partition-image.ts";
import { Retries } from "./retries.ts";
import type { SharedLogs } from "./shared-logs.ts";
import { isInternalTopic } from "./topic-name.ts";

/** Hears which partitions of interest (internal topics) this broker leads. */
export interface LeadershipListener {
  elected(partition: Partition): void;
  resigned(partition: Partition): void;
}

interface WantedLog extends LogIdentity {
  readonly leaderEpoch: number;
}

/** A log that is waited for; it is wanted for as long as this is the newest opening of its partition. */
interface Opening extends WantedLog {
  /** Whatever came of it. */
  readonly hasEnded: Promise<void>;
}

export interface LocalPartitionsOptions {
  readonly brokerId: number;
  readonly logs: SharedLogs;
  readonly settingsOf: (topic: TopicImage) => TopicSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class LocalPartitions {
  /** What goes in and out of topics at this broker. */
  readonly traffic = new Traffic();
  /** How often replicas fell out of sync, or came back, while this broker led; several of a partition at a time count once. */
  isrShrinkCount = 0;
  isrExpandCount = 0;
  /** How often a replica began to lead, here or elsewhere, that was not in sync. */
  uncleanElectionCount = 0;
  readonly #options: LocalPartitionsOptions;
  /** By topic name; the array is sparse where other brokers lead. */
  readonly #topics = new Map<string, { readonly id: string; readonly partitions: (Partition | undefined)[] }>();
  readonly #listeners: LeadershipListener[] = [];
  readonly #retries: Retries;
  /** By the name of the partition. */
  readonly #openings = new Map<string, Opening>();
  readonly #unlisten: () => void;
  /** By name: handed over, or about to be, whatever the image says. */
  readonly #leaving = new Map<string, { readonly topicId: string; readonly index: number }>();
  /** By name: not led any more, and not all of it is durable yet. */
  readonly #handingOver = new Map<string, Partition>();
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

  /** When nothing of these topics is being opened any more, whatever came of it; `undefined` when nothing is. */
  opened(topics: ReadonlySet<string>): Promise<unknown> | undefined {
    const openings = [...this.#openings.values()].filter(({ topic }) => topics.has(topic));
    return openings.length === 0 ? undefined : Promise.all(openings.map(({ hasEnded }) => hasEnded));
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
      if (topic === undefined || topic.id !== led.id) this.#deleteTopic(name, previous.topicsById.get(led.id));
    }
    this.#deleteUnled(image, previous);
    const changed = [...image.topicsByName.values()].filter((topic) => previous.topicsByName.get(topic.name) !== topic);
    for (const topic of changed) this.uncleanElectionCount += uncleanElectionsOf(topic, previous.topicsById.get(topic.id));
    // Where many are opened, clients wait for their coordinators first.
    for (const topic of changed) if (isInternalTopic(topic.name)) this.#followTopic(topic);
    for (const topic of changed) if (!isInternalTopic(topic.name)) this.#followTopic(topic);
  }

  /**
   * Gives up what another broker will lead, flushed and closed, so that it can open it: for brokers that share their storage but no logs. What
   * comes of it is seen in the images that follow, or it is taken back.
   */
  async handOver(next: ClusterImage): Promise<void> {
    const isLeaving = ({ topic, partition, topicId }: LogIdentity) => {
      const coming = next.topicsById.get(topicId);
      return coming?.name === topic && coming.partitions[partition]?.leader !== this.#options.brokerId;
    };
    for (const opening of [...this.#openings.values()].filter(isLeaving)) {
      this.#leave(opening);
      this.#abandon(opening);
    }
    const leaving = [...this.all()].filter(({ log }) => isLeaving({ ...log.topicPartition, topicId: log.topicId }));
    await Promise.all(leaving.map((partition) => this.#handOver(partition)));
  }

  #leave({ topicId, ...topicPartition }: LogIdentity): void {
    this.#leaving.set(topicPartitionName(topicPartition), { topicId, index: topicPartition.partition });
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
    this.#leave({ ...partition.log.topicPartition, topicId: partition.log.topicId });
    const name = topicPartitionName(partition.log.topicPartition);
    this.#handingOver.set(name, partition);
    await this.#flush(partition);
    if (this.#handingOver.get(name) !== partition) return;
    this.#resign(partition);
    // What coordinators appended meanwhile.
    await this.#flush(partition);
    if (this.#handingOver.get(name) === partition) this.#endHandingOver(name);
  }

  /** However much of it is durable: what was not is not waited for any more. */
  #endHandingOver(name: string): void {
    const partition = this.#handingOver.get(name);
    if (partition === undefined) return;
    this.#handingOver.delete(name);
    if (partition.isLeader) this.#resign(partition);
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
    for (const opening of [...this.#openings.values()]) this.#abandon(opening);
  }

  #followTopic(topic: TopicImage): void {
    // Worked out once for all partitions, but not for what is tried again later.
    let settings: TopicSettings | undefined = this.#options.settingsOf(topic);
    let led = this.#topics.get(topic.name);
    topic.partitions.forEach(({ leader, leaderEpoch, replicas, inSyncReplicas }, index) => {
      const current = led?.partitions[index];
      if (leader !== this.#options.brokerId) {
        if (current !== undefined) this.#giveUp(current);
        else this.#abandon({ topic: topic.name, partition: index });
        return;
      }
      if (led === undefined) {
        led = { id: topic.id, partitions: [] };
        this.#topics.set(topic.name, led);
      }
      if (current === undefined) {
        if (this.#isOpening({ topic: topic.name, partition: index, topicId: topic.id, leaderEpoch })) return;
        const opens = () => this.#openLed(topic.name, index, settings);
        this.#retries.attempt(topicPartitionName({ topic: topic.name, partition: index }), "could not open a log", opens);
      } else {
        if (inSyncReplicas.length < current.inSyncCount) this.isrShrinkCount++;
        else if (inSyncReplicas.length > current.inSyncCount) this.isrExpandCount++;
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
      const told = () => {
        if (this.get(topic, index) !== undefined)
          this.#options.logger.info({ partition: topicPartitionName(partition) }, "opened a log again that had failed");
      };
      const opening = this.#openLed(topic, index);
      if (opening instanceof Promise) return opening.then(told);
      told();
      return undefined;
    });
  }

  /** Unless it is open, or another broker leads it by now. Throws or rejects with StorageError. */
  #openLed(name: string, index: number, knownSettings?: TopicSettings): void | Promise<void> {
    const { brokerId, logs, settingsOf } = this.#options;
    const topic = this.#image?.topicsByName.get(name);
    const partition = topic?.partitions[index];
    const led = this.#topics.get(name);
    if (topic === undefined || partition?.leader !== brokerId || led?.id !== topic.id || led.partitions[index] !== undefined) return;
    if (this.#leaving.has(topicPartitionName({ topic: name, partition: index }))) return;
    const settings = knownSettings ?? settingsOf(topic);
    // Flushing takes as long as the object store is away, and others may have led the partition since.
    this.#endHandingOver(topicPartitionName({ topic: name, partition: index }));
    const { leaderEpoch } = partition;
    const wanted = { topic: name, partition: index, topicId: topic.id, leaderEpoch };
    const log = logs.take(brokerId, { ...wanted, settings });
    if (log instanceof Promise) return this.#whenOpen(wanted, log);
    this.#lead(log, wanted, settings);
  }

  async #whenOpen(wanted: WantedLog, taken: Promise<PartitionLog | undefined>): Promise<void> {
    const name = topicPartitionName(wanted);
    const { promise: hasEnded, resolve: end } = Promise.withResolvers<void>();
    const opening = { ...wanted, hasEnded };
    this.#openings.set(name, opening);
    try {
      const log = await taken;
      if (log === undefined) return;
      const topic = this.#image?.topicsById.get(opening.topicId);
      if (topic === undefined || this.#openings.get(name) !== opening) {
        this.#options.logs.release(this.#options.brokerId, log);
        return;
      }
      const settings = this.#options.settingsOf(topic);
      log.configure(settings);
      this.#lead(log, opening, settings);
    } finally {
      if (this.#openings.get(name) === opening) this.#openings.delete(name);
      end();
    }
  }

  #isOpening(wanted: WantedLog): boolean {
    const opening = this.#openings.get(topicPartitionName(wanted));
    return opening?.topicId === wanted.topicId && opening.leaderEpoch === wanted.leaderEpoch;
  }

  /** Nothing happens when it is not being opened. */
  #abandon(partition: TopicPartition): void {
    if (!this.#openings.delete(topicPartitionName(partition))) return;
    this.#options.logs.abandon(this.#options.brokerId, partition);
  }

  #giveUp(partition: Partition): void {
    const led = this.#topics.get(partition.topic);
    if (led !== undefined) led.partitions[partition.index] = undefined;
    this.#resign(partition);
    this.#options.logs.release(this.#options.brokerId, partition.log);
  }

  #lead(log: PartitionLog, { topic: name, partition: index, topicId, leaderEpoch }: WantedLog, settings: TopicSettings): void {
    const partition = new Partition(log, settings, leaderEpoch, this.traffic.of(name));
    const { replicas = [], inSyncReplicas = [] } = this.#image?.topicsById.get(topicId)?.partitions[index] ?? {};
    partition.setReplicas({ count: replicas.length, inSyncCount: inSyncReplicas.length });
    const led = this.#topics.get(name);
    assert(led?.id === topicId, "only partitions of a topic that is there are led");
    this.#options.logs.lead(partition);
    for (const listener of this.#listeners) listener.elected(partition);
    led.partitions[index] = partition;
  }

  /** @param image of the topic when it was there: also what this broker led and has not open is deleted */
  #deleteTopic(name: string, image: TopicImage | undefined): void {
    const { brokerId, logs, logger } = this.#options;
    const led = this.#topics.get(name);
    this.#topics.delete(name);
    this.traffic.forget(name);
    if (led === undefined) return;
    const indexes = new Set(led.partitions.flatMap((partition, index) => (partition === undefined ? [] : [index])));
    for (const [index, { leader }] of image?.partitions.entries() ?? []) if (leader === brokerId) indexes.add(index);
    for (const index of indexes) {
      const partition = led.partitions[index];
      if (partition !== undefined) this.#resign(partition);
      this.#abandon({ topic: name, partition: index });
      logs.delete({ topic: name, partition: index, topicId: led.id });
    }
    if (indexes.size > 0) logger.info({ topic: name, partitions: indexes.size }, "deleted partitions");
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

function uncleanElectionsOf({ partitions }: TopicImage, before: TopicImage | undefined): number {
  const isUnclean = ({ leader }: PartitionImage, index: number) => {
    const previous = before?.partitions[index];
    return previous !== undefined && leader !== -1 && leader !== previous.leader && !previous.inSyncReplicas.includes(leader);
  };
  return partitions.filter(isUnclean).length;
}
