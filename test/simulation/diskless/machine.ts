// A broker of many machines as far as records go: its lease, its engine, the partitions that it leads. It may stand still for a while, or for
// good; what it is told meanwhile it hears afterwards.

import { CloseConnection, NO_ANSWER } from "../../../src/api/handler.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { randomFrom } from "../../../src/base/random.ts";
import { type ClusterImage, emptyImage } from "../../../src/cluster/image.ts";
import { LocalPartitions } from "../../../src/cluster/local-partitions.ts";
import { SharedLogs } from "../../../src/cluster/shared-logs.ts";
import { DisklessEngine } from "../../../src/diskless/diskless-engine.ts";
import type { Incarnation } from "../../../src/diskless/leases.ts";
import { LeaseGuard } from "../../../src/membership/lease-guard.ts";
import { LeaseKeeper } from "../../../src/membership/lease-keeper.ts";
import type { Partition } from "../../../src/partition/partition.ts";
import type { Exchange } from "../../../src/server/interceptors.ts";
import { type Fate, Link } from "../../diskless/fakes/link.ts";
import type { MemoryCatalogRows } from "../../diskless/fakes/memory-catalog.ts";
import type { MemoryLeases } from "../../diskless/fakes/memory-leases.ts";
import type { Fault, MemoryBucket, MemoryObjectStore } from "../../diskless/fakes/memory-object-store.ts";
import { settingsWith, TOPIC_ID } from "../../log/support.ts";
import { type Dice, HeldClock } from "../scheduler.ts";

export const LEASE_MS = 1500;
const RENEWED_MS = 300;
const LOOKS_AGAIN_MS = 200;
const LONGEST_FLUSH_MS = 2000;
/** Per cent by which a clock goes faster or slower than the database's; a lease bears 12. */
const LARGEST_DRIFT = 10;
/** Of a kind that has no error to say that there is no lease: that ends the connection. */
const REQUEST = { handler: { api: { name: "a request" } }, request: {} } as unknown as Exchange;
export const TOPIC = "orders";
export const settings = settingsWith({});

/** What it lives in. */
export interface Surroundings {
  readonly time: Clock & { sleep(ms: number): Promise<void> };
  readonly dice: Dice;
  readonly bucket: MemoryBucket;
  readonly rows: MemoryCatalogRows;
  readonly leases: MemoryLeases;
  travelMs(): number;
  beforeWork(call: string): Promise<void>;
  beforeAnswer(machine: Machine, call: string): Promise<void>;
  fate(): Fate;
  storeFault(kind: string): Fault | undefined;
  /** Its lease was ended. */
  replace(machine: Machine): void;
  fail(message: string): void;
}

export class Machine {
  readonly clock: HeldClock;
  readonly keeper: LeaseKeeper;
  /** To the database. */
  readonly link: Link;
  readonly store: MemoryObjectStore;
  readonly engine: DisklessEngine;
  isAlive = true;
  readonly #world: Surroundings;
  readonly #logs: SharedLogs;
  readonly #partitions: LocalPartitions;
  /** As it has heard. */
  #image: ClusterImage;
  readonly #guard: LeaseGuard;
  #news: Promise<void> = Promise.resolve();
  #giving: Promise<void> = Promise.resolve();

  /** @param brokerId that of one that was there before, whose lease it ends */
  static async begin(world: Surroundings, brokerId?: number): Promise<Machine> {
    const clock = new HeldClock(world.time, world.dice.between(100 - LARGEST_DRIFT, 100 + LARGEST_DRIFT) / 100);
    const link = new Link();
    const leases = link.to(world.leases.view());
    const options = { leases, clock, logger: silentLogger, ttlMs: LEASE_MS, intervalMs: RENEWED_MS };
    const keeper = await LeaseKeeper.claim(options, { brokerId });
    return new Machine(world, { clock, link, keeper });
  }

