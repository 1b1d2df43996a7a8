// How many connections a broker takes, and how fast (KIP-402, KIP-612): `max.connections` of the broker and of single listeners,
// `max.connections.per.ip` with its overrides, `max.connection.creation.rate` of both, and the quota connection_creation_rate of addresses.
//
//   too many, or too fast, for the broker or the listener    a connection waits, and those behind it on the listener with it
//   too many from an address                                 it is refused at once
//   too fast from an address                                 it is refused when the rate is down again
//
// The listener between brokers, where there are others beside it, is not bounded by the broker's limits: connections of others make room for it.

import type { Clock } from "../base/clock.ts";
import type { ClientQuota } from "../cluster/client-quotas.ts";
import { type BrokerConfig, heldByListener } from "../config/broker-config.ts";
import { connectionOverrides } from "../config/connection-overrides.ts";
import { interBrokerListener } from "../config/inter-broker.ts";
import { Gauges } from "./gauges.ts";
import { HostAddresses, HostLimits, type LookUp, plainAddress } from "./host-limits.ts";
import { SampledRate, type Windows } from "./sampled-rate.ts";

export interface ConnectionLimitsOptions {
  /** Read each time that it matters. */
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly lookUp: LookUp;
  /** A limit names a host that there is not. */
  readonly hostFailed: (host: string, error: unknown) => void;
}

/** A listener as its limits know it. */
export interface LimitedListener {
  readonly name: string;
  /** What waits may be taken up. */
  readonly goOn: () => void;
  /** Ends the connection that has been silent longest; false when there is none. */
  readonly endIdlest: () => boolean;
}

export type ConnectionRefusal =
  | { readonly kind: "tooMany"; readonly limit: number }
  | { readonly kind: "tooFast"; readonly limit: number; readonly throttleMs: number };

export class ConnectionLimits {
  readonly #options: ConnectionLimitsOptions;
  readonly #addresses: HostAddresses;
  readonly #windows: Windows;
  readonly #listeners = new Set<ListenerLimits>();
  readonly #rate = new SampledRate();
  readonly #addressRates = new Gauges(() => new SampledRate());
  readonly #counts = new Map<string, number>();
  #addressRateLimits: HostLimits;
  #overrides: { readonly text: string; readonly limits: HostLimits };
  #total = 0;

  constructor(options: ConnectionLimitsOptions) {
    const { config, lookUp, hostFailed } = options;
    this.#options = options;
    this.#addresses = new HostAddresses(lookUp, hostFailed);
    this.#windows = { samples: config["quota.window.num"], windowMs: config["quota.window.size.seconds"] * 1000 };
    this.#addressRateLimits = new HostLimits(this.#addresses, [], undefined);
    this.#overrides = { text: "", limits: this.#addressRateLimits };
  }

  add(listener: LimitedListener): ListenerLimits {
    const limits = new ListenerLimits(this, listener);
    this.#listeners.add(limits);
    return limits;
  }

  remove(listener: ListenerLimits): void {
    this.#listeners.delete(listener);
  }

  /** The quotas of addresses among them hold from now on. */
  limitAddresses(quotas: ReadonlyMap<string, ClientQuota>): void {
    const limits: [string, number][] = [];
    let others: number | undefined;
    for (const { entity, values } of quotas.values()) {
      const limit = values["connection_creation_rate"];
      if (entity.ip === undefined || limit === undefined) continue;
      if (entity.ip === null) others = limit;
      else limits.push([entity.ip, limit]);
    }
    this.#addressRateLimits = new HostLimits(this.#addresses, limits, others);
  }

