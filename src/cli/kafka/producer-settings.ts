// What the settings of Kafka's producer mean to ours, and the flags that have their place in `kafka-console-producer`. A flag that is given
// wins over the setting; the setting wins over the flag's default. Those about connections and metrics are taken without effect.

import { Compression } from "../../../protocol/records/batch-header.ts";
import { ownValue } from "../../base/foreign-names.ts";
import { PRODUCER_DEFAULTS, type ProducerOptions } from "../../client/producer.ts";
import type { TransactionOptions } from "../../client/transactional-id.ts";
import { booleanSetting, choiceSetting, configError, numberSetting, type Settings } from "./client-settings.ts";
import { FlagError, type Flags } from "./flags.ts";

const CODECS: { readonly [name: string]: Compression } = {
  none: Compression.NONE,
  gzip: Compression.GZIP,
  snappy: Compression.SNAPPY,
  lz4: Compression.LZ4,
  zstd: Compression.ZSTD,
};

/** The setting that each flag has the place of, and what it is without either. */
const FLAG_SETTINGS = [
  ["batch-size", "batch.size", "16384"],
  ["max-partition-memory-bytes", "batch.size", "16384"],
  ["timeout", "linger.ms", "1000"],
  ["message-send-max-retries", "retries", "3"],
  ["retry-backoff-ms", "retry.backoff.ms", "100"],
  ["request-timeout-ms", "request.timeout.ms", "1500"],
  ["max-memory-bytes", "buffer.memory", "33554432"],
  ["max-block-ms", "max.block.ms", "60000"],
  ["metadata-expiry-ms", "metadata.max.age.ms", "300000"],
  ["socket-buffer-size", "send.buffer.bytes", "102400"],
  ["request-required-acks", "acks", "-1"],
] as const;
const MAX_REQUEST_BYTES = 1_048_576;
const MAX_RETRIES = 2_147_483_647;
const MOST_IN_FLIGHT = 5;
const MAX_BATCH_BYTES = 100 * 1024 * 1024;

type SettledOptions = Omit<ProducerOptions, "failed" | "delivered">;

/** As `producerOptions`, with the console producer's flags and its own defaults. */
export function consoleProducerOptions(flags: Flags, given: Settings): SettledOptions {
  const settings = new Map(given);
  for (const [flag, name, byDefault] of FLAG_SETTINGS) {
    const value = flags.get(flag);
    if (value !== undefined) settings.set(name, value);
    else if (!settings.has(name)) settings.set(name, byDefault);
  }
  // The flag decides even where it is not given: Kafka's tool overwrites the setting with its default.
  settings.set("compression.type", flags.has("compression-codec") ? flags.get("compression-codec") || "gzip" : "none");
  if (settings.has("transactional.id"))
    throw new FlagError(
      "java.lang.IllegalStateException: Cannot perform a 'send' before completing a call to initTransactions when transactions are enabled.",
      { isTerse: true },
    );
  return producerOptions(settings);
}

/** Raises FlagError for what Kafka's producer does not take. */
export function producerOptions(settings: Settings): SettledOptions {
  const acks = choiceSetting(settings, "acks", { choices: ["all", "-1", "0", "1"], byDefault: "all" });
  const number = (name: string, byDefault: number, least = 0) => numberSetting(settings, name, { byDefault, least });
  const retries = number("retries", MAX_RETRIES);
  return {
    acks: acks === "0" ? 0 : acks === "1" ? 1 : -1,
    isIdempotent: isIdempotent(settings, { acks, retries }),
    transaction: transaction(settings, { acks, retries }),
    batchBytes: Math.min(number("batch.size", 16_384), MAX_BATCH_BYTES),
    lingerMs: number("linger.ms", 5),
    bufferBytes: number("buffer.memory", 33_554_432),
    maxRecordBytes: number("max.request.size", MAX_REQUEST_BYTES),
    compression: compression(settings.get("compression.type")?.trim() ?? "none"),
    retries,
    retryBackoffMs: number("retry.backoff.ms", 100),
    requestTimeoutMs: number("request.timeout.ms", PRODUCER_DEFAULTS.requestTimeoutMs),
    deliveryTimeoutMs: number("delivery.timeout.ms", PRODUCER_DEFAULTS.deliveryTimeoutMs),
    keyless: "sticky",
  };
}

/** How long a record may wait for its topic to be found. */
export function maxBlockMs(settings: Settings): number {
  return numberSetting(settings, "max.block.ms", { byDefault: 60_000 });
}

type Durability = { readonly acks: string; readonly retries: number };

function transaction(settings: Settings, durability: Durability): TransactionOptions | undefined {
  const transactionalId = settings.get("transactional.id");
  if (transactionalId === undefined) return undefined;
  if (!isIdempotent(settings, durability)) throw configError("Cannot set a transactional.id without also enabling idempotence.");
  return { transactionalId, transactionTimeoutMs: numberSetting(settings, "transaction.timeout.ms", { byDefault: 60_000 }) };
}

/** By default it is, unless other settings go not with it; asked for, those are errors. */
function isIdempotent(settings: Settings, { acks, retries }: Durability): boolean {
  if (!booleanSetting(settings, "enable.idempotence", true)) return false;
  const isAsked = settings.has("enable.idempotence");
  const isForAll = acks === "all" || acks === "-1";
  if (isAsked && retries === 0) throw configError("Must set retries to non-zero when using the idempotent producer.");
  if (isAsked && !isForAll)
    throw configError("Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.");
  if (retries === 0 || !isForAll) return false;
  const inFlight = numberSetting(settings, "max.in.flight.requests.per.connection", { byDefault: MOST_IN_FLIGHT, least: 1 });
  if (inFlight > MOST_IN_FLIGHT)
    throw configError(
      `To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most ${MOST_IN_FLIGHT}. Current value is ${inFlight}.`,
    );
  return true;
}

function compression(name: string): Compression {
  const codec = ownValue(CODECS, name);
  if (codec !== undefined) return codec;
  const known = Object.keys(CODECS).join(", ");
  throw configError(`Invalid value ${name} for configuration compression.type: String must be one of: ${known}`);
}