  private constructor(world: Surroundings, { clock, link, keeper }: { clock: HeldClock; link: Link; keeper: LeaseKeeper }) {
    this.#world = world;
    this.clock = clock;
    this.link = link;
    this.keeper = keeper;
    this.#image = emptyImage(TOPIC_ID);
    this.#guard = new LeaseGuard(() => keeper.isHeld);
    link.beforeWork = (call) => world.beforeWork(call);
    link.beforeAnswer = (call) => world.beforeAnswer(this, call).then(() => clock.awake());
    link.fate = () => world.fate();
    this.store = world.bucket.client({ clock: world.time });
    this.store.latencyMs = () => world.travelMs();
    this.store.faultOf = ({ kind }) => world.storeFault(kind);
    this.engine = this.#newEngine();
    this.engine.onFenced(() => {
      if (!world.rows.hasEnded(keeper.incarnation.number)) world.fail("a broker that has its lease was fenced");
      keeper.ended();
    });
    this.#logs = new SharedLogs(this.engine);
    const brokerId = keeper.incarnation.brokerId;
    this.#partitions = new LocalPartitions({ brokerId, logs: this.#logs, settingsOf: () => settings, clock, logger: silentLogger });
    keeper.follow({
      renewed: (lapsed) => {
        if (keeper.mayFence) for (const lease of lapsed) void this.#fence(lease);
      },
      lapsed: () => this.#guard.lapsed(),
      ended: () => world.replace(this),
    });
  }

  get incarnation(): Incarnation {
    return this.keeper.incarnation;
  }

  #newEngine(): DisklessEngine {
    const { dice, rows } = this.#world;
    const toStore = new Link();
    toStore.beforeAnswer = () => this.clock.awake();
    const options = {
      store: toStore.to(this.store),
      location: "s3://bucket",
      clusterId: TOPIC_ID,
      prefix: "",
      settings: {
        appendLingerMs: 250,
        appendMaxBytes: 2000,
        cacheBytes: dice.pick([0, 3000, 1_000_000]),
        cacheDirectory: undefined,
        cacheDiskBytes: 0,
        pendingMaxBytes: 10_000,
        objectGraceMs: 600_000,
        upkeepIntervalMs: 30_000,
      },
      producerIdExpirationMs: () => 86_400_000,
      clock: this.clock,
      random: randomFrom((target) => {
        for (let index = 0; index < target.length; index++) target[index] = dice.between(0, 255);
      }),
      logger: silentLogger,
    };
    const { number } = this.incarnation;
    return new DisklessEngine(options, { incarnation: number, catalog: this.link.to(rows.catalog(this.incarnation)) });
  }

  async #fence(incarnation: Incarnation): Promise<void> {
    const leases = this.link.to(this.#world.leases.view());
    await leases.fence(incarnation).catch(() => undefined);
  }

  /** Of one image after another, so much later, or when the database has told it. */
  hear(image: ClusterImage, delayMs: number): Promise<void> {
    this.#news = this.#news.then(async () => {
      await this.#pause(delayMs);
      while (this.link.isCutOff && this.isAlive) await this.#pause(LOOKS_AGAIN_MS);
      if (!this.isAlive) return;
      const previous = this.#image;
      this.#image = image;
      this.#partitions.follow(image, previous);
    });
    return this.#news;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  led(partition: number): Partition | undefined {
    return this.isAlive ? this.#partitions.get(TOPIC, partition) : undefined;
  }

  /**
   * As a term does it, one thing after another: what was appended is stored first, if that can be done; then `commit`, and what was not given is
   * led again.
   */
  give(next: ClusterImage, commit: () => void): void {
    this.#giving = this.#giving.then(() => this.#give(next, commit));
  }

  async #give(next: ClusterImage, commit: () => void): Promise<void> {
    await this.clock.awake();
    if (!this.isAlive) return;
    await Promise.race([this.#partitions.handOver(next), this.#pause(LONGEST_FLUSH_MS)]);
    if (!this.isAlive) return;
    commit();
    await this.#news;
    if (this.isAlive) this.#partitions.takeBack();
  }

  /** As a client's request goes; `undefined` where no answer comes. */
  async ask<Answer>(index: number, work: (led: Partition) => Answer | Promise<Answer>): Promise<Answer | undefined> {
    await this.clock.awake();
    const led = this.led(index);
    if (led === undefined) return undefined;
    let answer: Answer | undefined;
    try {
      await this.#guard.intercept(REQUEST, async (): Promise<typeof NO_ANSWER> => {
        answer = await work(led);
        return NO_ANSWER;
      });
      return answer;
    } catch (error) {
      if (error instanceof CloseConnection) return undefined;
      throw error;
    }
  }

  /** Its lease was ended: all that it has is of the past. */
  drop(): void {
    this.isAlive = false;
    this.#partitions.resignAll();
    this.keeper.close();
    void this.#logs.close();
    void this.engine.close();
  }

  /** What it has sent arrives all the same. */
  kill(): void {
    this.isAlive = false;
    this.clock.hold();
  }
}
