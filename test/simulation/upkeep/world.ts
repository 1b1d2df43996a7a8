// Brokers of many machines, in virtual time, over one bucket and one catalog: they append, read, take over and die while what was appended is put
// together, compacted, retained, deleted. Calls are slow, fail, and arrive late.

import { silentLogger } from "../../../src/base/logger.ts";
import { randomFrom } from "../../../src/base/random.ts";
import { DisklessEngine } from "../../../src/diskless/diskless-engine.ts";
import type { Leases } from "../../../src/diskless/leases.ts";
import { claimPrefix } from "../../../src/diskless/upkeep/cluster-marker.ts";
import { Upkeep } from "../../../src/diskless/upkeep/upkeep.ts";
import type { UpkeepCatalog } from "../../../src/diskless/upkeep/upkeep-catalog.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import { StorageError } from "../../../src/storage/storage-error.ts";
import { Link } from "../../diskless/fakes/link.ts";
import { MemoryCatalogRows } from "../../diskless/fakes/memory-catalog.ts";
import { type Fault, MemoryBucket } from "../../diskless/fakes/memory-object-store.ts";
import { MemoryUpkeepRows } from "../../diskless/fakes/memory-upkeep.ts";
import { LIMITS } from "../../log/compaction-support.ts";
import { settingsWith } from "../../log/support.ts";
import { Dice, Scheduler } from "../scheduler.ts";

const CLUSTER_ID = "Q2x1c3RlcklkMTIzNDU2Nw";
const DATABASE_ID = "a database";
const MACHINES = 3;
export const GRACE_MS = 4000;
const FAIL_CHANCE = 0.04;

export interface Topic {
  readonly topicId: string;
  readonly settings: Readonly<Record<string, string>>;
}

