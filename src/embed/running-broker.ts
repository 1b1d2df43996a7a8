// A broker, or a cluster of them, inside the process that asks for it: what startBroker and startCluster give. Holds nothing but its own
// parts, so that any number may run at once.

import { Errors } from "../../protocol/errors.ts";
import { handlers } from "../api/index.ts";
import type { Clock } from "../base/clock.ts";
import type { Broker } from "../broker/broker.ts";
import type { ClusterImage } from "../cluster/image.ts";
import { CLIENT_METRICS_TOPIC, isInternalTopic } from "../cluster/topic-name.ts";
import { Faults } from "../faults/faults.ts";
import type { FaultyFilesystem } from "../faults/faulty-filesystem.ts";
import type { Network } from "../faults/network.ts";
import type { BrokerPlace, RunningNode } from "../node.ts";
import type { PushedMetrics } from "../telemetry/pushed-metrics.ts";
import { BrokerError } from "./broker-error.ts";
import { BrokerFaults } from "./broker-faults.ts";
import { type ClientConnections, connectionsTo } from "./connection.ts";
import { type BrokerEvents, Emitter, type EventListener } from "./events.ts";
import { GroupKit } from "./group-kit.ts";
import { httpKit } from "./http-kit.ts";
import type { OAuthKit } from "./oauth-kit.ts";
import { Observer } from "./observer.ts";
import { type QuotaHolder, type QuotaValues, setQuota } from "./quota-kit.ts";
import type { ReadRecord } from "./records.ts";
import { shortFetches } from "./short-fetches.ts";
import { TlsKit } from "./tls-kit.ts";
import { type ProducedRecord, type ReadOptions, TopicKit } from "./topic-kit.ts";
import { Waits } from "./waits.ts";

/** One broker of the cluster. */
export interface BrokerInfo {
  readonly id: number;
  readonly rack: string | null;
  readonly port: number;
  /** "localhost:49152". */
  readonly address: string;
}

export interface NewBroker {
  /** Default: one more than the highest there has been. */
  readonly id?: number;
  readonly rack?: string;
  /** Default: a free one. */
  readonly port?: number;
}

export interface RunningBrokerParts {
  readonly node: RunningNode;
  readonly clock: Clock;
  readonly disk: FaultyFilesystem;
  readonly network: Network;
  readonly longestFetchMs: number;
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>;
  readonly oauth: OAuthKit | undefined;
  readonly placeOf: (broker: Required<Pick<NewBroker, "id" | "port">> & NewBroker) => BrokerPlace;
}

export class RunningBroker implements AsyncDisposable {
  readonly topics: TopicKit;
  readonly groups: GroupKit;
  readonly until: Waits;
  readonly faults: BrokerFaults;
  readonly connection: ClientConnections;
  readonly #node: RunningNode;
  readonly #placeOf: RunningBrokerParts["placeOf"];
  readonly #tls: TlsKit | undefined;
  readonly #oauth: OAuthKit | undefined;
  readonly #emitter = new Emitter();
  readonly #requestFaults: Faults;
  readonly #network: Network;
  #highestId = 0;
  #lastPort = 0;
  #lastServers = "";

