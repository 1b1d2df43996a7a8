// One process: storage on a folder or in memory, and the brokers over it. What both the command line and startBroker begin with. Several
// brokers are a cluster: they share the logs and the metadata, and each has its own id, ports and leaderships. With workers, further brokers
// run in threads of their own (workers/workers.ts), which share the folder but no open logs.
//
// A broker that stops or is killed leaves the cluster's metadata as one that is not there, and what it led goes to other replicas where
// there are any. The whole process stopping changes nothing of that: all of its brokers come back together.

import { assert } from "./base/assert.ts";
import type { Clock } from "./base/clock.ts";
import { descriptorShares } from "./base/descriptors.ts";
import type { Filesystem } from "./base/filesystem.ts";
import { type Logger, silentLogger } from "./base/logger.ts";
import { MemoryFilesystem } from "./base/memory-filesystem.ts";
import { nodeFilesystem } from "./base/node-filesystem.ts";
import { type Random, systemRandom } from "./base/random.ts";
import { systemClock } from "./base/system-clock.ts";
import { Broker } from "./broker/broker.ts";
import type { NewTopic } from "./broker/broker-options.ts";
import { ensureAcls } from "./broker/given-acls.ts";
import { Issuing, type IssuingPlace } from "./broker/issuing.ts";
import { Cluster } from "./cluster/cluster.ts";
import { type Change, compactChanges } from "./cluster/image.ts";
import { fairParts, goneWorkers, withoutBrokers } from "./cluster/leaderships.ts";
import { SharedLogs } from "./cluster/shared-logs.ts";
import { returnBroker, stopBroker, stopBrokers } from "./cluster/stop-broker.ts";
import { settleStrays } from "./cluster/strays.ts";
import { type BrokerConfig, brokerConfig } from "./config/broker-config.ts";
import { sharesOf } from "./config/memory-shares.ts";
import { JOURNAL_FILE, openJournalMetadataStore } from "./log/journal-metadata-store.ts";
import { openSegmentedEngine, type SegmentedEngine } from "./log/segmented-engine.ts";
import type { CertificateAuthority } from "./security/certificate-authority.ts";
import { checkPeerTrust } from "./security/peer-trust.ts";
import { ConnectionBudget } from "./server/connection-budget.ts";
import type { MetadataStore } from "./storage/metadata-store.ts";
import { PublishedMetadataStore } from "./workers/published-metadata-store.ts";
import { Workers, type WorkersOptions } from "./workers/workers.ts";

