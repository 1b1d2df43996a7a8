// The composition root: one broker, made of its parts. A cluster is several Broker objects over one StorageEngine and one
// MetadataStore; a single process with one broker is the smallest cluster.
//
// Start: the ports are taken, the parts are made, the broker joins the cluster's metadata, which opens the partitions that it leads, and
// only then takes up requests. Stop: parts end in the opposite order: no new requests, partitions are given up, what is stored is flushed.

import { AppendRoom } from "../api/append-room.ts";
import { envelope } from "../api/envelope.ts";
import type { Handler } from "../api/handler.ts";
import { handlers } from "../api/index.ts";
import { localCall } from "../api/local-call.ts";
import { withoutOldVersions } from "../api/old-versions.ts";
import { ReadTurns } from "../api/read-turns.ts";
import type { Services } from "../api/services.ts";
import { Gate } from "../base/gate.ts";
import { followSettings as settingsFollower } from "../cluster/altered-settings.ts";
import { Cluster } from "../cluster/cluster.ts";
import { ExpiredTokens } from "../cluster/expired-tokens.ts";
import { joinCluster } from "../cluster/join-cluster.ts";
import { Maintenance } from "../cluster/maintenance.ts";
import { isRefusal } from "../cluster/refusal.ts";
import { topicChanges } from "../cluster/topic-changes.ts";
import { SettingError } from "../config/setting.ts";
import type { TestSide } from "../http/test-side.ts";
import { FetchSessions } from "../partition/fetch-sessions.ts";
import { Throttling } from "../quota/throttling.ts";
import { askForClients } from "../server/ask-for-clients.ts";
import { dispatcher } from "../server/dispatch.ts";
import { Interceptors } from "../server/interceptors.ts";
import { LoopDelay } from "../server/loop-delay.ts";
import { RequestFigures } from "../server/request-figures.ts";
import { authorizerOf } from "./authorizing.ts";
import type { BrokerOptions, NewTopic } from "./broker-options.ts";
import { clientMetrics } from "./client-metrics.ts";
import { Coordinating } from "./coordinating.ts";
import { type Ground, groundOf } from "./ground.ts";
import { HttpSide } from "./http-side.ts";
import { Leading } from "./leading.ts";
import { Listening } from "./listening.ts";
import { Parts } from "./parts.ts";
import { sharesOf } from "./sharing.ts";

/** Each may take a thread of node:zlib, of which there are four that also read files. */
const LONG_BATCHES_AT_ONCE = 2;

interface BrokerParts {
  readonly parts: Parts;
  readonly listening: Listening;
  readonly http: HttpSide;
}

export class Broker {
  readonly id: number;
  readonly services: Services;
  readonly interceptors = new Interceptors();
  /** Given by the kit around it, in a test. */
  testSide: TestSide | undefined;
  /** How late its event loop has been. */
  readonly loopDelay: LoopDelay;
  readonly #parts: Parts;
  readonly #listening: Listening;
  readonly #http: HttpSide;
  #stopping: Promise<void> | undefined;

  private constructor(services: Services, { parts, listening, http }: BrokerParts, loopDelay: LoopDelay) {
    this.id = services.brokerId;
    this.loopDelay = loopDelay;
    this.services = services;
    this.#parts = parts;
    this.#listening = listening;
    this.#http = http;
  }