  /** Settings are others. */
  altered(): void {
    this.#endExcess();
    for (const { listener } of this.#listeners) listener.goOn();
  }

  /** How long a connection that has come to a listener waits. */
  arriveAt(listener: ListenerLimits): number {
    const { config } = this.#options;
    const ofListener = heldByListener(config, listener.listener.name, "max.connection.creation.rate").value;
    const ownMs = this.#record(listener.rate, ofListener);
    return this.#isProtected(listener) ? ownMs : Math.max(ownMs, this.#record(this.#rate, config["max.connection.creation.rate"]));
  }

  hasRoomAt(listener: ListenerLimits): boolean {
    const { config } = this.#options;
    if (listener.count >= heldByListener(config, listener.listener.name, "max.connections").value) return false;
    return this.#isProtected(listener) || this.#total < config["max.connections"];
  }

  /** Counts a connection from an address, unless it is refused. */
  takeAt(listener: ListenerLimits, address: string): ConnectionRefusal | undefined {
    const host = plainAddress(address);
    const tooFast = this.#tooFast(listener, host);
    if (tooFast !== undefined) return tooFast;
    const count = this.#counts.get(host) ?? 0;
    const limit = this.#overridesNow().of(host) ?? this.#options.config["max.connections.per.ip"];
    if (count >= limit) return { kind: "tooMany", limit };
    this.#counts.set(host, count + 1);
    listener.count++;
    this.#total++;
    this.#endExcess();
    return undefined;
  }

  giveBackAt(listener: ListenerLimits, address: string): void {
    const host = plainAddress(address);
    const left = (this.#counts.get(host) ?? 1) - 1;
    if (left === 0) this.#counts.delete(host);
    else this.#counts.set(host, left);
    listener.count--;
    this.#total--;
    this.altered();
  }

  #tooFast(listener: ListenerLimits, host: string): ConnectionRefusal | undefined {
    const limit = this.#addressRateLimits.of(host);
    if (limit === undefined) return undefined;
    const rate = this.#addressRates.of(host);
    const throttleMs = this.#record(rate, limit);
    if (throttleMs === 0) return undefined;
    // What is refused has not come.
    for (const each of [rate, listener.rate, ...(this.#isProtected(listener) ? [] : [this.#rate])])
      each.record(-1, this.#options.clock.now(), this.#windows);
    return { kind: "tooFast", limit, throttleMs };
  }

  /** Nobody waits for more than a window. */
  #record(rate: SampledRate, limit: number): number {
    const nowMs = this.#options.clock.now();
    rate.record(1, nowMs, this.#windows);
    return Math.min(rate.throttleMs(limit, nowMs, this.#windows), this.#windows.windowMs);
  }

  #overridesNow(): HostLimits {
    const text = this.#options.config["max.connections.per.ip.overrides"];
    if (text !== this.#overrides.text)
      this.#overrides = { text, limits: new HostLimits(this.#addresses, connectionOverrides(text), undefined) };
    return this.#overrides.limits;
  }

  #isProtected({ listener: { name } }: ListenerLimits): boolean {
    const { config } = this.#options;
    const hasOthers = [...this.#listeners].some(({ listener }) => listener.name !== name);
    return hasOthers && name === interBrokerListener(config);
  }

  /** One at a time: who is ended gives back, which has this looked at again. */
  #endExcess(): void {
    if (this.#total <= this.#options.config["max.connections"]) return;
    for (const listener of this.#listeners) if (!this.#isProtected(listener) && listener.listener.endIdlest()) return;
  }
}

/** The part of one listener. */
export class ListenerLimits {
  readonly listener: LimitedListener;
  readonly rate = new SampledRate();
  count = 0;
  readonly #limits: ConnectionLimits;

  constructor(limits: ConnectionLimits, listener: LimitedListener) {
    this.#limits = limits;
    this.listener = listener;
  }

  /** How long a connection that has come waits. */
  arrive(): number {
    return this.#limits.arriveAt(this);
  }

  get hasRoom(): boolean {
    return this.#limits.hasRoomAt(this);
  }

  take(address: string): ConnectionRefusal | undefined {
    return this.#limits.takeAt(this, address);
  }

  giveBack(address: string): void {
    this.#limits.giveBackAt(this, address);
  }

  close(): void {
    this.#limits.remove(this);
  }
}
