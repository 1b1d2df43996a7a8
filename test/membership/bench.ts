// Processes that are brokers of one cluster of machines, in one process, over a database and an object store in memory. Each has a network of its
// own to the database, and a clock that stops with it; time itself is one, and the test moves it.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Clock, Timer } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { systemRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { NewTopic } from "../../src/broker/broker-options.ts";
import { type Change, type ClusterImage, compactChanges } from "../../src/cluster/image.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import type { ClusterDatabase } from "../../src/diskless/cluster-database.ts";
import { DisklessEngine } from "../../src/diskless/diskless-engine.ts";
import { disklessSettings } from "../../src/diskless/settings.ts";
import { type ClusterNode, openClusterNode } from "../../src/membership/cluster-node.ts";
import { Link } from "../diskless/fakes/link.ts";
import { MemoryCatalogRows } from "../diskless/fakes/memory-catalog.ts";
import { MemoryLeases } from "../diskless/fakes/memory-leases.ts";
import { MemoryMetadata } from "../diskless/fakes/memory-metadata.ts";
import { MemoryBucket, type MemoryObjectStore } from "../diskless/fakes/memory-object-store.ts";
import { MemoryUpkeepRows } from "../diskless/fakes/memory-upkeep.ts";
import { RawClient } from "../support/raw-client.ts";

export const TTL_MS = 9000;
export const LOCATION = "s3://bucket/prefix";
const CLUSTER_ID = "BAAAAAAAAAAAAAAAAAAAAA";
/** Virtual time passes in steps of it, so that sockets get their turns. */
const STEP_MS = 100;

/** Time as a process has it that may be stopped: its timers then fire when it goes on. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #late = new Set<() => void>();
  #isStopped = false;
  /** What the time of day is wrong by, and how long the computer has slept. */
  wallAheadMs = 0;
  sleptMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.wallAheadMs;
  }

  elapsed(): number {
    return this.#clock.now() - this.sleptMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const due = () => {
      if (this.#isStopped) this.#late.add(action);
      else action();
    };
    const timer = this.#clock.after(delayMs, due);
    return {
      cancel: () => {
        timer.cancel();
        this.#late.delete(action);
      },
    };
  }

  stop(): void {
    this.#isStopped = true;
  }

  goOn(): void {
    this.#isStopped = false;
    for (const action of [...this.#late]) {
      this.#late.delete(action);
      action();
    }
  }
}

export interface ProcessOptions {
  readonly id?: number;
  readonly topics?: readonly NewTopic[];
  readonly settings?: SettingInputs;
}

/** One process. */
export class Machine {
  readonly node: ClusterNode;
  readonly clock: ProcessClock;
  /** To the database. */
  readonly link: Link;
  readonly store: MemoryObjectStore;

  constructor(node: ClusterNode, parts: Pick<Machine, "clock" | "link" | "store">) {
    this.node = node;
    this.clock = parts.clock;
    this.link = parts.link;
    this.store = parts.store;
  }

  get id(): number {
    return this.node.broker.id;
  }

  get image(): ClusterImage {
    return this.node.cluster.image;
  }

  get incarnation(): number | undefined {
    return this.image.brokers.get(this.id)?.incarnation;
  }

  /** How many brokers it tells a client of; `undefined` where it ends the connection. */
  async answers(): Promise<number | undefined> {
    const client = await RawClient.connect(this.node.broker.port).catch(() => undefined);
    if (client === undefined) return undefined;
    const groups = await client.call(messages.listGroups, 3, {});
    const answer = await client.call(messages.metadata, 9, { topics: [] });
    client.close();
    return groups?.errorCode === Errors.COORDINATOR_NOT_AVAILABLE ? undefined : answer?.brokers.length;
  }

  /** How many brokers it tells of, with or without its lease. */
  async knows(): Promise<number | undefined> {
    const client = await RawClient.connect(this.node.broker.port);
    const answer = await client.call(messages.metadata, 9, { topics: [] });
    client.close();
    return answer?.brokers.length;
  }

  /** Sends a record to a partition; gives the error, or -1 where the connection ended. */
  async produce(topic: string, index: number, value: string): Promise<number> {
    const client = await RawClient.connect(this.node.broker.port).catch(() => undefined);
    if (client === undefined) return -1;
    const records = buildBatch([{ key: null, value: Buffer.from(value) }], { timestamp: this.clock.now() }).bytes;
    const data = [{ name: topic, partitionData: [{ index, records }] }];
    const answer = await client.call(messages.produce, 9, { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData: data });
    client.close();
    return answer?.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
  }

