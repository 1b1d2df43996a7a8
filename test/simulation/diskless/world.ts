// Brokers of many machines as their engines are, in virtual time: over one bucket and one catalog, each with networks of its own that are
// slow, lose calls and answers, and are cut. Leaderships move at any moment; who led before hears of it late.

import { assert } from "../../../src/base/assert.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { randomFrom } from "../../../src/base/random.ts";
import { DisklessEngine } from "../../../src/diskless/diskless-engine.ts";
import { Partition } from "../../../src/partition/partition.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import { Link } from "../../diskless/fakes/link.ts";
import { MemoryCatalogRows } from "../../diskless/fakes/memory-catalog.ts";
import { type Fault, MemoryBucket, type MemoryObjectStore } from "../../diskless/fakes/memory-object-store.ts";
import { settingsWith, TOPIC_ID } from "../../log/support.ts";
import { Dice, Scheduler } from "../scheduler.ts";

export const PARTITIONS = 3;
const MACHINES = 3;
const settings = settingsWith({});

/** How rough it is at the moment. */
interface Weather {
  readonly failChance: number;
  readonly longestMs: number;
}

const CALM: Weather = { failChance: 0, longestMs: 5 };

interface Leadership {
  machine: Machine;
  epoch: number;
}

export class Machine {
  readonly engine: DisklessEngine;
  readonly store: MemoryObjectStore;
  readonly link = new Link();
  readonly led = new Map<number, Partition>();
  isAlive = true;
  readonly #opening = new Map<number, number>();