  constructor({ node, clock, disk, network, longestFetchMs, placeOf, users, oauth }: RunningBrokerParts) {
    this.#node = node;
    this.#placeOf = placeOf;
    this.#network = network;
    const observer = new Observer(clock, this.#emitter);
    const after = (delayMs: number, action: () => void) => clock.after(delayMs, action);
    this.#requestFaults = new Faults({ after, handlers });
    this.topics = new TopicKit(node, this.#emitter);
    this.groups = new GroupKit(node, this.topics);
    const waitParts = { node, clock, topics: this.topics, groups: this.groups, observer };
    this.until = new Waits(waitParts);
    this.faults = new BrokerFaults({ node, faults: this.#requestFaults, disk, network, groups: this.groups });
    this.#tls = node.authority === undefined ? undefined : new TlsKit(node.authority);
    this.#oauth = oauth;
    this.connection = connectionsTo({ brokers: () => this.bootstrapServers.split(","), users, oauth, ca: this.#tls?.ca });
    node.onBroker((broker) => {
      if (longestFetchMs < Number.POSITIVE_INFINITY) broker.interceptors.add(shortFetches(longestFetchMs));
      this.#attach(broker, observer);
      broker.testSide = httpKit(waitParts, this.#requestFaults);
    });
    node.cluster.onImage((image, previous) => this.#tell(image, previous));
  }

  /** Gives tokens, and says where their issuer is. Throws RangeError where the broker was started without `oauth`. */
  get oauth(): OAuthKit {
    if (this.#oauth === undefined) throw new RangeError("the broker was started without oauth: true");
    return this.#oauth;
  }

  /** What a client is given to connect: "localhost:49152", of a cluster with commas in between. */
  get bootstrapServers(): string {
    if (this.#node.brokers.length > 0) this.#lastServers = this.#node.bootstrapServers;
    return this.#lastServers;
  }

  /** Of the first broker. */
  get port(): number {
    this.#lastPort = this.#node.brokers[0]?.port ?? this.#lastPort;
    return this.#lastPort;
  }

  /** Where the first broker answers HTTP: "http://localhost:49152", with /metrics, /health and what else there is; `undefined` with `http: false`. */
  get httpUrl(): string | undefined {
    return this.#node.brokers[0]?.httpUrl;
  }

  /** What clients of a schema registry are given: that of the first broker, on its port for HTTP; `undefined` with `http: false`. */
  get registryUrl(): string | undefined {
    return this.#node.brokers[0]?.registryUrl;
  }

  get clusterId(): string {
    return this.#node.cluster.image.clusterId;
  }

  /** Whom clients are to trust. Throws RangeError where the broker was started without `tls`. */
  get tls(): TlsKit {
    if (this.#tls === undefined) throw new RangeError("the broker was started without tls: true");
    return this.#tls;
  }

  /** The brokers that run. */
  get brokers(): readonly BrokerInfo[] {
    return this.#node.brokers.map(({ id, services, port, bootstrapServers }) => ({
      id,
      rack: services.config["broker.rack"],
      port,
      address: bootstrapServers,
    }));
  }

  /** Sends one record or several, as a client would; see TopicKit.produce. */
  produce(topic: string, records: unknown): Promise<ProducedRecord[]> {
    return this.topics.produce(topic, records);
  }

  /** What is in a topic; see TopicKit.read. */
  read<Value = string>(topic: string, options: ReadOptions<Value> = {}): Promise<ReadRecord<Value>[]> {
    return this.topics.read(topic, options);
  }

  /** What each client instance pushed last of its metrics (KIP-714), the latest last; clients push what a client-metrics subscription names. */
  async clientMetrics(): Promise<PushedMetrics[]> {
    if (this.topics.get(CLIENT_METRICS_TOPIC) === undefined) return [];
    const last = new Map<string, PushedMetrics>();
    for (const { key, value } of await this.read<PushedMetrics>(CLIENT_METRICS_TOPIC, { decode: "json" })) {
      last.delete(key ?? "");
      if (value !== null) last.set(key ?? "", value);
    }
    return [...last.values()];
  }

  /** Limits clients, from now on; see QuotaHolder. Throws BrokerError for a limit that there is not, or that is not above zero. */
  setQuota(holder: QuotaHolder, values: QuotaValues): Promise<void> {
    return setQuota(this.#node.cluster, holder, values);
  }

  /** Listens to an event; gives a function that ends it. Listeners are called at once and should not throw. */
  on<Name extends keyof BrokerEvents>(name: Name, listener: EventListener<Name>): () => void {
    return this.#emitter.on(name, listener);
  }

  /** Adds a broker to the cluster, under load if need be. */
  async addBroker(broker: NewBroker = {}): Promise<BrokerInfo> {
    const id = broker.id ?? this.#highestId + 1;
    const started = await this.#node.addBroker(this.#placeOf({ ...broker, id, port: broker.port ?? 0 }));
    return { id, rack: started.services.config["broker.rack"], port: started.port, address: started.bootstrapServers };
  }

  /** Stops one broker in order: what it leads is handed over first, then its connections end. */
  stopBroker(id: number): Promise<void> {
    return this.#node.stopBroker(id);
  }

  /** Ends one broker as `kill -9` would: its connections break, with what is under way, and then the others take over. */
  killBroker(id: number): Promise<void> {
    return this.#node.killBroker(id);
  }

  /** Starts a broker that was stopped or killed again, at its port. Throws BrokerError while it is cut off from the others. */
  async restartBroker(id: number): Promise<void> {
    if (this.#network.isCutOff(id))
      throw new BrokerError(Errors.BROKER_NOT_AVAILABLE, `broker ${id} is cut off from the cluster: heal the network first`);
    await this.#node.restartBroker(id);
  }

  /** Stops a broker for good: the cluster forgets it. */
  removeBroker(id: number): Promise<void> {
    return this.#node.removeBroker(id);
  }

  /** Ends connections, flushes and closes the data; safe to call twice. */
  async stop(): Promise<void> {
    this.#requestFaults.clear();
    await this.#node.stop();
    this.#oauth?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #attach(broker: Broker, observer: Observer): void {
    this.#highestId = Math.max(this.#highestId, broker.id);
    broker.interceptors.add(observer.interceptor(broker.services));
    broker.interceptors.add(this.#requestFaults.interceptor(broker.services));
    broker.interceptors.add(this.#network.interceptor(broker.services));
  }

  #tell(image: ClusterImage, previous: ClusterImage): void {
    const emitter = this.#emitter;
    if (image.brokers !== previous.brokers) {
      for (const broker of image.brokers.keys()) if (!previous.brokers.has(broker)) emitter.emit("brokerStarted", { broker });
      for (const broker of previous.brokers.keys()) if (!image.brokers.has(broker)) emitter.emit("brokerStopped", { broker });
    }
    if (image.topicsById === previous.topicsById) return;
    for (const topic of previous.topicsById.values()) {
      if (!image.topicsById.has(topic.id) && !isInternalTopic(topic.name)) emitter.emit("topicDeleted", { topic: topic.name });
    }
    for (const topic of image.topicsById.values()) {
      const before = previous.topicsById.get(topic.id);
      if (before === topic) continue;
      if (before === undefined && !isInternalTopic(topic.name))
        emitter.emit("topicCreated", { topic: topic.name, partitions: topic.partitions.length });
      topic.partitions.forEach(({ leader, leaderEpoch }, partition) => {
        const known = before?.partitions[partition];
        if (known !== undefined && known.leader !== leader)
          emitter.emit("leaderChanged", { topic: topic.name, partition, leader, leaderEpoch });
      });
    }
  }
}
