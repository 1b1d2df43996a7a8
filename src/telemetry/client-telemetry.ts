// Client telemetry (KIP-714): tells clients which of their metrics are wanted, and keeps what they push. Wanted is what the client-metrics
// subscriptions of the cluster say; what nobody has asked for is not kept.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { decompress } from "../../protocol/records/compression.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { loadPatterns } from "../base/patterns.ts";
import type { Random } from "../base/random.ts";
import type { ClusterImage } from "../cluster/image.ts";
import type { ResourceSettings } from "../cluster/settings-resource.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { clientMetricsSettings } from "../config/client-metrics-settings.ts";
import { ClientInstance } from "./client-instance.ts";
import { ClientInstances } from "./client-instances.ts";
import { readMetrics } from "./otlp.ts";
import type { PushedMetrics } from "./pushed-metrics.ts";
import { type ClientAttributes, type Subscription, subscriptionOf } from "./subscriptions.ts";

/** In Kafka's order of preference. */
export const ACCEPTED_COMPRESSIONS: readonly Compression[] = [Compression.ZSTD, Compression.LZ4, Compression.GZIP, Compression.SNAPPY];
const KNOWN_COMPRESSIONS: readonly number[] = [Compression.NONE, ...ACCEPTED_COMPRESSIONS];

/** The client and the connection on which it asks. */
export interface TelemetryClient {
  readonly attributes: Omit<ClientAttributes, "client_instance_id">;
  readonly onClose: (listener: () => void) => () => void;
}

export interface PushRequest {
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  readonly metrics: Buffer;
}

export interface ClientTelemetryOptions {
  readonly brokerId: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly image: () => ClusterImage;
  /** Gives why they could not be kept, or `undefined`. */
  readonly keep: (pushed: PushedMetrics) => Promise<string | undefined>;
}

export class ClientTelemetry {
  readonly #options: ClientTelemetryOptions;
  readonly #instances: ClientInstances;
  #resources: readonly ResourceSettings[] = [];
  #isWanted = false;
  /** Those of which `#subscriptions` were made. */
  #compiled = this.#resources;
  #subscriptions: readonly Subscription[] = [];
  #settings: ClusterImage["settings"] | undefined;

  constructor(options: ClientTelemetryOptions) {
    this.#options = options;
    this.#instances = new ClientInstances(options.clock);
  }

  /** Somebody wants metrics of clients. */
  get isWanted(): boolean {
    this.#follow();
    return this.#isWanted;
  }

  get maxBytes(): number {
    return this.#options.config["telemetry.max.bytes"];
  }

  newInstanceId(): string {
    return this.#options.random.uuid();
  }

  /** What the client is to push, or why it is not told. */
  async subscription(id: string, client: TelemetryClient): Promise<ClientInstance | ErrorCode> {
    const instance = await this.#instance(id, client);
    const error = instance.get(this.#options.clock.now());
    return error === Errors.NONE ? instance : error;
  }

  /** Keeps what is pushed. Metrics that could not be stored are dropped with a warning: a client could do nothing about it. */
  async push(id: string, request: PushRequest, client: TelemetryClient): Promise<ErrorCode> {
    const { clock, logger } = this.#options;
    const instance = await this.#instance(id, client);
    const { subscriptionId, terminating, compressionType, metrics } = request;
    const push = {
      subscriptionId,
      isTerminating: terminating,
      isCompressionKnown: KNOWN_COMPRESSIONS.includes(compressionType),
      sizeBytes: metrics.length,
    };
    const error = instance.push(push, clock.now(), this.maxBytes);
    if (error !== Errors.NONE || metrics.length === 0 || instance.wanted.metrics.length === 0) return error;
    const pushed = this.#read(instance, request);
    if (typeof pushed === "number") {
      instance.lastError = pushed;
      return pushed;
    }
    const failure = await this.#options.keep(pushed);
    if (failure !== undefined) logger.warn({ clientInstanceId: id, reason: failure }, "could not keep the metrics of a client");
    return Errors.NONE;
  }

  close(): void {
    this.#instances.close();
  }

  #read({ attributes }: ClientInstance, { compressionType, metrics, terminating }: PushRequest): PushedMetrics | ErrorCode {
    const { brokerId, clock, logger } = this.#options;
    const compression = ACCEPTED_COMPRESSIONS.find((known) => known === compressionType) ?? Compression.NONE;
    try {
      const data = readMetrics(decompress(compression, metrics, this.maxBytes));
      return {
        clientInstanceId: attributes.client_instance_id,
        clientId: attributes.client_id,
        softwareName: attributes.client_software_name,
        softwareVersion: attributes.client_software_version,
        sourceAddress: attributes.client_source_address,
        brokerId,
        pushedAt: new Date(clock.now()).toISOString(),
        isTerminating: terminating,
        ...data,
      };
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      const { client_instance_id: clientInstanceId, client_id: clientId } = attributes;
      logger.warn({ clientInstanceId, clientId, reason: error.message }, "a client pushed metrics that cannot be read");
      return Errors.INVALID_RECORD;
    }
  }

  async #instance(id: string, { attributes, onClose }: TelemetryClient): Promise<ClientInstance> {
    await this.#compile();
    const known = this.#instances.get(id);
    if (known !== undefined && known.subscriptions === this.#subscriptions) return known;
    const instance = new ClientInstance(known?.attributes ?? { ...attributes, client_instance_id: id }, this.#subscriptions);
    this.#instances.put(id, instance, onClose);
    return instance;
  }

  /** Takes the subscriptions from the image, where they have changed. */
  #follow(): void {
    const { settings } = this.#options.image();
    if (settings === this.#settings) return;
    this.#settings = settings;
    const resources = [...settings.values()].filter(({ kind }) => kind === "clientMetrics");
    const isSame = resources.length === this.#resources.length && resources.every((each, index) => each === this.#resources[index]);
    if (isSame) return;
    this.#resources = resources;
    this.#isWanted = resources.some(({ values }) => clientMetricsSettings(values).metrics.length > 0);
  }

  /** Makes subscriptions of what is wanted by now. */
  async #compile(): Promise<void> {
    this.#follow();
    while (this.#compiled !== this.#resources) {
      const resources = this.#resources;
      const compile = await loadPatterns();
      if (this.#compiled === resources || this.#resources !== resources) continue;
      this.#subscriptions = resources.map((resource) => subscriptionOf(resource, compile));
      this.#compiled = resources;
    }
  }
}
