// The settings of a client-metrics subscription (KIP-714): which clients push which metrics, and how often. Messages are Kafka's.

import { ownValue } from "../base/foreign-names.ts";
import type { PatternCompiler } from "../base/patterns.ts";
import { int, list, SettingError, type SettingTable, type ValuesOf } from "./setting.ts";
import { parseSetting } from "./setting-text.ts";

const honoured = true;

export const clientMetricsSettingTable = {
  "interval.ms": int(300_000, "How often clients push the metrics.", { honoured }),
  match: list([], "Which clients push, as conditions on what they say of themselves.", { honoured }),
  metrics: list([], "Prefixes of the names of the metrics that are pushed; * stands for all.", { honoured }),
};

export type ClientMetricsSettings = ValuesOf<typeof clientMetricsSettingTable>;

/** What holds for a subscription on which these are set. Raises SettingError when a value does not fit. */
export function clientMetricsSettings(values: Readonly<Record<string, string>>): ClientMetricsSettings {
  const table: SettingTable = clientMetricsSettingTable;
  const entries = Object.entries(table).map(([name, setting]) => {
    const text = values[name];
    return [name, text === undefined ? setting.default : parseSetting(name, setting, text)];
  });
  // The table's own names and types.
  return Object.fromEntries(entries) as ClientMetricsSettings;
}

const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 3_600_000;
const MATCHED = new Set([
  "client_instance_id",
  "client_id",
  "client_software_name",
  "client_software_version",
  "client_source_address",
  "client_source_port",
]);

/** Why a subscription may not be set up so. `isRequest`: the request is wrong, rather than a value. */
export function clientMetricsFault(
  values: Readonly<Record<string, string>>,
  compile: PatternCompiler,
): { readonly isRequest: boolean; readonly message: string } | undefined {
  const table: SettingTable = clientMetricsSettingTable;
  for (const [name, text] of Object.entries(values)) {
    const setting = ownValue(table, name);
    if (setting === undefined) return { isRequest: true, message: `Unknown client metrics configuration: ${name}` };
    try {
      const value = parseSetting(name, setting, text);
      if (typeof value === "number" && (value < MIN_INTERVAL_MS || value > MAX_INTERVAL_MS)) {
        return {
          isRequest: true,
          message: `Invalid value ${value} for ${name}, interval must be between ${MIN_INTERVAL_MS} and ${MAX_INTERVAL_MS} (1 hour)`,
        };
      }
      const pattern = name === "match" && Array.isArray(value) ? value.find((condition) => !isCondition(condition, compile)) : undefined;
      if (pattern !== undefined) return { isRequest: false, message: `Illegal client matching pattern: ${pattern}` };
    } catch (error) {
      if (error instanceof SettingError) return { isRequest: false, message: error.message };
      throw error;
    }
  }
  return undefined;
}

/** `client_id=orders-.*`: what a client says of itself, and a regular expression. */
function isCondition(text: string, compile: PatternCompiler): boolean {
  const [name, pattern, ...more] = text.split("=");
  if (name === undefined || pattern === undefined || more.length > 0 || !MATCHED.has(name.trim())) return false;
  return compile(pattern.trim()) !== undefined;
}
