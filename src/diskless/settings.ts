// What of a broker's settings the engine goes by. All of them are fixed when the broker starts.

import type { BrokerConfig } from "../config/broker-config.ts";

export interface DisklessSettings {
  readonly appendLingerMs: number;
  readonly appendMaxBytes: number;
  readonly cacheBytes: number;
  /** `undefined`: memory alone. */
  readonly cacheDirectory: string | undefined;
  readonly cacheDiskBytes: number;
  readonly pendingMaxBytes: number;
  readonly objectGraceMs: number;
  readonly upkeepIntervalMs: number;
}

export function disklessSettings(config: BrokerConfig): DisklessSettings {
  return {
    appendLingerMs: config["diskless.append.linger.ms"],
    appendMaxBytes: config["diskless.append.max.bytes"],
    cacheBytes: config["diskless.cache.bytes"],
    cacheDirectory: config["diskless.cache.dir"] ?? undefined,
    cacheDiskBytes: config["diskless.cache.disk.bytes"],
    pendingMaxBytes: config["diskless.pending.max.bytes"],
    objectGraceMs: config["diskless.object.grace.ms"],
    upkeepIntervalMs: config["diskless.upkeep.interval.ms"],
  };
}
