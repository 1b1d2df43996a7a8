// The composition root: one broker, made of its parts. A cluster is several Broker objects over one StorageEngine and one
// MetadataStore; a single process with one broker is the smallest cluster.
//
// Start: storage and metadata are opened, the ports are taken, the broker joins the cluster's metadata, opens the partitions that it
// leads, and only then takes up requests. Stop: no new requests, partitions are given up, what is stored is flushed.

import { AnswerMemory } from "./api/answer-memory.ts";
import { handlers } from "./api/index.ts";
import { localCall } from "./api/local-call.ts";
import { ReadTurns } from "./api/read-turns.ts";
import type { Services } from "./api/services.ts";
import type { Clock } from "./base/clock.ts";
import { descriptorShares } from "./base/descriptors.ts";
import { Gate } from "./base/gate.ts";
import { LogLevels } from "./base/log-levels.ts";
import { type Logger, silentLogger } from "./base/logger.ts";
import { type Random, systemRandom } from "./base/random.ts";
import { systemClock } from "./base/system-clock.ts";
import { followSettings } from "./cluster/altered-settings.ts";
import { Cluster } from "./cluster/cluster.ts";
import { finalizedLevel, TRANSACTION_VERSION } from "./cluster/features.ts";
import type { Change, Endpoint } from "./cluster/image.ts";
import { joinCluster, tellEndpoints } from "./cluster/join-cluster.ts";
import { LocalPartitions } from "./cluster/local-partitions.ts";
import { Maintenance } from "./cluster/maintenance.ts";
import { Peers } from "./cluster/peers.ts";
import { ProducerIds } from "./cluster/producer-ids.ts";
import { isRefusal } from "./cluster/refusal.ts";
import type { SharedLogs } from "./cluster/shared-logs.ts";
import { GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC } from "./cluster/topic-name.ts";
import { Topics } from "./cluster/topics.ts";
import type { BrokerConfig, SettingInputs } from "./config/broker-config.ts";
import { KAFKA_LOGGERS } from "./config/kafka-loggers.ts";
import { clientListeners, SERVED_PROTOCOL } from "./config/listener-rules.ts";
import { hostInUrl, isLoopback, type ListenerAddress, parseListeners, printListeners, securityProtocolOf } from "./config/listeners.ts";
import { LiveConfig } from "./config/live-config.ts";
import { SettingError } from "./config/setting.ts";
import { GroupCoordinator } from "./coordinator/group/group-coordinator.ts";
import { MarkerSender } from "./coordinator/marker-sender.ts";
import { PartitionVerifier } from "./coordinator/transaction/partition-verifier.ts";
import { TransactionCoordinator } from "./coordinator/transaction/transaction-coordinator.ts";
import { FetchSessions } from "./partition/fetch-sessions.ts";
import { ConnectionBudget } from "./server/connection-budget.ts";
import { dispatcher } from "./server/dispatch.ts";
import { Interceptors } from "./server/interceptors.ts";
import type { Listener } from "./server/listener.ts";
import { Listeners } from "./server/listeners.ts";
import type { MetadataStore } from "./storage/metadata-store.ts";
import { ClientTelemetry } from "./telemetry/client-telemetry.ts";
import { PushedMetricsLog } from "./telemetry/pushed-metrics.ts";

export interface NewTopic {
  readonly name: string;
  /** Default: the setting num.partitions. */
  readonly partitions?: number;
  /** Default: the setting default.replication.factor. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

export interface BrokerOptions {
  readonly config: BrokerConfig;
  readonly clusterId: string;
  /** The same for all brokers of a cluster in one process. */
  readonly logs: SharedLogs;
  readonly metadata: MetadataStore<Change>;
  /** It runs in a worker thread: it goes when it is not started again. */
  readonly isWorker?: boolean;
  /** Threads of the process that have brokers; default 1. */
  readonly threadCount?: number;
  /** Where clients reach the broker, unless the setting `listeners` was given. Port 0: any free one. */
  readonly host: string;
  readonly port: number;
  /** Default true. False: the process may end while the broker runs. */
  readonly keepsProcessAlive?: boolean;
  /** Of connections, when other brokers of the thread share it. */
  readonly budget?: ConnectionBudget;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

export class Broker {
  readonly id: number;
  readonly services: Services;
  readonly interceptors: Interceptors;
  readonly #listeners: Listeners;
  /** The listener that clients on this machine do best to begin with. */
  readonly #bootstrap: ListenerAddress | undefined;
  readonly #maintenance: Maintenance;
  readonly #unfollow: () => void;
  readonly #closeParts: () => void;
  #stopping: Promise<void> | undefined;

