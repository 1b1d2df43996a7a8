// Quotas, metrics and client telemetry.

import { int, javaClass, list, long, str } from "../setting.ts";

const clusterWide = "cluster-wide";

export const quotasAndMetricsSettings = {
  "client.quota.callback.class": javaClass(null),
  "kafka.metrics.polling.interval.secs": int(10, "", { min: 1 }),
  "kafka.metrics.reporters": list([]),
  "metric.reporters": list(["org.apache.kafka.common.metrics.JmxReporter"], "", { dynamic: clusterWide }),
  "metrics.num.samples": int(2, "", { min: 1 }),
  "metrics.recording.level": str("INFO"),
  "metrics.sample.window.ms": long(30_000, "", { min: 1 }),
  "quota.window.num": int(11, "Samples over which client quotas are measured.", { min: 1 }),
  "quota.window.size.seconds": int(1, "Length of one of those samples.", { min: 1 }),
  "telemetry.max.bytes": int(1_048_576, "Largest push of client metrics.", { min: 1 }),
};
