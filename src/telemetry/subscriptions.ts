// Which metrics a client is asked for (KIP-714): what the client-metrics subscriptions that match it want, taken together.

import { crc32c } from "../../protocol/wire/crc32c.ts";
import type { Pattern, PatternCompiler } from "../base/patterns.ts";
import type { ResourceSettings } from "../cluster/settings-resource.ts";
import { type ClientMetricsSettings, clientMetricsSettings } from "../config/client-metrics-settings.ts";

/** What a client says of itself, by the names that conditions have. */
export type ClientAttributes = Readonly<
  Record<
    | "client_instance_id"
    | "client_id"
    | "client_software_name"
    | "client_software_version"
    | "client_source_address"
    | "client_source_port",
    string
  >
>;

export interface Subscription {
  readonly settings: ClientMetricsSettings;
  /** All of them must fit. */
  readonly conditions: readonly (readonly [attribute: string, pattern: Pattern | undefined])[];
}

/** What one client is to push. */
export interface WantedMetrics {
  /** Prefixes of names; `["*"]` stands for all, none for nothing. */
  readonly metrics: readonly string[];
  readonly pushIntervalMs: number;
}

const ALL_METRICS = "*";
const DEFAULT_INTERVAL_MS = clientMetricsSettings({})["interval.ms"];

/** A pattern that was stored by a version which knew others fits nothing. */
export function subscriptionOf({ values }: ResourceSettings, compile: PatternCompiler): Subscription {
  const settings = clientMetricsSettings(values);
  const conditions = settings["match"].map((condition): readonly [string, Pattern | undefined] => {
    const [attribute = "", pattern = ""] = condition.split("=").map((part) => part.trim());
    return [attribute, compile(pattern)];
  });
  return { settings, conditions };
}

export function wantedMetrics(subscriptions: readonly Subscription[], client: ClientAttributes): WantedMetrics {
  const attributes: Readonly<Record<string, string | undefined>> = client;
  const matching = subscriptions.filter(({ conditions }) =>
    conditions.every(([attribute, pattern]) => pattern?.matches(attributes[attribute] ?? "") === true),
  );
  const metrics = new Set(matching.flatMap(({ settings }) => settings["metrics"]));
  return {
    metrics: metrics.has(ALL_METRICS) ? [ALL_METRICS] : [...metrics].sort(),
    pushIntervalMs: Math.min(DEFAULT_INTERVAL_MS, ...matching.map(({ settings }) => settings["interval.ms"])),
  };
}

/**
 * The same for the same metrics, interval and client: a checksum of what is wanted, mixed with the client instance id as Kafka does it.
 * @param clientInstanceId in Kafka's text form
 */
export function subscriptionIdOf({ metrics, pushIntervalMs }: WantedMetrics, clientInstanceId: string): number {
  const id = Buffer.from(clientInstanceId, "base64url");
  const idHash = id.readInt32BE(0) ^ id.readInt32BE(4) ^ id.readInt32BE(8) ^ id.readInt32BE(12);
  return crc32c(Buffer.from(`[${metrics.join(", ")}]${pushIntervalMs}`)) ^ idHash;
}
