// Where a broker listens, and what clients are told of that. Ports are taken before anything else of a start; they are served when all
// other parts are there.

import { lookup } from "node:dns/promises";
import { AnswerMemory } from "../api/answer-memory.ts";
import { collectGarbage } from "../base/collect-garbage.ts";
import { descriptorShares } from "../base/descriptors.ts";
import type { ClientTls } from "../client/socket.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { type Endpoint, scramKey } from "../cluster/image.ts";
import { tellEndpoints } from "../cluster/join-cluster.ts";
import { ScramMechanisms } from "../cluster/scram-credentials.ts";
import type { BrokerConfig, SettingInputs } from "../config/broker-config.ts";
import { areListenersDefault, clientListeners, defaultProtocol } from "../config/listener-rules.ts";
import { hostInUrl, isLoopback, type ListenerAddress, parseListeners, printListeners, securityProtocolOf } from "../config/listeners.ts";
import { ConnectionLimits } from "../quota/connection-limits.ts";
import { PASSWORD_MECHANISMS, SaslTerms } from "../security/sasl-terms.ts";
import { ConnectionBudget } from "../server/connection-budget.ts";
import type { Listener } from "../server/listener.ts";
import { Listeners, type ListenersOptions } from "../server/listeners.ts";
import { MemoryBound } from "../server/memory-bound.ts";
import type { BrokerOptions } from "./broker-options.ts";
import type { Ground } from "./ground.ts";
import { issuedStores } from "./issuing.ts";
import type { ImageChange, Part } from "./parts.ts";

export class Listening implements Part {
  readonly listeners: Listeners;
  /** Of answers that wait for their clients. */
  readonly answerMemory: AnswerMemory;
  readonly #memoryBound: MemoryBound;
  readonly #limits: ConnectionLimits;
  readonly #ground: Ground;
  readonly #options: ListenersOptions;
  readonly #first: ListenerAddress | undefined;
  /** The listener that clients on this machine do best to begin with. */
  readonly #bootstrap: ListenerAddress | undefined;
  /** Its cluster is told of other endpoints once the broker has joined it. */
  readonly #kept: KeptLogins;
  #closing: Promise<void> | undefined;

  private constructor(ground: Ground, parts: ListeningParts) {
    this.#ground = ground;
    this.listeners = parts.listeners;
    this.answerMemory = parts.answerMemory;
    this.#memoryBound = parts.memoryBound;
    this.#limits = parts.limits;
    this.#options = parts.options;
    this.#first = parts.addresses[0];
    this.#kept = parts.kept;
    this.#bootstrap = bootstrapAddress(parts.addresses, this.endpoints);
  }

  /** Takes the ports, and lets the settings say which they are. Throws SettingError, or Node's own error when a port cannot be taken. */
  static async open(ground: Ground): Promise<Listening> {
    const { options, live, config, clock, logLevels, threadCount } = ground;
    const { keepsProcessAlive = true, budget = new ConnectionBudget(() => descriptorShares().connections / threadCount) } = options;
    // Whoever names users wants them to log in by whatever there is.
    if (config["odradek.users"] !== null) live.decide({ "sasl.enabled.mechanisms": PASSWORD_MECHANISMS });
    const addresses = listenerAddresses(options);
    if (options.issued !== undefined) live.decide(issuedStores(config, addresses, options.issued));
    const logger = logLevels.logger("server");
    const memoryBound = new MemoryBound({
      limitBytes: config["odradek.max.memory.bytes"],
      residentBytes: process.memoryUsage.rss,
      collectGarbage,
      clock,
      logger,
    });
    const answerMemory = new AnswerMemory({
      clock,
      limitBytes: () => memoryBound.answerBytes(config["odradek.queued.max.response.bytes"]),
    });
    const kept: KeptLogins = { cluster: undefined };
    const saslTerms = (given: BrokerConfig, listener: string) => loginTerms({ config: given, listener, ground, kept });
    const limits = new ConnectionLimits({
      config,
      clock,
      lookUp: async (host) => (await lookup(host)).address,
      hostFailed: (host, error) => logger.warn({ host, err: error }, "a limit on connections names a host that there is not"),
    });
    const shared = { config, answerMemory, memoryBound, clock, logger, keepsProcessAlive, budget, limits, saslTerms };
    const listeners = await Listeners.open(addresses, shared);
    try {
      live.decide(decidedSettings(options, addresses, listeners.all));
    } catch (error) {
      await listeners.close();
      throw error;
    }
    return new Listening(ground, { listeners, answerMemory, memoryBound, limits, addresses, kept, options: shared });
  }