  /** Throws SettingError, StorageError, or Node's own error when a port cannot be taken. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const parts = new Parts();
    try {
      return await Broker.#start(groundOf(options), parts);
    } catch (error) {
      await parts.close();
      throw error;
    }
  }

  static async #start(ground: Ground, parts: Parts): Promise<Broker> {
    const { options, brokerId, config, clock, random, logLevels, threadCount, live, tokenSecrets } = ground;
    const { engine } = options.logs;
    const serving = config["odradek.old.protocol.versions"] ? handlers : withoutOldVersions(handlers);
    let served: Services | undefined;
    const listening = parts.add(await Listening.open(ground));
    const http = parts.add(await HttpSide.open(ground, listening));
    const cluster = parts.add(await Cluster.open(options.metadata, options.clusterId));
    const followSettings = settingsFollower({ brokerId, live, logger: logLevels.logger("settings") });
    followSettings(cluster.image);
    const leading = parts.add(new Leading(ground, cluster));
    const coordinating = parts.add(
      new Coordinating(ground, cluster, leading, {
        local: localCall(handlers, () => served),
        tls: (listener) => listening.peerTls(listener),
      }),
    );
    const telemetry = parts.add(clientMetrics(ground, cluster, leading, coordinating));
    const throttling = parts.add(new Throttling(cluster.image, config, clock));
    coordinating.followLeaderships(leading);
    const shares = parts.add(sharesOf(ground, cluster, leading, coordinating));
    await listening.followIn(cluster);
    cluster.onImage((image, previous, changes) => {
      parts.follow({ image, previous, areSettingsAltered: followSettings(image), topics: topicChanges(changes, image, previous) });
    });
    const { isWorker, incarnation } = options;
    const { publicKey } = coordinating.peers;
    const { endpoints } = listening;
    const registration = {
      ...{ id: brokerId, rack: config["broker.rack"], endpoints, publicKey },
      ...(isWorker === true ? { isWorker } : {}),
      ...(incarnation === undefined ? {} : { incarnation }),
    };
    await joinCluster(cluster, registration, config);
    parts.add(new Maintenance({ clock, logger: logLevels.logger("log"), engine, partitions: leading.partitions, config, threadCount }));
    if (tokenSecrets !== undefined) parts.add(new ExpiredTokens({ cluster, config, clock, logger: logLevels.logger("tokens") }));
    const fetchSessions = parts.add(new FetchSessions(config["max.incremental.fetch.session.cache.slots"], clock, random));

    const { topics, partitions } = leading;
    const { peers, groups, transactions, verifier, producerIds, shareStates, shareCoordinator } = coordinating;
    const services: Services = {
      brokerId,
      config,
      clock,
      random,
      logger: logLevels.logger("api"),
      cluster,
      peers,
      askFor: askForClients(serving, () => served),
      topics,
      partitions,
      groups,
      transactions,
      verifier,
      shareStates,
      shares,
      shareCoordinator,
      producerIds,
      telemetry,
      throttling,
      fetchSessions,
      answerMemory: listening.answerMemory,
      appendRoom: new AppendRoom({ clock, room: engine.room?.bind(engine) }),
      readTurns: new ReadTurns(clock),
      longBatches: new Gate(LONG_BATCHES_AT_ONCE),
      logLevels,
      authorizer: authorizerOf(ground, cluster),
      tokenSecrets,
      securityFault: (altered) => listening.securityFault(altered),
      logDirectory: () => engine.logDirectory(),
      served: serving,
    };
    served = services;
    return Broker.#serve(ground, services, { parts, listening, http, serving });
  }

  /** All parts are there: requests are taken up. */
  static #serve(
    { options, clock, logLevels }: Ground,
    services: Services,
    { serving, ...made }: BrokerParts & { readonly serving: readonly Handler[] },
  ): Broker {
    const { parts, listening, http } = made;
    const { engine } = options.logs;
    const loopDelay = parts.add(new LoopDelay(clock, logLevels.logger("server")));
    const broker = new Broker(services, made, loopDelay);
    for (const interceptor of options.interceptors ?? []) broker.interceptors.add(interceptor);
    const figures = new RequestFigures(clock);
    const gather = (work: () => void, nowMs: number) => {
      figures.beginTurn(nowMs);
      try {
        if (broker.interceptors.isEmpty) engine.gather(work);
        else work();
      } finally {
        figures.endTurn();
      }
    };
    const { listeners } = listening;
    const takeHttp = http.serve({
      services,
      startedMs: clock.now(),
      requests: figures,
      interceptors: broker.interceptors,
      test: () => broker.testSide,
      loopDelay: () => loopDelay.figures,
      listeners: () => listeners.all,
    });
    listeners.serve(
      dispatcher([...serving, envelope(http.registry.passedOn)], services, broker.interceptors, { noted: loopDelay, figures }),
      gather,
      takeHttp,
    );
    // Where the process is somebody else's, so is its event loop; where time does not pass by itself, nothing is late.
    if (options.keepsProcessAlive !== false && clock.elapsed !== undefined) loopDelay.start();
    return broker;
  }

  get clusterId(): string {
    return this.services.cluster.image.clusterId;
  }

  get port(): number {
    return this.#listening.port;
  }

  /** Where HTTP is answered: "http://localhost:9092"; `undefined` where it is not. */
  get httpUrl(): string | undefined {
    return this.#http.url;
  }

  /** Where clients find the schema registry; `undefined` where HTTP is not answered. */
  get registryUrl(): string | undefined {
    return this.#http.registryUrl;
  }

  /** What a client is given to connect: "localhost:9092". */
  get bootstrapServers(): string {
    return this.#listening.bootstrapServers;
  }

  /** What is spoken there: "PLAINTEXT". */
  get bootstrapProtocol(): string {
    return this.#listening.bootstrapProtocol;
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
    // Before the connections end, which would give back what members of share groups hold, as if it had been delivered to no end.
    this.services.shares.close();
    await Promise.all([this.#http.close(), this.#listening.close()]);
    await this.#parts.close();
  }
}
