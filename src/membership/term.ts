// A broker of a cluster of machines for as long as it has its lease. See cluster-node.ts for how terms follow one another.

import type { Clock, Timer } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { Broker } from "../broker/broker.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { applyChanges, type Change, type ClusterImage } from "../cluster/image.ts";
import { partOf } from "../cluster/leaderships.ts";
import { SharedLogs } from "../cluster/shared-logs.ts";
import { type BrokerConfig, withDecided } from "../config/broker-config.ts";
import type { ClusterDatabase } from "../diskless/cluster-database.ts";
import type { Claimant, Incarnation, LeaseView } from "../diskless/leases.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { Fencing, withoutMachines } from "./fencing.ts";
import { LeaseGuard } from "./lease-guard.ts";
import { LeaseKeeper } from "./lease-keeper.ts";

export interface EngineSurroundings {
  /** To be called when the engine finds that its incarnation has ended. */
  readonly fenced: () => void;
  /** As this process knows it. */
  readonly image: () => ClusterImage;
}

/** An engine for one term. */
export type OpenEngine = (incarnation: Incarnation, surroundings: EngineSurroundings) => StorageEngine;

export interface TermOptions {
  readonly config: BrokerConfig;
  readonly host: string;
  readonly port: number;
  /** What others reach this machine by. */
  readonly machineHost: string | undefined;
  readonly database: ClusterDatabase<Change>;
  /** The cluster as the process sees it, in all of its terms. */
  readonly cluster: Cluster;
  readonly openEngine: OpenEngine;
  readonly keepsProcessAlive: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

interface Parts {
  readonly options: TermOptions;
  readonly keeper: LeaseKeeper;
  readonly guard: LeaseGuard;
  readonly engine: StorageEngine;
  readonly logs: SharedLogs;
  readonly broker: Broker;
  readonly logger: Logger;
}

/** How long after a lease has lapsed it is looked for, so that it surely has. */
const AFTER_LAPSE_MS = 20;
/** After which a part is given again that could not be given. */
const GIVE_AGAIN_MS = 1000;
/** What is not durable by then was refused by the object store for as long, and is given up for the sake of the rest. */
const LONGEST_FLUSH_MS = 2000;

export class Term {
  /** Settles when the lease was ended: the term is then to be dropped. */
  readonly ended: Promise<void>;
  readonly #parts: Parts;
  readonly #failures: FailureLog;
  readonly #unfollow: () => void;
  /** Of brokers that are to get their part. */
  readonly #waiting = new Set<number>();
  #isGiving = false;
  #timer: Timer | undefined;
  #isOver = false;
  #hasEnded: () => void = () => undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.ended = new Promise((resolve) => {
      this.#hasEnded = resolve;
    });
    const { options, keeper, logger } = parts;
    const { cluster, database } = options;
    this.#failures = new FailureLog(logger);
    const fencing = new Fencing({ leases: database.leases, cluster, logger });
    keeper.follow({
      renewed: (lapsed) => {
        if (keeper.mayFence && !this.#isOver) void this.#takeOver(fencing, lapsed);
      },
      lapsed: () => parts.guard.lapsed(),
      ended: () => this.#end(),
    });
    this.#unfollow = cluster.onImage((image, previous) => this.#follow(image, previous));
    // Those that came while this one started.
    for (const id of cluster.image.brokers.keys()) this.#giveLater(id);
  }

  /** Throws SettingError, StorageError, or Node's own error when a port cannot be taken. */
  static async begin(options: TermOptions, claimant: Claimant): Promise<Term> {
    const { config, database, clock, openEngine, machineHost, cluster, ...rest } = options;
    const logger = options.logger.child({ component: "membership" });
    const terms = { ttlMs: config["broker.session.timeout.ms"], intervalMs: config["broker.heartbeat.interval.ms"] };
    const keeper = await LeaseKeeper.claim({ leases: database.leases, clock, logger, ...terms }, claimant);
    const { incarnation } = keeper;
    const guard = new LeaseGuard(() => keeper.isHeld);
    let engine: StorageEngine | undefined;
    try {
      engine = openEngine(incarnation, { fenced: () => keeper.ended(), image: () => cluster.image });
      const logs = new SharedLogs(engine);
      const broker = await Broker.start({
        ...rest,
        config: withDecided(config, { "node.id": incarnation.brokerId }),
        clusterId: database.clusterId,
        metadata: database.metadata,
        logs,
        clock,
        incarnation: incarnation.number,
        interceptors: [guard],
        ...(machineHost === undefined ? {} : { machineHost }),
      });
      logger.info({ broker: broker.id, incarnation: incarnation.number }, "is a broker of the cluster");
      return new Term({ options, keeper, guard, engine, logs, broker, logger });
    } catch (error) {
      await engine?.close();
      await keeper.release().catch(() => undefined);
      throw error;
    }
  }

  get broker(): Broker {
    return this.#parts.broker;
  }

  get incarnation(): Incarnation {
    return this.#parts.keeper.incarnation;
  }

  /** In order: what it leads is given to others, then its connections end, then its lease. Where that takes too long the rest is done without. */
  async stop(): Promise<void> {
    const { options, keeper, logger } = this.#parts;
    this.#over();
    await this.#within(options.config["broker.session.timeout.ms"], this.#leave(), "could not hand over");
    await this.#close();
    await keeper.release().catch((error: unknown) => logger.warn({ err: error }, "could not give the lease back, which will lapse"));
  }

  /** Its lease was ended: whatever it has in memory is of the past. */
  async drop(): Promise<void> {
    this.#over();
    this.#parts.keeper.close();
    await this.#close();
  }

  async #takeOver(fencing: Fencing, lapsed: readonly LeaseView[]): Promise<void> {
    const nextLapseMs = await fencing.look(lapsed);
    if (nextLapseMs !== undefined) this.#parts.keeper.renewWithin(nextLapseMs + AFTER_LAPSE_MS);
  }

  #over(): void {
    this.#isOver = true;
    this.#unfollow();
    this.#timer?.cancel();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#over();
    this.#hasEnded();
  }

  async #close(): Promise<void> {
    const { broker, logs, engine, logger } = this.#parts;
    await broker.stop();
    await logs.close();
    await engine.close().catch((error: unknown) => logger.error({ err: error }, "could not close the engine"));
  }

  #follow(image: ClusterImage, previous: ClusterImage): void {
    const { id } = this.broker;
    const { number } = this.incarnation;
    // Fenced, or taken for gone by mistake.
    if (image.brokers.get(id)?.incarnation !== number) {
      this.#end();
      return;
    }
    for (const [other, { incarnation }] of image.brokers) {
      if (previous.brokers.get(other)?.incarnation !== incarnation) this.#giveLater(other);
    }
  }

  #giveLater(id: number): void {
    if (id === this.broker.id) return;
    this.#waiting.add(id);
    if (!this.#isGiving) void this.#giveAll();
  }

  async #giveAll(): Promise<void> {
    const { options, broker } = this.#parts;
    this.#isGiving = true;
    try {
      for (const id of this.#waiting) {
        if (this.#isOver) return;
        await this.#giveTo(id);
        this.#waiting.delete(id);
      }
      this.#failures.worked("giving");
    } catch (error) {
      if (this.#isOver) return;
      this.#failures.failed("giving", error, "could not give a broker that came its part");
      this.#timer = options.clock.after(GIVE_AGAIN_MS, () => void this.#giveAll());
    } finally {
      this.#isGiving = false;
      if (!this.#isOver) broker.services.partitions.takeBack();
    }
  }

  /** Of what this broker leads; the others see to theirs. */
  #giveTo(id: number): Promise<void> {
    const { options, broker } = this.#parts;
    return options.cluster.transact(async (image) => {
      if (!image.brokers.has(id) || this.#isOver) return { changes: [], result: undefined };
      const isOurs = (topicId: string, index: number) => image.topicsById.get(topicId)?.partitions[index]?.leader === broker.id;
      const changes = partOf(image, id).filter((change) => isOurs(change.id, change.index));
      await this.#handOver(applyChanges(image, changes));
      return { changes, result: undefined };
    });
  }

  #leave(): Promise<void> {
    const { options, broker } = this.#parts;
    return options.cluster.transact(async (image) => {
      const isThere = image.brokers.get(broker.id)?.incarnation === this.incarnation.number;
      const changes = isThere ? withoutMachines(image, [broker.id]) : [];
      await this.#handOver(applyChanges(image, changes));
      return { changes, result: undefined };
    });
  }

  #handOver(next: ClusterImage): Promise<void> {
    const { partitions } = this.broker.services;
    return this.#within(LONGEST_FLUSH_MS, partitions.handOver(next), "could not flush what is handed over");
  }

  /** Never rejects. @param message what was not done then: a fixed phrase */
  async #within(timeoutMs: number, work: Promise<void>, message: string): Promise<void> {
    const { options, logger } = this.#parts;
    let timer: Timer | undefined;
    const tooLong = new Promise<void>((_, reject) => {
      timer = options.clock.after(timeoutMs, () => reject(new Error(`not done after ${timeoutMs} ms`)));
    });
    await Promise.race([work, tooLong]).catch((error: unknown) => logger.error({ err: error }, message));
    timer?.cancel();
  }
}