  /** A further port at the host, on the terms and by the name of the first listener, which no client is told of. Rejects with Node's own error. */
  openBeside(port: number): Promise<Listeners> {
    return Listeners.open(this.#first === undefined ? [] : [{ ...this.#first, port }], this.#options);
  }

  get endpoints(): Endpoint[] {
    return endpointsOf(this.#ground.options, this.listeners.all);
  }

  get port(): number {
    const { all } = this.listeners;
    return (all.find(({ name }) => name === this.#bootstrap?.name) ?? all[0])?.port ?? 0;
  }

  /** What a client is given to connect: "localhost:9092". */
  get bootstrapServers(): string {
    const host = this.#bootstrap?.host ?? "";
    return `${isEveryInterface(host) ? "localhost" : hostInUrl(host)}:${this.port}`;
  }

  /** What the listener at that address speaks: "PLAINTEXT". */
  get bootstrapProtocol(): string {
    return securityProtocolOf(this.#ground.config["listener.security.protocol.map"], this.#bootstrap?.name ?? "");
  }

  /** Listens as the cluster's settings say, now and whenever they are altered. */
  async followIn(cluster: Cluster): Promise<void> {
    this.#kept.cluster = cluster;
    this.#limits.limitAddresses(cluster.image.clientQuotas);
    await this.#listenAnew();
  }

  follow({ image, previous, areSettingsAltered }: ImageChange): void {
    if (image.clientQuotas !== previous.clientQuotas) this.#limits.limitAddresses(image.clientQuotas);
    if (!areSettingsAltered) return;
    this.#limits.altered();
    void this.#listenAnew();
  }

  /** On what terms other brokers are reached at their listener of that name: by those of this broker's own. */
  peerTls(listener: string): ClientTls | undefined {
    return this.listeners.all.find(({ name }) => name === listener)?.tls?.asPeer;
  }

  /** Why the listeners cannot be secured as a config says. */
  securityFault(altered: BrokerConfig): string | undefined {
    const addresses = clientListeners(altered);
    const fault = this.listeners.tlsFault(altered, addresses);
    if (fault === undefined) return this.listeners.saslFault(altered, addresses);
    return `Invalid value org.apache.kafka.common.config.ConfigException: Validation of dynamic config update of SSLFactory failed: ${fault} for configuration Invalid dynamic configuration`;
  }

  /** No more requests. Safe to call twice: a broker that stops ends them before its other parts. */
  close(): Promise<void> {
    this.#closing ??= this.listeners.close().finally(() => {
      this.answerMemory.close();
      this.#memoryBound.close();
    });
    return this.#closing;
  }

  async #listenAnew(): Promise<void> {
    const { brokerId, config, logLevels } = this.#ground;
    try {
      const { cluster } = this.#kept;
      if (!(await this.listeners.follow(clientListeners(config))) || cluster === undefined) return;
      await tellEndpoints(cluster, brokerId, this.endpoints);
    } catch (error) {
      logLevels.logger("server").error({ err: error }, "could not listen as altered");
    }
  }
}

/** Where users are kept, once that is known: ports are taken before. */
interface KeptLogins {
  cluster: Cluster | undefined;
}

interface ListeningParts {
  readonly listeners: Listeners;
  readonly options: ListenersOptions;
  readonly answerMemory: AnswerMemory;
  readonly memoryBound: MemoryBound;
  readonly limits: ConnectionLimits;
  readonly addresses: readonly ListenerAddress[];
  readonly kept: KeptLogins;
}

interface LoginPlace {
  readonly config: BrokerConfig;
  readonly listener: string;
  readonly ground: Ground;
  readonly kept: KeptLogins;
}

function loginTerms({ config, listener, ground: { random, clock, logLevels, tokenSecrets }, kept }: LoginPlace): SaslTerms {
  return new SaslTerms({
    config,
    listener,
    clock,
    logger: logLevels.logger("server"),
    nonce: () => random.uuid(),
    keptKeys: (user, mechanism) =>
      kept.cluster?.image.scramCredentials.get(scramKey({ user, mechanism: SCRAM_MECHANISM_CODES[mechanism] })),
    tokenKeys: (id, mechanism) => {
      const token = kept.cluster?.image.delegationTokens.get(id);
      if (token === undefined || tokenSecrets === undefined) return undefined;
      return { keys: tokenSecrets.scramKeysOf(token, mechanism), owner: token.owner.name, expiryMs: token.expiryMs };
    },
  });
}

const SCRAM_MECHANISM_CODES = { "SCRAM-SHA-256": ScramMechanisms.SHA_256, "SCRAM-SHA-512": ScramMechanisms.SHA_512 } as const;

function listenerAddresses({ config, host, port }: BrokerOptions): ListenerAddress[] {
  return areListenersDefault(config) ? [{ name: defaultProtocol(config), host, port }] : clientListeners(config);
}

/** As DescribeConfigs tells them: where the broker truly listens, and where its data truly is. */
function decidedSettings(
  { config, logs }: BrokerOptions,
  addresses: readonly ListenerAddress[],
  listeners: readonly Listener[],
): SettingInputs {
  const shown = addresses.map((address, index) => printListeners([{ ...address, port: listeners[index]?.port ?? address.port }]));
  return {
    "node.id": config["node.id"],
    ...(shown.length === 0 ? {} : { listeners: shown, "advertised.listeners": shown }),
    "log.dirs": [logs.engine.logDirectory().path],
  };
}

/** The first listener whose clients are not sent on to another host, which they may not reach. */
function bootstrapAddress(addresses: readonly ListenerAddress[], endpoints: readonly Endpoint[]): ListenerAddress | undefined {
  const staysHere = ({ host }: Endpoint) => host === null || isLoopback(host);
  return addresses.find(({ name }) => endpoints.some((endpoint) => endpoint.listener === name && staysHere(endpoint))) ?? addresses[0];
}

function isEveryInterface(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::";
}

function endpointsOf({ config, machineHost }: BrokerOptions, listeners: readonly Listener[]): Endpoint[] {
  const advertised = parseListeners("advertised.listeners", config["advertised.listeners"] ?? []);
  return listeners.map(({ name, host, port }) => {
    const told = advertised.find((address) => address.name === name) ?? { host, port };
    return { listener: name, host: isEveryInterface(told.host) ? (machineHost ?? null) : told.host, port: told.port };
  });
}
