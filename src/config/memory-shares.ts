// What a bound on the memory of the process (odradek.max.memory.bytes) means for those of its parts that have bounds of their own. Each is given a
// share of what Node, the program and an idle heap leave; they hardly take all of it at the same time. The rest is for what can have no bound,
// because it is what clients asked the broker to know: topics, groups, transactions, connections.

import type { SettingValue } from "./setting.ts";

const MIB = 1024 * 1024;
/** With less there would be nothing to share. */
export const LEAST_MAX_MEMORY_BYTES = 192 * MIB;
/** Node, the program, and the heap of a broker that does nothing. */
const IDLE_BYTES = 112 * MIB;
/** Each further broker of the process. */
const FURTHER_IDLE_BYTES = 24 * MIB;
const LEAST_FREE_BYTES = 64 * MIB;

/** Of one broker, in bytes. */
export interface MemoryShares {
  /** Of requests that are being received, and of the largest one. */
  readonly requests: number;
  /** Of answers that wait for their clients. */
  readonly answers: number;
  /** Of the newest records of all logs. */
  readonly tails: number;
  /** Of indexes that are looked up in. */
  readonly indexes: number;
  /** Of the keys of a log that is compacted. */
  readonly keys: number;
  /** Of objects, and of what is to become objects. */
  readonly objects: number;
  /** Of all records, where data is in memory; of all brokers together. */
  readonly stored: number;
}

/** @param brokers how many share the process */
function memoryShares(maxBytes: number, brokers = 1): MemoryShares {
  const freeBytes = Math.max(LEAST_FREE_BYTES, maxBytes - IDLE_BYTES - (brokers - 1) * FURTHER_IDLE_BYTES);
  const share = (part: number, mostMib = Number.POSITIVE_INFINITY) => Math.floor(Math.min(mostMib * MIB, (freeBytes * part) / brokers));
  return {
    requests: share(1 / 4, 1024),
    answers: share(1 / 4, 128),
    tails: share(1 / 8, 64),
    indexes: share(1 / 16, 32),
    keys: share(1 / 8, 128),
    objects: share(1 / 8, 64),
    stored: Math.floor(freeBytes / 2),
  };
}

/** `undefined` where the process has no bound. */
export function sharesOf(config: { readonly "odradek.max.memory.bytes": number | null }, brokers: number): MemoryShares | undefined {
  const maxBytes = config["odradek.max.memory.bytes"];
  return maxBytes === null ? undefined : memoryShares(maxBytes, brokers);
}

/** The defaults of settings that are bounds. */
export function boundedDefaults(maxBytes: number | null, brokers: number): Readonly<Record<string, SettingValue>> {
  if (maxBytes === null) return {};
  const { requests, answers, keys, objects } = memoryShares(maxBytes, brokers);
  return {
    "queued.max.request.bytes": requests,
    "socket.request.max.bytes": Math.min(100 * MIB, requests),
    "odradek.queued.max.response.bytes": answers,
    "log.cleaner.dedupe.buffer.size": keys,
    "diskless.cache.bytes": objects,
    "diskless.pending.max.bytes": objects,
  };
}

/** "512m", "1.5GiB", or a number of bytes; `undefined` for what is none. */
export function parseMemorySize(text: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)?$/i.exec(text.trim()) ?? [];
  if (number === "") return undefined;
  return Math.floor(Number(number) * 1024 ** " kmgt".indexOf(unit === "" ? " " : unit.toLowerCase()));
}