  private constructor(parts: {
    services: Services;
    interceptors: Interceptors;
    listeners: Listeners;
    bootstrap: ListenerAddress | undefined;
    maintenance: Maintenance;
    unfollow: () => void;
    closeParts: () => void;
  }) {
    this.id = parts.services.brokerId;
    this.services = parts.services;
    this.interceptors = parts.interceptors;
    this.#listeners = parts.listeners;
    this.#bootstrap = parts.bootstrap;
    this.#maintenance = parts.maintenance;
    this.#unfollow = parts.unfollow;
    this.#closeParts = parts.closeParts;
  }

  /** Throws SettingError, StorageError, or Node's own error when a port cannot be taken. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const { logs, clock = systemClock, random = systemRandom, threadCount = 1 } = options;
    const { engine } = logs;
    const live = new LiveConfig(options.config);
    const config = live.values;
    const logLevels = new LogLevels(options.logger ?? silentLogger, KAFKA_LOGGERS);
    const brokerId = config["node.id"];
    const addresses = listenerAddresses(options);
    const { keepsProcessAlive = true, budget = new ConnectionBudget(() => descriptorShares().connections / threadCount) } = options;
    const answerMemory = new AnswerMemory({ clock, limitBytes: () => config["odradek.queued.max.response.bytes"] });
    const logger = logLevels.logger("server");
    const listeners = await Listeners.open(addresses, { config, answerMemory, clock, logger, keepsProcessAlive, budget });
    /** What has timers or connections of its own. */
    const closers: (() => void)[] = [() => answerMemory.close()];
    try {
      live.decide(decidedSettings(options, addresses, listeners.all));
      const cluster = await Cluster.open(options.metadata, options.clusterId);
      const logger = logLevels.logger("topics");
      // Threads have no logs in common: which of them makes one is known only when the topic is in the metadata.
      const topics = new Topics({ cluster, config, clock, random, logger, logs: threadCount === 1 ? logs : undefined });
      const partitions = new LocalPartitions({
        brokerId,
        logs,
        settingsOf: (topic) => topics.settingsOf(topic),
        clock,
        logger: logLevels.logger("partitions"),
      });
      closers.push(() => partitions.close());
      const alterSettings = followSettings({ brokerId, live, logger: logLevels.logger("settings") });
      alterSettings(cluster.image);
      const groups = new GroupCoordinator({
        clock,
        random,
        config,
        logger: logLevels.logger("groups"),
        topics: {
          partitionCount: (name) => cluster.image.topicsByName.get(name)?.partitions.length,
          nameOf: (id) => cluster.image.topicsById.get(id)?.name,
          idOf: (name) => cluster.image.topicsByName.get(name)?.id,
        },
      });
      closers.push(() => groups.close());
      partitions.addListener(groupLeadership(groups));
      let served: Services | undefined;
      const peers = new Peers({
        brokerId,
        image: () => cluster.image,
        local: localCall(handlers, () => served),
        clock,
        logger: logLevels.logger("peers"),
        requestTimeoutMs: config["request.timeout.ms"],
      });
      const producerIds = new ProducerIds(cluster);
      const transactionLogger = logLevels.logger("transactions");
      const markers = new MarkerSender({ clock, logger: transactionLogger, peers, image: () => cluster.image });
      closers.push(
        () => markers.close(),
        () => peers.close(),
      );
      const transactions = new TransactionCoordinator({
        clock,
        logger: transactionLogger,
        config,
        markers,
        newProducerId: () => producerIds.take(),
        partitionCount: () => cluster.image.topicsByName.get(TRANSACTION_STATE_TOPIC)?.partitions.length,
        transactionVersion: () => finalizedLevel(cluster.image.features, TRANSACTION_VERSION),
      });
      closers.push(() => transactions.close());
      partitions.addListener(transactionLeadership(transactions));
      const listenAnew = async () => {
        try {
          if (!(await listeners.follow(addressesIn(config)))) return;
          await tellEndpoints(cluster, brokerId, endpointsOf(options.config, listeners.all));
        } catch (error) {
          logLevels.logger("server").error({ err: error }, "could not listen as altered");
        }
      };
      await listenAnew();
      const unfollow = cluster.onImage((image, previous) => {
        const areSettingsAltered = alterSettings(image);
        partitions.follow(image, previous);
        if (areSettingsAltered) {
          partitions.configureAll(image);
          void listenAnew();
        }
        const deleted = [...previous.topicsByName.keys()].filter((name) => !image.topicsByName.has(name));
        if (deleted.length === 0) return;
        topics.recentlyDeleted.add(deleted);
        groups.topicsDeleted(deleted);
      });
      cluster.onComingImage((next) => partitions.handOver(next));
      const { isWorker = false } = options;
      const pushed = new PushedMetricsLog({ cluster, topics, peers, clock, timeoutMs: config["request.timeout.ms"] });
      const telemetry = new ClientTelemetry({
        brokerId,
        clock,
        random,
        logger: logLevels.logger("telemetry"),
        config,
        image: () => cluster.image,
        keep: (metrics) => pushed.append(metrics),
      });
      closers.push(() => telemetry.close());
      const endpoints = endpointsOf(options.config, listeners.all);
      await joinCluster(cluster, { id: brokerId, rack: config["broker.rack"], endpoints, ...(isWorker ? { isWorker } : {}) }, config);
      const services: Services = {
        brokerId,
        config,
        clock,
        random,
        logger: logLevels.logger("api"),
        cluster,
        topics,
        partitions,
        producerIds,
        fetchSessions: new FetchSessions(config["max.incremental.fetch.session.cache.slots"], clock, random),
        answerMemory,
        readTurns: new ReadTurns(clock),
        groups,
        transactions,
        verifier: new PartitionVerifier({ clock, config, peers, image: () => cluster.image }),
        telemetry,
        longBatches: new Gate(LONG_BATCHES_AT_ONCE),
        logLevels,
        logDirectory: () => engine.logDirectory?.(),
        served: handlers,
      };
      served = services;
      const maintenance = new Maintenance({
        clock,
        logger: logLevels.logger("log"),
        engine,
        partitions,
        config,
        threadCount,
      });
      const interceptors = new Interceptors();
      const gather = (work: () => void) => (interceptors.isEmpty ? engine.gather(work) : work());
      listeners.serve(dispatcher(handlers, services, interceptors), gather);
      const closeParts = () => {
        for (const close of closers) close();
      };
      return new Broker({
        services,
        interceptors,
        listeners,
        bootstrap: bootstrapAddress(addresses, endpoints),
        maintenance,
        unfollow,
        closeParts,
      });
    } catch (error) {
      for (const close of closers) close();
      await listeners.close();
      throw error;
    }
  }

