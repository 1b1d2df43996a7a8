// Brokers of many machines in virtual time: over one bucket and one catalog, each with networks of its own that are slow, lose calls and answers,
// and are cut. Brokers die, stand still, and are taken over from when their leases have lapsed. In some worlds leaderships move at any moment,
// and who led before hears of it late; in others only who is known not to serve any more is followed by another.

import { applyChanges, type Change, type ClusterImage, emptyImage } from "../../../src/cluster/image.ts";
import type { PartitionImage } from "../../../src/cluster/partition-image.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import { MemoryCatalogRows } from "../../diskless/fakes/memory-catalog.ts";
import { MemoryLeases } from "../../diskless/fakes/memory-leases.ts";
import { type Fault, MemoryBucket } from "../../diskless/fakes/memory-object-store.ts";
import { TOPIC_ID } from "../../log/support.ts";
import { Dice, Scheduler } from "../scheduler.ts";
import { LEASE_MS, Machine, type Surroundings, settings, TOPIC } from "./machine.ts";

export const PARTITIONS = 3;
const MACHINES = 3;

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

export class World implements Surroundings {
  readonly time = new Scheduler(2);
  readonly bucket = new MemoryBucket();
  readonly rows = new MemoryCatalogRows();
  readonly leases = new MemoryLeases(this.time, (incarnation) => {
    this.rows.end(incarnation);
    this.#follow(incarnation.number);
  });
  readonly dice: Dice;
  /** Whether leaderships move from brokers that serve and have not heard of it. */
  readonly isRestless: boolean;
  readonly machines: Machine[] = [];
  readonly leaders: Leadership[] = [];
  image: ClusterImage = emptyImage(TOPIC_ID);
  /** Rejects when something happens that never may. */
  readonly failure: Promise<never>;
  #reject: (error: Error) => void = () => undefined;
  #weather: Weather = CALM;
  isOver = false;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.isRestless = this.dice.chance(0.5);
    this.failure = new Promise((_, reject) => {
      this.#reject = reject;
    });
  }

  fail(message: string): void {
    this.#reject(new Error(message));
  }

  async start(): Promise<void> {
    for (let count = 0; count < MACHINES; count++) this.machines.push(await Machine.begin(this));
    for (let partition = 0; partition < PARTITIONS; partition++) this.leaders.push({ machine: this.dice.pick(this.machines), epoch: 0 });
    const partitions = this.leaders.map(partitionImage);
    this.#change([{ type: "topic", name: TOPIC, id: TOPIC_ID, partitions, configs: {} }]);
  }

  /** Everybody hears of it, sooner or later. */
  #change(changes: readonly Change[]): void {
    this.image = applyChanges(this.image, changes);
    for (const machine of this.machines) {
      const delayMs = this.dice.chance(0.5) ? this.dice.between(0, 20) : this.dice.between(0, LEASE_MS);
      void machine.hear(this.image, delayMs);
    }
  }

  travelMs(): number {
    const { longestMs } = this.#weather;
    return this.dice.chance(0.1) ? this.dice.between(0, longestMs * 10) : this.dice.between(0, longestMs);
  }

  storeFault(kind: string): Fault | undefined {
    if (!this.dice.chance(this.#weather.failChance)) return undefined;
    return this.dice.pick<Fault>([
      { kind: "slow-down" },
      { kind: "unavailable", isDone: true },
      { kind: "unavailable", isDone: false },
      { kind: "late", landsAfterMs: this.dice.between(0, 5000) },
      { kind: kind === "get" ? "flipped" : "slow-down" },
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
      const event = this.dice.between(0, 10);
      if (event < 3) this.#move(this.dice.between(0, PARTITIONS - 1));
      else if (event < 4) await this.#kill();
      else if (event < 6) this.#weather = CALM;
      else if (event < 7) void this.#cut();
      else if (event < 8) void this.#hold(this.dice.pick(this.machines), this.dice.pick([10, LEASE_MS]));
      else this.#weather = { failChance: this.dice.next() * 0.4, longestMs: this.dice.between(5, 300) };
    }
    this.#weather = CALM;
  }

  /** Others lead what it led. */
  #follow(incarnation: number): void {
    for (const [partition, { machine }] of this.leaders.entries()) if (machine.incarnation.number === incarnation) this.#elect(partition);
  }

  #move(partition: number): void {
    if (!this.isRestless) this.#give(partition);
    else {
      const before = this.leaders[partition]?.machine;
      this.#elect(partition);
      // And back again.
      if (this.dice.chance(0.5)) this.time.after(this.dice.between(0, 500), () => this.#leadAgain(partition, before));
    }
  }

  /** Who leads knows first; sometimes others were faster, and it does not come to it. */
  #give(partition: number): void {
    const leadership = this.leaders[partition];
    if (leadership?.machine.led(partition) === undefined) return;
    const { machine: giver, epoch } = leadership;
    const next = { machine: this.dice.pick(this.machines), epoch: epoch + 1 };
    giver.give(applyChanges(this.image, [changeOf(partition, next)]), () => {
      const { machine } = next;
      if (leadership.epoch === epoch && this.#isThere(machine) && this.dice.chance(0.5)) this.#lead(partition, machine);
    });
  }

  #elect(partition: number): void {
    const living = this.machines.filter((machine) => this.#isThere(machine));
    if (living.length > 0) this.#lead(partition, this.dice.pick(living));
  }

  #leadAgain(partition: number, machine: Machine | undefined): void {
    if (machine !== undefined && this.#isThere(machine)) this.#lead(partition, machine);
  }

  #isThere({ isAlive, incarnation }: Machine): boolean {
    return isAlive && !this.rows.hasEnded(incarnation.number);
  }

  #lead(partition: number, machine: Machine): void {
    const leadership = this.leaders[partition];
    if (leadership === undefined) return;
    leadership.machine = machine;
    leadership.epoch++;
    this.#change([changeOf(partition, leadership)]);
  }

  /** A broker dies, and another comes, perhaps as the same. */
  async #kill(): Promise<void> {
    const machine = this.dice.pick(this.machines);
    machine.kill();
    await this.#succeed(machine, this.dice.chance(0.5) ? machine.incarnation.brokerId : undefined);
  }

  /** Its lease was ended. */
  replace(machine: Machine): void {
    machine.drop();
    void this.#succeed(machine);
  }

  async #succeed(machine: Machine, brokerId?: number): Promise<void> {
    const index = this.machines.indexOf(machine);
    const successor = await Machine.begin(this, brokerId);
    if (index !== -1) this.machines[index] = successor;
    void successor.hear(this.image, 0);
    // Where nobody lived to lead what somebody led.
    for (const [partition, leader] of this.leaders.entries())
      if (!this.machines.includes(leader.machine) && this.rows.hasEnded(leader.machine.incarnation.number)) this.#elect(partition);
  }

  async #cut(): Promise<void> {
    const machine = this.dice.pick(this.machines);
    const [isStore, how] = [this.dice.chance(0.3), this.dice.pick(["refusing", "silent"] as const)];
    if (isStore) machine.store.cutOff(how);
    else machine.link.isCutOff = true;
    await this.time.sleep(this.dice.chance(0.5) ? this.dice.between(10, 500) : this.dice.between(500, 3 * LEASE_MS));
    machine.store.heal();
    machine.link.isCutOff = false;
  }

  /** What was sent may arrive when nobody waits for it any more. */
  beforeWork(call: string): Promise<void> {
    const isLate = call === "commit" && !this.isOver && this.dice.chance(0.04);
    return this.time.sleep(isLate ? this.dice.between(200, 2 * LEASE_MS) : this.travelMs());
  }

  /** It may stand still at the worst moment. */
  beforeAnswer(machine: Machine, call: string): Promise<void> {
    if (call === "renew" && !this.isOver && this.dice.chance(0.02)) void this.#holdAndMislead(machine);
    // Meanwhile more are committed.
    const isSlow = call === "abortedRanges" && !this.isOver && this.dice.chance(0.3);
    return this.time.sleep(isSlow ? this.dice.between(100, LEASE_MS) : this.travelMs());
  }

  /** When it wakes it has an answer of long ago, and often none to what it asks next. */
  async #holdAndMislead(machine: Machine): Promise<void> {
    await this.#hold(machine, LEASE_MS);
    await this.time.sleep(1);
    machine.link.isCutOff = this.dice.chance(0.5);
    await this.time.sleep(this.dice.between(100, LEASE_MS));
    machine.link.isCutOff = false;
  }

  async #hold(machine: Machine, leastMs: number): Promise<void> {
    machine.clock.hold();
    await this.time.sleep(this.dice.between(leastMs, 2 * leastMs + 500));
    if (machine.isAlive) machine.clock.goOn();
  }

  /** As a client finds it: often who leads, sometimes who did. */
  leaderOf(partition: number): Machine | undefined {
    return this.dice.chance(0.2) ? this.dice.pick(this.machines) : this.leaders[partition]?.machine;
  }

  /** By a broker that has nothing in memory. */
  async fresh(partition: number): Promise<PartitionLog> {
    const machine = await Machine.begin(this);
    const leaderEpoch = (this.leaders[partition]?.epoch ?? 0) + 1;
    return await machine.engine.open({ topic: TOPIC, topicId: TOPIC_ID, partition, settings, leaderEpoch });
  }
}

function changeOf(index: number, leadership: Leadership): Change {
  return { type: "partition", id: TOPIC_ID, index, partition: partitionImage(leadership) };
}

function partitionImage({ machine, epoch }: Leadership): PartitionImage {
  const { brokerId } = machine.incarnation;
  return { leader: brokerId, leaderEpoch: epoch, replicas: [brokerId], inSyncReplicas: [brokerId] };
}
