// What one request of a client uses of its quotas, and how long the client is then to be held off. Of several quotas that are overdrawn, the
// longest time counts.
//
//   produced bytes   the request, as long as it was sent; held off afterwards
//   fetched bytes    the answer; over the limit it is not given, and does not count
//   time             what the event loop had to do up to where the handler first waited, in percent of a second; at most one window
//   mutations        partitions made or deleted; over the limit refused, or, of clients that know no such refusal, granted and held off

import { type Clock, monotonicMs } from "../base/clock.ts";
import type { MayMutate } from "../cluster/mutation-quota.ts";
import { parsePrincipal } from "../security/principal.ts";
import type { ClientLimits } from "./client-limits.ts";
import type { Metered, Meters } from "./meters.ts";
import type { SampledRate, Windows } from "./sampled-rate.ts";
import type { TokenBucket } from "./token-bucket.ts";

export interface Client {
  readonly principal: string;
  readonly clientId: string;
}

/** One quota: nobody is limited by it while `limits` is undefined. */
export interface Quota<Gauge> {
  limits: ClientLimits | undefined;
  readonly meters: Meters<Gauge>;
}

/** All that requests are measured by. */
export interface Quotas {
  readonly produced: Quota<SampledRate>;
  readonly fetched: Quota<SampledRate>;
  readonly time: Quota<SampledRate>;
  readonly mutations: Quota<TokenBucket>;
  readonly windows: Windows;
  readonly mutationWindows: Windows;
}

/** `strict`: over the limit nothing is changed; `permissive`: it is, and the client is held off. `untold`: strict, and the answer says no time. */
export type MutationManner = "strict" | "permissive" | "untold";

const PERCENT_PER_MS = 0.1;

export class RequestQuota {
  readonly #quotas: Quotas;
  readonly #user: string;
  readonly #clientId: string;
  readonly #clock: Clock;
  readonly #beganMs: number;
  #workedMs: number | undefined;
  #isTimeCounted = false;
  #throttleMs = 0;
  /** Until when mutations hold the client off. */
  #mutableAtMs = 0;

  constructor(quotas: Quotas, { principal, clientId }: Client, clock: Clock) {
    this.#quotas = quotas;
    this.#user = parsePrincipal(principal).name;
    this.#clientId = clientId;
    this.#clock = clock;
    this.#beganMs = this.#elapsedMs();
  }

  /** The handler has returned: what it does from now on, it does when others had their turn. */
  returned(): void {
    this.#workedMs ??= this.#elapsedMs() - this.#beganMs;
  }

  /** As many bytes as can be fetched without being held off when nothing else was. */
  get mostFetchedBytes(): number {
    const { windows, fetched } = this.#quotas;
    const limit = this.#metered(fetched)?.limit ?? Number.POSITIVE_INFINITY;
    return (limit * (windows.samples - 1) * windows.windowMs) / 1000;
  }

  /** 0: an answer of that size is to be given. Else how long there is none. */
  fetched(sizeBytes: number): number {
    const nowMs = this.#clock.now();
    this.#countTime(nowMs);
    const metered = this.#metered(this.#quotas.fetched);
    if (metered === undefined) return this.#throttleMs;
    this.#throttle(this.#use(metered, sizeBytes, nowMs));
    if (this.#throttleMs > 0) metered.gauge.record(-sizeBytes, nowMs, this.#quotas.windows);
    return this.#throttleMs;
  }

  /** `undefined`: as many as anybody likes. */
  mutations(manner: MutationManner): MayMutate | undefined {
    const metered = this.#metered(this.#quotas.mutations);
    if (metered === undefined) return undefined;
    const { gauge, limit } = metered;
    const windows = this.#quotas.mutationWindows;
    return (partitionCount) => {
      const nowMs = this.#clock.now();
      if (manner === "permissive") gauge.spend(partitionCount, limit, nowMs, windows);
      const throttleMs = gauge.throttleMs(limit, nowMs, windows);
      if (throttleMs > 0 && manner !== "untold") this.#mutableAtMs = nowMs + throttleMs;
      if (manner === "permissive") return true;
      if (throttleMs === 0) gauge.spend(partitionCount, limit, nowMs, windows);
      return throttleMs === 0;
    };
  }

  /** How long the client is to be held off, once it is known what it is answered. `isExempt`: the time that the request took does not count. */
  settle({ producedBytes, isExempt }: { readonly producedBytes: number | undefined; readonly isExempt: boolean }): number {
    const nowMs = this.#clock.now();
    if (!isExempt) this.#countTime(nowMs);
    const produced = producedBytes === undefined ? undefined : this.#metered(this.#quotas.produced);
    if (produced !== undefined && producedBytes !== undefined) this.#throttle(this.#use(produced, producedBytes, nowMs));
    this.#throttle(this.#mutableAtMs - nowMs);
    return this.#throttleMs;
  }

  #throttle(ms: number): void {
    this.#throttleMs = Math.max(this.#throttleMs, ms);
  }

  #countTime(nowMs: number): void {
    const metered = this.#isTimeCounted ? undefined : this.#metered(this.#quotas.time);
    this.#isTimeCounted = true;
    if (metered === undefined) return;
    this.returned();
    const throttleMs = this.#use(metered, (this.#workedMs ?? 0) * PERCENT_PER_MS, nowMs);
    this.#throttle(Math.min(throttleMs, this.#quotas.windows.windowMs));
  }

  #use({ gauge, limit }: Metered<SampledRate>, value: number, nowMs: number): number {
    const { windows } = this.#quotas;
    gauge.record(value, nowMs, windows);
    return gauge.throttleMs(limit, nowMs, windows);
  }

  #metered<Gauge>({ limits, meters }: Quota<Gauge>): Metered<Gauge> | undefined {
    return limits === undefined ? undefined : meters.of(limits, this.#user, this.#clientId);
  }

  #elapsedMs(): number {
    return monotonicMs(this.#clock);
  }
}