const SMALL_SEGMENTS = { "internal.segment.bytes": "400" };
export const RETAINED: Topic = { topicId: "cmV0YWluZWRfX19fX19fXw", settings: { ...SMALL_SEGMENTS, "retention.bytes": "2500" } };
export const COMPACTED: Topic = {
  topicId: "Y29tcGFjdGVkX19fX19fXw",
  settings: { ...SMALL_SEGMENTS, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0", "delete.retention.ms": "1000" },
};
export const DOOMED: Topic = { topicId: "ZG9vbWVkX19fX19fX19fXw", settings: {} };
export const TOPICS: readonly Topic[] = [RETAINED, COMPACTED, DOOMED];

export class Machine {
  readonly engine: DisklessEngine;
  readonly number: number;
  readonly link = new Link();
  readonly #world: World;
  readonly #upkeep: Upkeep;
  readonly #store;
  /** Replacements that are under way: when the broker dies, they arrive long afterwards. */
  replacing = 0;
  isAlive = true;

  constructor(world: World, number: number) {
    this.#world = world;
    this.number = number;
    const { time, dice } = world;
    this.#store = world.bucket.client({ clock: time });
    this.#store.latencyMs = () => dice.between(0, 20);
    this.#store.faultOf = ({ kind }) => world.storeFault(kind);
    this.link.beforeWork = (call) => time.sleep(dice.between(0, call === "moveStart" && dice.chance(0.3) ? 500 : 10));
    this.link.beforeAnswer = () => time.sleep(dice.between(0, 10));
    this.link.fate = () => world.fate();
    const incarnation = { brokerId: number, number };
    const catalog = this.link.to(world.rows.catalog(incarnation));
    const options = {
      store: this.#store,
      location: "s3://bucket",
      clusterId: CLUSTER_ID,
      prefix: "",
      settings: {
        appendLingerMs: 50,
        appendMaxBytes: 2000,
        cacheBytes: dice.pick([0, 1_000_000]),
        cacheDirectory: undefined,
        cacheDiskBytes: 0,
        pendingMaxBytes: 100_000,
        objectGraceMs: GRACE_MS,
        upkeepIntervalMs: 300,
      },
      producerIdExpirationMs: () => 86_400_000,
      clock: time,
      random: randomFrom((target) => {
        for (let index = 0; index < target.length; index++) target[index] = dice.between(0, 255);
      }),
      logger: silentLogger,
    };
    this.#upkeep = new Upkeep({
      ...options,
      catalog,
      upkeepCatalog: this.#sometimesLate(this.link.to(world.upkeepRows.catalog(incarnation)), world.upkeepRows.catalog(incarnation)),
      leases: world.leases,
      incarnation: number,
      databaseId: DATABASE_ID,
      knownPartitions: async () => (key) => !world.deletedTopics.has(key.topicId),
      intervalMs: () => options.settings.upkeepIntervalMs,
      graceMs: () => GRACE_MS,
      mergeLimits: { waitMs: 400, objectBytes: 2500, objectsAtOnce: 3, segmentBytes: 1500, inlineRows: 3 },
      collectLimits: { listingIntervalMs: 1000, strayLogsIntervalMs: 1000 },
    });
    this.engine = new DisklessEngine(options, { incarnation: number, catalog, upkeep: this.#upkeep });
  }

  /** The call has no answer in time, and is carried out all the same; long after its broker has ended, if it does meanwhile. */
  #sometimesLate(catalog: UpkeepCatalog, atOnce: UpkeepCatalog): UpkeepCatalog {
    const { time, dice } = this.#world;
    return {
      ...methodsOf(catalog),
      replace: async (replacement) => {
        this.replacing++;
        await time.sleep(dice.between(0, 40));
        this.replacing--;
        const isLate = !this.isAlive || dice.chance(0.1);
        if (!isLate) return catalog.replace(replacement);
        time.after(this.isAlive ? dice.between(0, GRACE_MS / 4) : 2.5 * GRACE_MS, () => void atOnce.replace(replacement));
        throw new StorageError("UNAVAILABLE", "no answer in time");
      },
    };
  }

  async clean(): Promise<void> {
    await this.engine.compact({ ...LIMITS, dedupeBufferBytes: 24 * this.#world.dice.pick([3, 1000]) });
  }

  kill(): void {
    this.isAlive = false;
    this.#world.living.delete(this.number);
    this.#world.rows.end({ brokerId: this.number, number: this.number });
    this.link.fate = () => "notDone";
    this.#store.cutOff("refusing");
    void this.engine.close().catch(() => undefined);
  }
}

/** A proxy's methods do not come with a spread. */
function methodsOf(catalog: UpkeepCatalog): UpkeepCatalog {
  return {
    takeJob: (name, ttlMs) => catalog.takeJob(name, ttlMs),
    endJob: (name) => catalog.endJob(name),
    takeSmallObjects: (request) => catalog.takeSmallObjects(request),
    inlineSegments: (request) => catalog.inlineSegments(request),
    replace: (replacement) => catalog.replace(replacement),
    objectIds: (afterId, limit) => catalog.objectIds(afterId, limit),
    markUnnamed: (objectIds) => catalog.markUnnamed(objectIds),
    markKeys: (keys) => catalog.markKeys(keys),
    markedKeys: (ageMs, limit) => catalog.markedKeys(ageMs, limit),
    confirmMarked: (keys) => catalog.confirmMarked(keys),
    forgetRemoved: (keys) => catalog.forgetRemoved(keys),
    newestKey: (prefix) => catalog.newestKey(prefix),
    logs: (afterLogId, limit) => catalog.logs(afterLogId, limit),
    purgeDeletedLogs: (limit) => catalog.purgeDeletedLogs(limit),
    forgetDeletedLogs: (keepMs, limit) => catalog.forgetDeletedLogs(keepMs, limit),
    close: () => catalog.close(),
    tellTraffic: (part) => catalog.tellTraffic(part),
  };
}

export interface Leadership {
  machine: Machine;
  epoch: number;
  /** `undefined` while it is being opened. */
  log: PartitionLog | undefined;
}

export class World {
  readonly time = new Scheduler(2);
  readonly dice: Dice;
  readonly bucket = new MemoryBucket();
  readonly rows = new MemoryCatalogRows();
  readonly upkeepRows = new MemoryUpkeepRows(this.rows, () => this.time.now());
  readonly living = new Set<number>();
  readonly deletedTopics = new Set<string>();
  readonly leaderships = new Map<Topic, Leadership>();
  readonly machines: Machine[] = [];
  isCalm = false;
  #lastNumber = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    void claimPrefix({ store: this.bucket.client({ clock: this.time }), base: CLUSTER_ID, databaseId: DATABASE_ID });
    for (let count = 0; count < MACHINES; count++) this.machines.push(this.newMachine());
  }

  newMachine(): Machine {
    const number = ++this.#lastNumber;
    this.living.add(number);
    return new Machine(this, number);
  }

  get leases(): Leases {
    const absent = () => Promise.reject(new Error("not needed here"));
    const list = async () => {
      await this.time.sleep(this.dice.between(0, 10));
      return Array.from({ length: this.#lastNumber }, (_, index) => {
        const number = index + 1;
        return { brokerId: number, number, remainingMs: 1000, isEnded: !this.living.has(number) };
      });
    };
    return { claim: absent, renew: absent, fence: absent, release: absent, list, passOver: absent };
  }

  storeFault(kind: string): Fault | undefined {
    if (this.isCalm || !this.dice.chance(FAIL_CHANCE)) return undefined;
    if (kind === "put")
      return this.dice.pick<Fault>([
        { kind: "unavailable", isDone: true },
        { kind: "late", landsAfterMs: this.dice.between(0, 3000) },
      ]);
    if (kind === "delete") return this.dice.pick<Fault>([{ kind: "unavailable", isDone: true }, { kind: "kept" }]);
    return this.dice.pick<Fault>([{ kind: "slow-down" }, { kind: "unavailable", isDone: false }]);
  }

  fate(): "done" | "lost" | "notDone" {
    return !this.isCalm && this.dice.chance(FAIL_CHANCE) ? this.dice.pick(["lost", "notDone"] as const) : "done";
  }

  /** By the rows: who led before may not know of it. */
  startOffsetOf({ topicId }: Topic): number {
    return [...this.rows.logs.values()].find((row) => row.topicId === topicId)?.startOffset ?? 0;
  }

  /** Another broker, or the same again, opens the log with a newer epoch; until it works. */
  async lead(topic: Topic, machine = this.dice.pick(this.machines)): Promise<void> {
    const leadership: Leadership = { machine, epoch: (this.leaderships.get(topic)?.epoch ?? -1) + 1, log: undefined };
    this.leaderships.set(topic, leadership);
    const spec = { topic: "orders", partition: 0, topicId: topic.topicId, settings: settingsWith(topic.settings) };
    while (leadership.log === undefined && this.leaderships.get(topic) === leadership && !this.deletedTopics.has(topic.topicId)) {
      try {
        leadership.log = await machine.engine.open({ ...spec, leaderEpoch: leadership.epoch });
      } catch {
        await this.time.sleep(50);
        if (!machine.isAlive) return;
      }
    }
  }
}