  get clusterId(): string {
    return this.services.cluster.image.clusterId;
  }

  get port(): number {
    const { all } = this.#listeners;
    return (all.find(({ name }) => name === this.#bootstrap?.name) ?? all[0])?.port ?? 0;
  }

  /** What a client is given to connect: "localhost:9092". */
  get bootstrapServers(): string {
    const host = this.#bootstrap?.host ?? "";
    const isEverywhere = host === "" || host === "0.0.0.0" || host === "::";
    return `${isEverywhere ? "localhost" : hostInUrl(host)}:${this.port}`;
  }

  /** Makes topics that do not exist yet. Throws SettingError when one is not allowed. */
  async ensureTopics(wanted: readonly NewTopic[]): Promise<void> {
    const { cluster, topics } = this.services;
    const missing = wanted.filter(({ name }) => !cluster.image.topicsByName.has(name));
    const outcomes = await topics.create(
      missing.map(({ name, partitions = -1, replicationFactor = -1, configs = {} }) => ({
        name,
        partitionCount: partitions,
        replicationFactor,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      })),
      false,
    );
    outcomes.forEach((outcome, index) => {
      if (isRefusal(outcome)) throw new SettingError("INVALID_VALUE", "topic", `topic ${missing[index]?.name}: ${outcome.message}`);
    });
  }

  /** Ends every connection and gives the partitions up. The engine and the metadata store are the caller's to close. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#maintenance.stop();
    await this.#listeners.close();
    this.#unfollow();
    this.services.partitions.resignAll();
    this.#closeParts();
    this.services.cluster.close();
  }
}

function groupLeadership(groups: GroupCoordinator) {
  return {
    elected: (partition: Parameters<GroupCoordinator["elected"]>[1]) => {
      if (partition.topic === GROUP_OFFSETS_TOPIC) groups.elected(partition.index, partition);
    },
    resigned: (partition: Parameters<GroupCoordinator["elected"]>[1]) => {
      if (partition.topic === GROUP_OFFSETS_TOPIC) groups.resigned(partition.index);
    },
  };
}

function transactionLeadership(transactions: TransactionCoordinator) {
  return {
    elected: (partition: Parameters<TransactionCoordinator["elected"]>[0]) => {
      if (partition.topic === TRANSACTION_STATE_TOPIC) transactions.elected(partition);
    },
    resigned: (partition: Parameters<TransactionCoordinator["elected"]>[0]) => {
      if (partition.topic === TRANSACTION_STATE_TOPIC) transactions.resigned(partition.index);
    },
  };
}

/** Each may take a thread of node:zlib, of which there are four that also read files. */
const LONG_BATCHES_AT_ONCE = 2;

function listenerAddresses({ config, host, port }: BrokerOptions): ListenerAddress[] {
  return originsGiven(config) ? clientListeners(config) : [{ name: SERVED_PROTOCOL, host, port }];
}

/** Where to listen after settings were altered: what may not be listened on was not let through. */
function addressesIn(config: BrokerConfig): ListenerAddress[] {
  const map = config["listener.security.protocol.map"];
  return clientListeners(config).filter(({ name }) => securityProtocolOf(map, name) === SERVED_PROTOCOL);
}

function originsGiven(config: BrokerConfig): boolean {
  return config["listeners"].join(",") !== "PLAINTEXT://:9092";
}

/** As DescribeConfigs tells them: where the broker truly listens, and where its data truly is. */
function decidedSettings(
  { config, logs }: BrokerOptions,
  addresses: readonly ListenerAddress[],
  listeners: readonly Listener[],
): SettingInputs {
  const shown = addresses.map((address, index) => printListeners([{ ...address, port: listeners[index]?.port ?? address.port }]));
  const directory = logs.engine.logDirectory?.().path;
  return {
    "node.id": config["node.id"],
    ...(shown.length === 0 ? {} : { listeners: shown, "advertised.listeners": shown }),
    ...(directory === undefined ? {} : { "log.dirs": [directory] }),
  };
}

/** The first listener whose clients are not sent on to another host, which they may not reach. */
function bootstrapAddress(addresses: readonly ListenerAddress[], endpoints: readonly Endpoint[]): ListenerAddress | undefined {
  const staysHere = ({ host }: Endpoint) => host === null || isLoopback(host);
  return addresses.find(({ name }) => endpoints.some((endpoint) => endpoint.listener === name && staysHere(endpoint))) ?? addresses[0];
}

function endpointsOf(config: BrokerConfig, listeners: readonly Listener[]): Endpoint[] {
  const advertised = parseListeners("advertised.listeners", config["advertised.listeners"] ?? []);
  return listeners.map(({ name, port }) => {
    const told = advertised.find((address) => address.name === name);
    return { listener: name, host: told === undefined || told.host === "" ? null : told.host, port: told?.port ?? port };
  });
}