  constructor(world: World, number: number) {
    this.store = world.bucket.client({ clock: world.time });
    this.store.latencyMs = () => world.travelMs();
    this.store.faultOf = () => world.storeFault();
    this.link.beforeWork = () => world.time.sleep(world.travelMs());
    this.link.beforeAnswer = () => world.time.sleep(world.travelMs());
    this.link.fate = () => world.fate();
    const options = {
      store: this.store,
      location: "s3://bucket",
      clusterId: TOPIC_ID,
      prefix: "",
      settings: {
        appendLingerMs: 250,
        appendMaxBytes: 2000,
        cacheBytes: world.dice.pick([0, 3000, 1_000_000]),
        cacheDirectory: undefined,
        cacheDiskBytes: 0,
        pendingMaxBytes: 10_000,
        objectGraceMs: 600_000,
        upkeepIntervalMs: 30_000,
      },
      producerIdExpirationMs: () => 86_400_000,
      clock: world.time,
      random: randomFrom((target) => {
        for (let index = 0; index < target.length; index++) target[index] = world.dice.between(0, 255);
      }),
      logger: silentLogger,
    };
    const catalog = this.link.to(world.rows.catalog({ brokerId: number, number }));
    this.engine = new DisklessEngine(options, { incarnation: number, catalog });
    this.engine.onFailure(({ partition }) => world.time.after(0, () => this.#giveUp(partition)));
  }

  /** As LocalPartitions do: it opens the log, and leads unless something came in between. */
  async lead(partition: number, epoch: number): Promise<void> {
    if (!this.isAlive || (this.#opening.get(partition) ?? -1) >= epoch) return;
    this.#opening.set(partition, epoch);
    this.#giveUp(partition);
    let log: PartitionLog;
    try {
      log = await this.engine.open({ topic: "orders", topicId: TOPIC_ID, partition, settings, leaderEpoch: epoch });
    } catch {
      if (this.#opening.get(partition) === epoch) this.#opening.delete(partition);
      return;
    }
    if (this.isAlive && this.#opening.get(partition) === epoch) this.led.set(partition, new Partition(log, settings, epoch));
    else log.close();
  }

  /** It hears that another leads, at a newer epoch. */
  resign(partition: number, newerEpoch: number): void {
    if ((this.#opening.get(partition) ?? -1) >= newerEpoch) return;
    this.#opening.delete(partition);
    this.#giveUp(partition);
  }

  #giveUp(partition: number): void {
    const led = this.led.get(partition);
    this.led.delete(partition);
    led?.resign();
    led?.log.close();
  }

  /** What it has sent arrives all the same; it hears nothing any more. */
  kill(): void {
    this.isAlive = false;
    for (const partition of [...this.led.keys()]) this.#giveUp(partition);
    this.store.cutOff("silent");
    this.link.fate = () => "notDone";
  }
}

export class World {
  readonly time = new Scheduler(2);
  readonly bucket = new MemoryBucket();
  readonly rows = new MemoryCatalogRows();
  readonly dice: Dice;
  readonly machines: Machine[] = [];
  readonly leaders: Leadership[] = [];
  #weather: Weather = CALM;
  #incarnations = 0;
  isOver = false;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    for (let count = 0; count < MACHINES; count++) this.machines.push(this.#newMachine());
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const machine = this.dice.pick(this.machines);
      this.leaders.push({ machine, epoch: 0 });
      void machine.lead(partition, 0);
    }
  }

  #newMachine(): Machine {
    return new Machine(this, ++this.#incarnations);
  }

  travelMs(): number {
    const { longestMs } = this.#weather;
    return this.dice.chance(0.1) ? this.dice.between(0, longestMs * 10) : this.dice.between(0, longestMs);
  }

  storeFault(): Fault | undefined {
    if (!this.dice.chance(this.#weather.failChance)) return undefined;
    return this.dice.pick<Fault>([
      { kind: "slow-down" },
      { kind: "unavailable", isDone: true },
      { kind: "unavailable", isDone: false },
      { kind: "late", landsAfterMs: this.dice.between(0, 5000) },
      { kind: "short" },
    ]);
  }

  fate(): "done" | "lost" | "notDone" {
    return this.dice.chance(this.#weather.failChance) ? this.dice.pick(["lost", "notDone"] as const) : "done";
  }

  /** Something happens, again and again, until the history is over. */
  async trouble(): Promise<void> {
    while (!this.isOver) {
      await this.time.sleep(this.dice.between(50, 1500));
      const event = this.dice.between(0, 9);
      if (event < 4) this.#elect(this.dice.between(0, PARTITIONS - 1));
      else if (event < 5) this.#replaceOne();
      else if (event < 6) this.#weather = CALM;
      else if (event < 7) await this.#cut();
      else this.#weather = { failChance: this.dice.next() * 0.4, longestMs: this.dice.between(5, 300) };
    }
    this.#weather = CALM;
  }

  #elect(partition: number): void {
    const leadership = this.leaders[partition];
    assert(leadership !== undefined, "the partition is one of the topic's");
    leadership.machine = this.dice.pick(this.machines);
    leadership.epoch++;
    const { machine, epoch } = leadership;
    for (const each of this.machines) {
      const delayMs = this.dice.chance(0.5) ? this.dice.between(0, 20) : this.dice.between(0, 3000);
      this.time.after(delayMs, () => {
        if (each === machine) void each.lead(partition, epoch);
        else each.resign(partition, epoch);
      });
    }
  }

  /** A broker dies, and another comes. */
  #replaceOne(): void {
    const index = this.dice.between(0, this.machines.length - 1);
    const dead = this.machines[index];
    dead?.kill();
    this.machines[index] = this.#newMachine();
    for (const [partition, { machine }] of this.leaders.entries()) if (machine === dead) this.#elect(partition);
  }

  async #cut(): Promise<void> {
    const machine = this.dice.pick(this.machines);
    const [isStore, how] = [this.dice.chance(0.5), this.dice.pick(["refusing", "silent"] as const)];
    if (isStore) machine.store.cutOff("refusing");
    else machine.link.isCutOff = true;
    await this.time.sleep(how === "silent" ? this.dice.between(100, 4000) : this.dice.between(10, 500));
    machine.store.heal();
    machine.link.isCutOff = false;
  }

  /** Whoever is meant to lead does, again and again: an opening may have failed. */
  async keepLed(): Promise<void> {
    for (;;) {
      await this.time.sleep(200);
      for (const [partition, { machine, epoch }] of this.leaders.entries())
        if (!machine.led.has(partition)) void machine.lead(partition, epoch);
    }
  }

  /** As a client finds it: often who leads, sometimes who did. */
  partition(index: number): Partition | undefined {
    const stale = this.dice.chance(0.2) ? this.dice.pick(this.machines).led.get(index) : undefined;
    return stale ?? this.leaders[index]?.machine.led.get(index);
  }

  /** A broker that has nothing in memory. */
  async fresh(partition: number): Promise<PartitionLog> {
    const machine = this.#newMachine();
    const epoch = (this.leaders[partition]?.epoch ?? 0) + 1;
    return await machine.engine.open({ topic: "orders", topicId: TOPIC_ID, partition, settings, leaderEpoch: epoch });
  }
}
