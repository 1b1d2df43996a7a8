// One history of a share group: producers with transactions that commit and abort, members of every kind, a broker that crashes, leaderships and
// coordinators that move, a network between leader and coordinator that loses and delays, records that are deleted; and what must hold (ledger.ts).

import * as messages from "../../../protocol/messages/index.ts";
import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import type { Change } from "../../../src/cluster/image.ts";
import { SHARE_GROUP_STATE_TOPIC } from "../../../src/cluster/topic-name.ts";
import type { SettingInputs } from "../../../src/config/broker-config.ts";
import { PeerStatePersister } from "../../../src/coordinator/share/peer-state-persister.ts";
import type { Partition } from "../../../src/partition/partition.ts";
import { DeliveryState } from "../../../src/share/delivery.ts";
import { Shares } from "../../../src/share/shares.ts";
import type { FailureKind } from "../../support/failing-filesystem.ts";
import { SimulatedConsumer } from "../consumer.ts";
import { SimulatedProducer, type TransactionNote } from "../producer.ts";
import { Dice, Scheduler } from "../scheduler.ts";
import { Client, Disconnected, TOPIC, World, type WorldOptions } from "../world.ts";
import { Ledger } from "./ledger.ts";
import { ShareMember } from "./member.ts";
import { Watching } from "./watching.ts";

export interface SharesSummary {
  readonly lives: number;
  readonly moves: number;
  readonly deliveries: number;
  readonly accepted: number;
  readonly rejected: number;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const GROUP = "sharers";
const GROUP_RESOURCE = 32;
const LONGEST_MS = 20 * 60_000;
const LOCK_MS = 1000;
const STATE_PARTITIONS = 2;
/** Groups that nobody is in: what is stored of them stays as it is. */
const IDLE_GROUPS = ["idle-1", "idle-2", "idle-3"];
const IDLE_STATE = { stateEpoch: 1, startOffset: 3, batches: [{ firstOffset: 4, lastOffset: 6, deliveryState: 2, deliveryCount: 1 }] };
/** Shorter than the pause before something is asked again: what is late does not come behind what was asked after it. */
const LATEST_MS = 80;

/** Throws when something does not hold. */
export async function runSharesHistory(seed: number): Promise<SharesSummary> {
  const history = new SharesHistory(new Dice(seed));
  await history.run();
  return history.summary;
}

class SharesHistory {
  readonly #dice: Dice;
  readonly #scheduler = new Scheduler();
  readonly #world: World;
  readonly #options: Mutable<WorldOptions>;
  readonly #ledger: Ledger;
  readonly #partitionCount: number;
  #topicId = "";
  #moves = 0;
  #failure: unknown;
  #isOver = false;
  /** Of a request between leader and coordinator, or its answer. */
  #peerLoss: number;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#partitionCount = dice.between(1, 2);
    const deliveryCountLimit = dice.pick([2, 3, 5]);
    const leaderOf = (partition: number) => this.#world.life?.node.broker.services.shares.partitions.get(GROUP, this.#topicId, partition);
    this.#ledger = new Ledger({ leaderOf, nowMs: () => this.#scheduler.now(), deliveryCountLimit, lockDurationMs: LOCK_MS });
    const failed = (error: unknown): void => {
      this.#failure ??= error;
    };
    this.#peerLoss = dice.pick([0, 0.05, 0.2]);
    this.#options = {
      scheduler: this.#scheduler,
      dice,
      failure: dice.pick<FailureKind>(["crash", "crash", "power", "fail"]),
      partitionCount: this.#partitionCount,
      lossChance: dice.pick([0, 0.02, 0.06]),
      settings: settingsFor(dice, deliveryCountLimit),
      internalTopics: [SHARE_GROUP_STATE_TOPIC],
      interceptor: new Watching(this.#ledger, failed),
    };
    this.#world = new World(this.#options);
  }

