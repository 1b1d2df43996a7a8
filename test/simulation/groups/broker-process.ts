// A process with two brokers over one disk: their group coordinators, the log of each partition of __consumer_offsets as the real engine keeps
// it, and who leads which. A log that failed is closed and opened again, as brokers do it.

import type { Clock, Timer } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import type { MemoryFilesystem } from "../../../src/base/memory-filesystem.ts";
import { randomFrom } from "../../../src/base/random.ts";
import { brokerConfig, type SettingInputs } from "../../../src/config/broker-config.ts";
import { withinLimits } from "../../../src/config/group-limits.ts";
import { groupSettings } from "../../../src/config/topic-config.ts";
import type { TopicSettings } from "../../../src/config/topic-settings.ts";
import { GroupCoordinator } from "../../../src/coordinator/group/group-coordinator.ts";
import { openSegmentedEngine, type SegmentedEngine } from "../../../src/log/segmented-engine.ts";
import { Partition } from "../../../src/partition/partition.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import { ShareStatesOfTest } from "../../coordinator/support/share-states-of-test.ts";
import { topicSettings } from "../../coordinator/support/topic-settings.ts";
import { LIMITS } from "../../log/compaction-support.ts";
import { FailingFilesystem, type FailureKind } from "../../support/failing-filesystem.ts";
import type { Dice, Scheduler } from "../scheduler.ts";
import type { Topics } from "./topics.ts";

export const PARTITIONS = 2;
export const BROKERS = 2;
const TOPIC = "__consumer_offsets";
const TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAg";
const FOLDER = "/data";

export interface ProcessOptions {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly topics: Topics;
  readonly settings: SettingInputs;
  readonly failure: FailureKind;
  /** Work takes time, so that what is done in slices is interrupted. */
  readonly isSlow: boolean;
  readonly leaderEpochs: { last: number };
}

/** Time as one process sees it: when it dies, nothing that it had planned happens. */
class WorkClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #dice: Dice;
  readonly #isSlow: boolean;
  isDead = false;

  constructor({ scheduler, dice, isSlow }: ProcessOptions) {
    this.#scheduler = scheduler;
    this.#dice = dice;
    this.#isSlow = isSlow;
  }

  now(): number {
    if (this.#isSlow && this.#dice.chance(0.02)) this.#scheduler.spend(this.#dice.between(1, 12));
    return this.#scheduler.now();
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#scheduler.after(delayMs, () => {
      if (!this.isDead) action();
    });
  }

  soon(action: () => void): Timer {
    return this.after(this.#isSlow ? this.#dice.between(0, 3) : 0, action);
  }
}

export class BrokerProcess {
  readonly filesystem: FailingFilesystem;
  readonly coordinators: readonly GroupCoordinator[];
  /** By partition: the broker that leads it; `undefined`: none. */
  readonly leaders: (number | undefined)[] = [];
  readonly #options: ProcessOptions;
  readonly #clock: WorkClock;
  readonly #engine: SegmentedEngine;
  readonly #logs: (PartitionLog | undefined)[] = [];
  readonly #led: (Partition | undefined)[] = [];

  /** Throws when the disk fails. */
  constructor(disk: MemoryFilesystem, options: ProcessOptions, failAt: number) {
    this.#options = options;
    this.#clock = new WorkClock(options);
    this.filesystem = new FailingFilesystem(disk, options.failure, Number.POSITIVE_INFINITY);
    this.filesystem.failAt(this.filesystem.operationCount + failAt);
    this.#engine = openSegmentedEngine({
      filesystem: this.filesystem,
      directory: FOLDER,
      brokerId: 0,
      clock: this.#clock,
      random: this.#random(),
      removesAtOnce: true,
    });
    this.#engine.onFailure(({ partition }) => {
      this.#clock.after(0, () => this.#reopen(partition));
    });
    const config = brokerConfig({ argument: { "offsets.topic.num.partitions": PARTITIONS, ...options.settings } });
    this.coordinators = Array.from(
      { length: BROKERS },
      () =>
        new GroupCoordinator({
          clock: this.#clock,
          random: this.#random(),
          config,
          servesStreamsProtocol: () => true,
          makeTopics: () => Promise.resolve([]),
          servesConsumerProtocol: () => true,
          servesShareGroups: () => false,
          shareStates: new ShareStatesOfTest(),
          endOffsets: () => Promise.reject(new Error("nobody asks for it")),
          groupSettings: () => withinLimits(config, groupSettings(config, undefined)),
          logger: silentLogger,
          topics: options.topics.view,
        }),
    );
    for (let index = 0; index < PARTITIONS; index++) this.#logs[index] = this.#open(index);
  }

  get isDead(): boolean {
    return this.#clock.isDead;
  }

  elect(index: number, broker: number): void {
    const log = this.#logs[index];
    if (log === undefined || this.isDead) return;
    this.resign(index);
    const partition = new Partition(log, this.#settings(), ++this.#options.leaderEpochs.last);
    this.#led[index] = partition;
    this.leaders[index] = broker;
    this.coordinators[broker]?.elected(index, partition);
  }

  resign(index: number): void {
    this.#led[index]?.resign();
    this.#led[index] = undefined;
    const leader = this.leaders[index];
    this.leaders[index] = undefined;
    if (leader !== undefined) this.coordinators[leader]?.resigned(index);
  }

  compact(): Promise<boolean> {
    return this.#engine.compact(LIMITS);
  }

  /** What the next process finds. Nothing of this one happens any more. */
  die(): MemoryFilesystem {
    this.#clock.isDead = true;
    const left = this.filesystem.afterwards();
    // What it still has in its hands must not reach the disk that the next one finds.
    this.filesystem.failAt(0, Number.POSITIVE_INFINITY);
    return left;
  }

  #open(index: number): PartitionLog {
    return this.#engine.open({ topic: TOPIC, partition: index, topicId: TOPIC_ID, settings: this.#settings() });
  }

  #reopen(index: number): void {
    const leader = this.leaders[index] ?? 0;
    this.resign(index);
    const log = this.#logs[index];
    this.#logs[index] = undefined;
    try {
      log?.close();
      this.#logs[index] = this.#open(index);
    } catch {
      this.#clock.after(20, () => this.#reopen(index));
      return;
    }
    this.elect(index, leader);
  }

  #settings(): TopicSettings {
    return {
      ...topicSettings,
      "cleanup.policy": ["compact"],
      "segment.bytes": 4096,
      "min.cleanable.dirty.ratio": 0,
      ...(this.#options.failure === "power" ? { "flush.messages": 1 } : {}),
    };
  }

  #random() {
    return randomFrom((target) => {
      for (let index = 0; index < target.length; index++) target[index] = this.#options.dice.between(0, 255);
    });
  }
}