/** Where one broker listens; its id and rack are in its config. */
export interface BrokerPlace {
  readonly config: BrokerConfig;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface NodeOptions extends BrokerPlace {
  /** Brokers beside the first. */
  readonly others?: readonly BrokerPlace[];
  /** Brokers in threads of their own, instead of `others`; needs a folder. */
  readonly workers?: WorkersOptions;
  /** "memory", or a folder. */
  readonly data: string;
  readonly topics: readonly NewTopic[];
  /** Default: that of the data; a new one where there is none. */
  readonly clusterId?: string;
  /** Default true. False: the process may end while the brokers run. */
  readonly keepsProcessAlive?: boolean;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: Node's, or a fresh one in memory. */
  readonly filesystem?: Filesystem;
  /** What each broker is given for the store; default: the store itself. */
  readonly metadataFor?: (brokerId: number, store: MetadataStore<Change>) => MetadataStore<Change>;
}

interface Parts {
  readonly options: NodeOptions;
  readonly clusterId: string;
  readonly engine: SegmentedEngine;
  readonly metadata: MetadataStore<Change>;
  readonly cluster: Cluster;
  readonly workers: Workers | undefined;
  readonly issuing: Issuing | undefined;
}

const MEMORY = "memory";
/** Where the in-memory filesystem keeps everything. */
const MEMORY_FOLDER = "/data";
const MEMORY_TAIL_BYTES = 16 * 1024 * 1024;

/** Throws SettingError, StorageError, or Node's own error when a port cannot be taken. */
export async function openNode(options: NodeOptions): Promise<RunningNode> {
  const { config, clock = systemClock, random = systemRandom } = options;
  const logger = (options.logger ?? silentLogger).child({ component: "log" });
  const isInMemory = options.data === MEMORY;
  const brokerCount = 1 + (options.others?.length ?? 0) + (options.workers?.places.length ?? 0);
  const shares = sharesOf(config, brokerCount);
  const filesystem = options.filesystem ?? (isInMemory ? new MemoryFilesystem(clock, shares?.stored) : nodeFilesystem);
  const directory = isInMemory ? MEMORY_FOLDER : options.data;
  let node: RunningNode | undefined;
  const engine = openSegmentedEngine({
    filesystem,
    directory,
    brokerId: config["node.id"],
    clusterId: options.clusterId,
    clock,
    random,
    logger,
    producerIdExpirationMs: () => (node?.brokers[0]?.services.config ?? config)["producer.id.expiration.ms"],
    ...(shares === undefined ? {} : { indexBytes: shares.indexes, tailBytes: shares.tails }),
    ...(isInMemory ? { removesAtOnce: true, tailBytes: Math.min(MEMORY_TAIL_BYTES, shares?.tails ?? MEMORY_TAIL_BYTES) } : {}),
  });
  try {
    const { clusterId } = engine;
    const journal = openJournalMetadataStore<Change>({
      filesystem,
      path: `${directory}/${JOURNAL_FILE}`,
      hasData: () => engine.hasPartitions(),
      compact: compactChanges,
      logger,
    });
    const { metadata, workers } = withWorkers(options, { journal, engine, directory, clock });
    const issuing = Issuing.of(placesOf(options), { filesystem, directory: isInMemory ? undefined : directory, random });
    node = new RunningNode({ options, clusterId, engine, metadata, workers, issuing, cluster: await Cluster.open(metadata, clusterId) });
    try {
      await node.start();
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Of all brokers of the process. */
function placesOf({ config, host, others = [], workers }: NodeOptions): IssuingPlace[] {
  const ofWorkers = (workers?.places ?? []).map((place) => ({ config: brokerConfig(place.sources), host: place.host }));
  return [{ config, host }, ...others, ...ofWorkers];
}

interface Opened {
  readonly journal: MetadataStore<Change>;
  readonly engine: SegmentedEngine;
  readonly directory: string;
  readonly clock: Clock;
}

function withWorkers(options: NodeOptions, { journal, engine, directory, clock }: Opened): Pick<Parts, "metadata" | "workers"> {
  if (options.workers === undefined) return { metadata: journal, workers: undefined };
  const store = new PublishedMetadataStore(journal, () => engine.handOver());
  const workers = new Workers(options.workers, { store, directory, clock, logger: options.logger ?? silentLogger });
  return { metadata: store, workers };
}

export class RunningNode {
  /** The cluster as the process sees it, whichever of its brokers run. */
  readonly cluster: Cluster;
  readonly #parts: Parts;
  readonly #logs: SharedLogs;
  /** Where brokers run, or ran: with the port that they took. */
  readonly #places = new Map<number, BrokerPlace>();
  readonly #running = new Map<number, Broker>();
  readonly #listeners = new Set<(broker: Broker) => void>();
  readonly #threadCount: number;
  readonly #connections: ConnectionBudget;
  #stopping: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.cluster = parts.cluster;
    this.#logs = new SharedLogs(parts.engine);
    this.#threadCount = 1 + (parts.workers?.ids.length ?? 0);
    this.#connections = new ConnectionBudget(() => descriptorShares().connections / this.#threadCount);
  }

  /** The brokers that run, by id. */
  get brokers(): readonly Broker[] {
    return [...this.#running.values()].sort((a, b) => a.id - b.id);
  }

  /** The first that runs; rather one that the cluster takes for there. */
  get broker(): Broker {
    const [first] = this.brokers;
    assert(first !== undefined, "a broker of this process runs");
    return this.brokers.find(({ id }) => this.cluster.image.brokers.has(id)) ?? first;
  }

  /** Of all brokers that run, with commas in between. */
  get bootstrapServers(): string {
    return [...this.brokers.map(({ bootstrapServers }) => bootstrapServers), ...(this.#parts.workers?.addresses ?? [])].join(",");
  }

  /** Who issued what the brokers show their clients, by `odradek.tls`. */
  get authority(): CertificateAuthority | undefined {
    return this.#parts.issuing?.authority;
  }

  /** Settles when a worker thread ended by itself; then the node is to be stopped. */
  get failure(): Promise<Error> {
    return this.#parts.workers?.failure ?? new Promise(() => undefined);
  }

  /** Called with each broker that runs, and with each that starts later, before it is asked anything. */
  onBroker(listener: (broker: Broker) => void): void {
    this.#listeners.add(listener);
    for (const broker of this.#running.values()) listener(broker);
  }

  /** Called once, by openNode. */
  async start(): Promise<void> {
    const { options, cluster, workers, engine, metadata } = this.#parts;
    await settleStrays({
      engine,
      image: cluster.image,
      history: () => metadata.load(),
      logger: (options.logger ?? silentLogger).child({ component: "partitions" }),
    });
    const places = [{ config: options.config, host: options.host, port: options.port }, ...(options.others ?? [])];
    const ids = [...places.map(({ config }) => config["node.id"]), ...(workers?.ids ?? [])];
    const known = new Set([...cluster.image.brokers.keys(), ...cluster.image.stoppedBrokers.keys()]);
    await this.#leave(ids);
    await ensureAcls(cluster, options.config, (options.logger ?? silentLogger).child({ component: "authorizer" }));
    for (const place of places) await this.addBroker(place);
    if (ids.length > 1) for (const { services } of this.brokers) checkPeerTrust(services.config, systemClock.now());
    await this.#startWorkers(ids, known);
    await this.broker.ensureTopics(options.topics);
  }

  /** Brokers that the data knows and that are not started now are not there. */
  async #leave(startedIds: readonly number[]): Promise<void> {
    const { options, cluster } = this.#parts;
    await cluster.transact((image) => ({ changes: withoutBrokers(image, goneWorkers(image, startedIds), startedIds), result: undefined }));
    for (const id of cluster.image.brokers.keys()) if (!startedIds.includes(id)) await stopBroker(cluster, id, options.config);
  }

  async #startWorkers(ids: readonly number[], known: ReadonlySet<number>): Promise<void> {
    const { workers, cluster, engine, issuing } = this.#parts;
    if (workers === undefined) return;
    await workers.start(engine, issuing?.stores);
    if (ids.every((id) => known.has(id))) return;
    await cluster.transact((image) => ({ changes: fairParts(image, ids), result: undefined }));
  }

  /** Starts a broker that this cluster has not had. */
  async addBroker(place: BrokerPlace): Promise<Broker> {
    const { options, clusterId, metadata, issuing } = this.#parts;
    const { config, host, port } = place;
    const broker = await Broker.start({
      config,
      clusterId,
      logs: this.#logs,
      metadata: options.metadataFor?.(config["node.id"], metadata) ?? metadata,
      host,
      port,
      threadCount: this.#threadCount,
      budget: this.#connections,
      ...(issuing === undefined ? {} : { issued: issuing.stores }),
      ...(options.keepsProcessAlive === undefined ? {} : { keepsProcessAlive: options.keepsProcessAlive }),
      ...(options.logger === undefined ? {} : { logger: options.logger }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.random === undefined ? {} : { random: options.random }),
    });
    this.#running.set(broker.id, broker);
    this.#places.set(broker.id, { config, host, port: broker.port });
    for (const listener of this.#listeners) listener(broker);
    return broker;
  }

  /** In order: what the broker leads is handed over before its connections end. Nothing happens when it does not run. */
  async stopBroker(id: number): Promise<void> {
    const broker = this.#running.get(id);
    if (broker === undefined) return;
    this.#running.delete(id);
    await stopBroker(this.cluster, id, broker.services.config);
    await broker.stop();
  }

  /** As `kill -9` would: connections end first, and with them what is under way. */
  async killBroker(id: number): Promise<void> {
    const broker = this.#running.get(id);
    if (broker === undefined) return;
    this.#running.delete(id);
    await broker.stop();
    await stopBroker(this.cluster, id, broker.services.config);
  }

  /** The cluster takes the brokers for gone, all at once, while they run and are reached by clients: they lead nothing. */
  async fenceBrokers(ids: readonly number[]): Promise<void> {
    const running = ids.filter((id) => this.#running.has(id));
    await stopBrokers(this.cluster, running, this.broker.services.config);
  }

  /** Those of them that run are there again. */
  async unfenceBrokers(ids: readonly number[]): Promise<void> {
    for (const id of ids) if (this.#running.has(id)) await returnBroker(this.cluster, id);
  }

  /** Starts a broker again that was stopped or killed, at its port. Stops it first when it runs. */
  async restartBroker(id: number): Promise<Broker> {
    const place = this.#places.get(id);
    assert(place !== undefined, `broker ${id} has run before`);
    await this.stopBroker(id);
    return this.addBroker(place);
  }

  /** Stops a broker for good: the cluster forgets it. */
  async removeBroker(id: number): Promise<void> {
    await this.stopBroker(id);
    this.#places.delete(id);
    await this.cluster.transact((image) => {
      const isKnown = image.stoppedBrokers.has(id) || image.brokers.has(id);
      return { changes: isKnown ? [{ type: "brokerRemoved", id }] : [], result: undefined };
    });
  }

  /** Stops the brokers, then closes their storage; safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { cluster, metadata, engine, workers } = this.#parts;
    const [closed] = await Promise.all([workers?.stop(), ...this.brokers.map((broker) => broker.stop())]);
    for (const share of closed ?? []) engine.shareClosed(share);
    await this.#logs.close();
    cluster.close();
    await metadata.close();
    await engine.close();
  }
}
