// The quotas of clients in force at one broker (KIP-13, KIP-55, KIP-124, KIP-219, KIP-599): how long who has used too much is to be held off. Each
// broker counts for itself. As long as nobody is limited nothing is counted, and nothing is asked beyond that.

import type { Clock } from "../base/clock.ts";
import type { ClientQuota } from "../cluster/client-quotas.ts";
import type { ClusterImage } from "../cluster/image.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { ClientLimits } from "./client-limits.ts";
import { Meters } from "./meters.ts";
import { type Client, type Quotas, RequestQuota } from "./request-quota.ts";
import { SampledRate, type Windows } from "./sampled-rate.ts";
import { TokenBucket } from "./token-bucket.ts";

type WindowSettings = Pick<
  BrokerConfig,
  "quota.window.num" | "quota.window.size.seconds" | "controller.quota.window.num" | "controller.quota.window.size.seconds"
>;

export class Throttling {
  readonly #clock: Clock;
  readonly #quotas: Quotas;
  /** Somebody is limited. */
  isInForce = false;

  constructor(image: ClusterImage, config: WindowSettings, clock: Clock) {
    this.#clock = clock;
    this.#quotas = {
      produced: { limits: undefined, meters: new Meters(() => new SampledRate()) },
      fetched: { limits: undefined, meters: new Meters(() => new SampledRate()) },
      time: { limits: undefined, meters: new Meters(() => new SampledRate()) },
      mutations: { limits: undefined, meters: new Meters(() => new TokenBucket()) },
      windows: windowsOf(config["quota.window.num"], config["quota.window.size.seconds"]),
      mutationWindows: windowsOf(config["controller.quota.window.num"], config["controller.quota.window.size.seconds"]),
    };
    this.#limit(image.clientQuotas);
  }

  follow({ image, previous }: { readonly image: ClusterImage; readonly previous: ClusterImage }): void {
    if (image.clientQuotas !== previous.clientQuotas) this.#limit(image.clientQuotas);
  }

  /** What one request uses, which begins now. */
  of(client: Client): RequestQuota {
    return new RequestQuota(this.#quotas, client, this.#clock);
  }

  #limit(quotas: ReadonlyMap<string, ClientQuota>): void {
    const { produced, fetched, time, mutations } = this.#quotas;
    const all = [...quotas.values()];
    produced.limits = ClientLimits.of(all, "producer_byte_rate");
    fetched.limits = ClientLimits.of(all, "consumer_byte_rate");
    time.limits = ClientLimits.of(all, "request_percentage");
    mutations.limits = ClientLimits.of(all, "controller_mutation_rate");
    this.isInForce = [produced, fetched, time, mutations].some(({ limits }) => limits !== undefined);
  }
}

function windowsOf(samples: number, seconds: number): Windows {
  return { samples, windowMs: seconds * 1000 };
}
