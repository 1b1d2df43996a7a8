// The settings of a client-metrics subscription (KIP-714).

import { int, list } from "./setting.ts";

export const clientMetricsSettingTable = {
  "interval.ms": int(300_000, "How often clients push the metrics."),
  match: list([], "Which clients push, as conditions on what they say of themselves."),
  metrics: list([], "Prefixes of the names of the metrics that are pushed."),
};