  get summary(): SharesSummary {
    const { deliveries, accepted, rejected } = this.#ledger;
    return { lives: this.#world.lives, moves: this.#moves, deliveries, accepted, rejected };
  }

  async run(): Promise<void> {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    const course = this.#course();
    course.then(end, end);
    await this.#scheduler.run(() => isDone || this.#failure !== undefined, LONGEST_MS);
    if (this.#failure !== undefined) throw this.#failure;
    await course;
  }

  async #course(): Promise<void> {
    await this.#world.start();
    await this.#begin();
    const fate = this.#keepAlive();
    const members = Array.from({ length: this.#dice.between(1, 4) }, (_, index) => this.#member(`m${index}`, false));
    const consuming = members.map((member) => member.run());
    await Promise.all(this.#producers());
    await this.#scheduler.sleep(this.#dice.between(0, 3000));
    this.#isOver = true;
    await fate;
    for (const member of members) member.stop();
    await Promise.all(consuming);
    await this.#settle();
    await this.#check();
  }

  async #begin(): Promise<void> {
    const services = this.#world.life?.node.broker.services;
    this.#topicId = services?.cluster.image.topicsByName.get(TOPIC)?.id ?? "";
    await this.#configure({ "share.auto.offset.reset": "earliest", "share.isolation.level": "read_committed" });
    for (let partition = 0; partition < this.#partitionCount; partition++) {
      const key = { groupId: GROUP, topicId: this.#topicId, partition };
      const refusal = await services?.shareStates.initialize(key, { stateEpoch: 1, startOffset: -1 });
      if (refusal !== undefined) throw new Error(`a share partition could not be initialized: ${refusal.message}`);
    }
    for (const groupId of IDLE_GROUPS) {
      const key = { groupId, topicId: this.#topicId, partition: 0 };
      await services?.shareStates.initialize(key, { stateEpoch: 1, startOffset: 0 });
      await services?.shareStates.write(key, { ...IDLE_STATE, leaderEpoch: 0, deliveryCompleteCount: 3 });
    }
    this.#coverPeers();
  }

  async #configure(values: Readonly<Record<string, string>>): Promise<void> {
    const configs = Object.entries(values).map(([name, value]) => ({ name, configOperation: 0, value }));
    const resources = [{ resourceType: GROUP_RESOURCE, resourceName: GROUP, configs }];
    for (const client = new Client(this.#world); ; ) {
      try {
        await client.call(messages.incrementalAlterConfigs, 1, { resources, validateOnly: false });
        return;
      } catch (error) {
        if (!(error instanceof Disconnected)) throw error;
      }
    }
  }

  #member(memberId: string, isDiligent: boolean): ShareMember {
    return new ShareMember({
      world: this.#world,
      groupId: GROUP,
      memberId,
      topicId: () => this.#topicId,
      partitionCount: this.#partitionCount,
      lockDurationMs: LOCK_MS,
      isDiligent,
    });
  }

  #producers(): Promise<void>[] {
    const notes: TransactionNote[] = [];
    return Array.from({ length: this.#dice.between(1, 3) }, (_, index) => {
      const producer = new SimulatedProducer({
        world: this.#world,
        transactionalId: `id-${index}`,
        instance: `${index}`,
        protocol: this.#dice.pick(["older", "newer"]),
        group: "of-offsets",
        offsetPartition: 0,
        transactionCount: this.#dice.between(3, 10),
        timeoutMs: this.#dice.pick([300, 1000, 5000]),
        notes,
      });
      return producer.run();
    });
  }

  // ---- what happens to the broker

  async #keepAlive(): Promise<void> {
    const { failure } = this.#options;
    let crashes = this.#dice.between(0, 3);
    while (!this.#isOver || this.#world.life === undefined) {
      await this.#scheduler.sleep(this.#dice.between(1, 60));
      if (this.#world.life === undefined || this.#world.hasCrashed) await this.#restart();
      else if (this.#isOver) break;
      else if (crashes > 0 && this.#dice.chance(0.1)) {
        crashes--;
        this.#world.planCrash(this.#dice.pick([1, 5, 40]));
      } else if (failure === "fail" && this.#dice.chance(0.05)) this.#kill();
      else await this.#move(this.#dice.next());
    }
  }

  async #move(roll: number): Promise<void> {
    if (roll < 0.1) await this.#moveLeaderships();
    else if (roll < 0.2) await this.#moveCoordinator();
    else if (roll < 0.25) await this.#deleteRecords();
    else if (roll < 0.3) this.#reload();
  }

  #kill(): void {
    this.#world.kill();
    this.#ledger.leaderGone();
  }

  async #restart(): Promise<void> {
    this.#kill();
    await this.#scheduler.sleep(this.#dice.between(0, 100));
    await this.#world.start();
    this.#coverPeers();
  }

  /** To another broker: under other leader epochs, with nothing in memory. What the one before has sent may still arrive. */
  async #moveLeaderships(): Promise<void> {
    const services = this.#world.life?.node.broker.services;
    if (services === undefined) return;
    try {
      await services.cluster.transact((image) => {
        const changes = (image.topicsByName.get(TOPIC)?.partitions ?? []).map((partition, index): Change => {
          const next = { ...partition, leaderEpoch: partition.leaderEpoch + 1 };
          return { type: "partition", id: this.#topicId, index, partition: next };
        });
        return { changes, result: undefined };
      });
    } catch {
      // The disk has failed meanwhile.
      return;
    }
    this.#moves++;
    const { clock, logger, peers, cluster, topics, config, shares: earlier } = services;
    const image = () => cluster.image;
    const persister = new PeerStatePersister({ clock, peers, image, createTopic: (name) => topics.autoCreate(name) });
    const settingsOf = (groupId: string) => earlier.settingsOf(groupId);
    const sessionLimit = () => config["group.share.max.share.sessions"];
    const shares = new Shares({ clock, logger, persister, settingsOf, sessionLimit, isServed: () => true });
    services.partitions.addListener(shares.partitions);
    Object.assign(services, { shares });
    this.#ledger.leaderGone();
    earlier.close();
  }

  /** It is loaded anew by the broker that leads it. */
  #reload(): void {
    const index = this.#dice.between(0, this.#partitionCount - 1);
    this.#world.life?.node.broker.services.shares.partitions.get(GROUP, this.#topicId, index)?.drop({ error: 6, message: "" });
    this.#ledger.leaderGone(index);
  }

  /** Another one, or the same, loads the states anew. */
  async #moveCoordinator(): Promise<void> {
    const services = this.#world.life?.node.broker.services;
    const index = this.#dice.between(0, STATE_PARTITIONS - 1);
    if (services === undefined) return;
    this.#moves++;
    services.shareCoordinator.resigned(index);
    await this.#scheduler.sleep(this.#dice.pick([0, 5, 300]));
    if (this.#world.life?.node.broker.services !== services) return;
    const partition = services.partitions.get(SHARE_GROUP_STATE_TOPIC, index);
    if (partition !== undefined) services.shareCoordinator.elected(partition);
  }

  async #deleteRecords(): Promise<void> {
    const partition = this.#world.life?.node.broker.services.partitions.get(TOPIC, 0);
    if (partition === undefined || partition.lastStableOffset === 0) return;
    const offset = this.#dice.between(0, partition.lastStableOffset);
    this.#ledger.startMoves(0, offset);
    const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, offset }] }];
    try {
      await new Client(this.#world).call(messages.deleteRecords, 2, { topics, timeoutMs: 5000 });
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
    }
  }

  /** Between leader and coordinator there is a network: it takes time, and loses. */
  #coverPeers(): void {
    const { peers } = this.#world.life?.node.broker.services ?? {};
    if (peers === undefined) return;
    const direct = peers.call.bind(peers);
    const dice = this.#dice;
    const sleep = (ms: number) => this.#scheduler.sleep(ms);
    const carry: typeof peers.call = async (brokerId, api, version, request) => {
      const isLost = dice.chance(this.#peerLoss / 2);
      if (api.name === "WriteShareGroupState" && !this.#isOver && dice.chance(0.05)) this.#reload();
      await sleep(dice.between(0, dice.chance(0.2) ? LATEST_MS : 3));
      if (isLost && dice.chance(0.5)) {
        await sleep(dice.between(0, LATEST_MS));
        await direct(brokerId, api, version, request);
      }
      if (isLost) return undefined;
      const answer = await direct(brokerId, api, version, request);
      await sleep(dice.between(0, 3));
      return dice.chance(this.#peerLoss / 2) ? undefined : answer;
    };
    peers.call = (brokerId, api, version, request) =>
      api.name.includes("ShareGroupState") ? carry(brokerId, api, version, request) : direct(brokerId, api, version, request);
  }

  // ---- the end

  /** Nothing goes wrong any more, and somebody accepts all that is left. */
  async #settle(): Promise<void> {
    this.#options.lossChance = 0;
    this.#peerLoss = 0;
    const { filesystem } = this.#world.life ?? {};
    if (filesystem === undefined || this.#world.hasCrashed || this.#options.failure !== "crash" || this.#dice.chance(0.5)) {
      this.#kill();
      await this.#world.start({ isSafe: true });
      this.#coverPeers();
    } else filesystem.failAt(Number.POSITIVE_INFINITY);
    // Until every transaction has ended.
    await this.#scheduler.sleep(12_000);
    const last = this.#member("last", true);
    const running = last.run();
    const untilMs = this.#scheduler.now() + 60_000;
    while (last.emptyPolls < 20 && this.#scheduler.now() < untilMs) await this.#scheduler.sleep(100);
    last.stop();
    await running;
  }

  async #check(): Promise<void> {
    const services = this.#world.life?.node.broker.services;
    for (let index = 0; index < this.#partitionCount; index++) {
      const partition = services?.partitions.get(TOPIC, index);
      if (partition === undefined) throw new Error(`nobody leads partition ${index}`);
      const reader = new SimulatedConsumer(this.#world, index, partition.logStartOffset);
      while ((await reader.poll(0, 1 << 20)) !== "end") {}
      const committed = new Set(reader.seen.map(({ offset }) => offset));
      const lost = [...committed].filter((offset) => this.#ledger.isLost(index, offset));
      if (lost.length > 0) throw new Error(`nobody is done with ${lost.join(", ")} of partition ${index}`);
      const aborted = (await dataOffsets(partition)).filter((offset) => !committed.has(offset) && this.#ledger.wasDelivered(index, offset));
      if (aborted.length > 0) throw new Error(`${aborted.join(", ")} of partition ${index} were delivered, and aborted`);
      const led = services?.shares.partitions.get(GROUP, this.#topicId, index)?.state;
      const held = [...(led?.deliveries() ?? [])].filter(({ state }) => state === DeliveryState.ACQUIRED);
      if (held.length > 0) throw new Error(`partition ${index} has records that nobody gets: ${JSON.stringify(held)}`);
    }
    for (const groupId of IDLE_GROUPS) {
      const state = await services?.shareStates.read({ groupId, topicId: this.#topicId, partition: 0 }, -1);
      if (JSON.stringify(state) !== JSON.stringify(IDLE_STATE)) throw new Error(`the state of ${groupId} is ${JSON.stringify(state)}`);
    }
  }
}

/** Of records that producers sent, committed or not. */
async function dataOffsets(partition: Partition): Promise<number[]> {
  const offsets: number[] = [];
  for (let offset = partition.logStartOffset; offset < partition.highWatermark; ) {
    const read = await partition.read({ offset, maxBytes: 1 << 20, isolationLevel: "read_uncommitted", firstBatchWhole: true });
    for (const batch of read.records.flatMap((buffer) => [...batchesOf(Buffer.from(buffer))])) {
      if (!batch.isControl)
        for (const record of recordsOf(batch)) if (record.offset >= partition.logStartOffset) offsets.push(record.offset);
    }
    offset = read.nextOffset;
  }
  return offsets;
}

function settingsFor(dice: Dice, deliveryCountLimit: number): SettingInputs {
  return {
    "group.share.delivery.count.limit": deliveryCountLimit,
    "group.share.min.record.lock.duration.ms": LOCK_MS,
    "group.share.record.lock.duration.ms": LOCK_MS,
    "share.coordinator.state.topic.num.partitions": STATE_PARTITIONS,
    "share.coordinator.snapshot.update.records.per.snapshot": dice.pick([0, 2, 5]),
    "share.coordinator.state.topic.prune.interval.ms": dice.pick([200, 1000, 300_000]),
    "share.coordinator.cold.partition.snapshot.interval.ms": dice.pick([300, 300_000]),
  };
}