  /** The values of a partition, from the start; an error code where there are none to be had. */
  async read(topic: string, partition: number): Promise<string[] | number> {
    const client = await RawClient.connect(this.node.broker.port);
    const values: string[] = [];
    for (let fetchOffset = 0; ; ) {
      const partitions = [{ partition, fetchOffset, partitionMaxBytes: 1_000_000 }];
      const answer = await client.call(messages.fetch, 4, { maxWaitMs: 0, minBytes: 0, topics: [{ topic, partitions }] });
      const found = answer?.responses[0]?.partitions[0];
      const records = [...batchesOf(found?.records ?? Buffer.alloc(0))].flatMap((batch) => [...recordsOf(batch)]);
      if (records.length === 0) {
        client.close();
        return found?.errorCode === Errors.NONE ? values : (found?.errorCode ?? -1);
      }
      values.push(...records.map(({ value }) => String(value)));
      fetchOffset = (records.at(-1)?.offset ?? 0) + 1;
    }
  }

  /** As SIGSTOP would, and a network that answers nobody. */
  suspend(): void {
    this.link.isCutOff = true;
    this.clock.stop();
  }

  resume(): void {
    this.link.isCutOff = false;
    this.clock.goOn();
  }
}

export class Machines {
  readonly time = new VirtualClock();
  readonly rows = new MemoryCatalogRows();
  readonly upkeepRows = new MemoryUpkeepRows(this.rows, () => this.time.now());
  readonly bucket = new MemoryBucket();
  readonly leases = new MemoryLeases(this.time, (incarnation) => this.rows.end(incarnation));
  readonly metadata = new MemoryMetadata<Change>();
  readonly #all: Machine[] = [];

  async start({ id, topics = [], settings = {} }: ProcessOptions = {}): Promise<Machine> {
    const clock = new ProcessClock(this.time);
    const link = new Link();
    const store = this.bucket.client({ clock });
    const config = brokerConfig({ argument: { ...settings, ...(id === undefined ? {} : { "node.id": id }) } });
    const opening = this.#database(clock, link).then((database) =>
      openClusterNode({
        config,
        host: "127.0.0.1",
        port: 0,
        database,
        openEngine: (incarnation, { fenced }) => {
          const engine = new DisklessEngine(
            {
              ...{
                store,
                location: LOCATION,
                clusterId: CLUSTER_ID,
                prefix: "",
                settings: disklessSettings(config),
                clock,
                random: systemRandom,
              },
              ...{ logger: silentLogger, producerIdExpirationMs: () => config["producer.id.expiration.ms"] },
            },
            { incarnation: incarnation.number, catalog: link.to(this.rows.catalog(incarnation)) },
          );
          engine.onFenced(fenced);
          return engine;
        },
        topics,
        keepsProcessAlive: false,
        clock,
      }),
    );
    const machine = new Machine(await this.until(opening), { clock, link, store });
    this.#all.push(machine);
    return machine;
  }

  async #database(clock: Clock, link: Link): Promise<ClusterDatabase<Change>> {
    const metadata = await this.metadata.open({ clock, link, compact: compactChanges });
    return {
      clusterId: CLUSTER_ID,
      databaseId: "a database",
      metadata,
      leases: link.to(this.leases.view()),
      catalog: (incarnation) => link.to(this.rows.catalog(incarnation)),
      usage: link.to(this.upkeepRows.usage()),
      upkeepCatalog: (incarnation) => link.to(this.upkeepRows.catalog(incarnation)),
      close: () => metadata.close(),
    };
  }

  /** Time passes, and what is on the way arrives. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) await this.time.advance(Math.min(STEP_MS, ms - passed));
  }

  /** Time passes until it is done. */
  async until<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    for (let turn = 0; !isDone; turn++) {
      await nextTurn();
      if (turn % 20 === 19) await this.time.advance(STEP_MS);
    }
    return done;
  }

  /** Time passes until it holds; gives how long it took. */
  async when(holds: () => boolean, withinMs = 60_000): Promise<number> {
    const since = this.time.now();
    while (!holds()) {
      if (this.time.now() - since > withinMs) throw new Error(`did not come to hold within ${withinMs} ms`);
      await this.time.advance(STEP_MS);
      await nextTurn();
    }
    return this.time.now() - since;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.#all) machine.resume();
    await this.until(Promise.all(this.#all.map(({ node }) => node.stop())));
  }
}

/** Leaders of a topic, as this machine sees them. */
export function leaders({ image }: Machine, topic: string): number[] {
  return image.topicsByName.get(topic)?.partitions.map(({ leader }) => leader) ?? [];
}

/** How many each of them leads. */
export function shares(machine: Machine, topic: string): Record<number, number> {
  const all = leaders(machine, topic);
  return Object.fromEntries([...new Set(all)].sort().map((id) => [id, all.filter((leader) => leader === id).length]));
}
