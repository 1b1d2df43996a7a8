// Quotas, metrics and client telemetry.

import { int, javaClass, list, long, str } from "../setting.ts";

const honoured = true;
const clusterWide = "cluster-wide";

export const quotasAndMetricsSettings = {
  "client.quota.callback.class": javaClass(null, "Class that decides which quota holds for a client."),
  "kafka.metrics.polling.interval.secs": int(10, "How often the reporters of Yammer metrics are asked to report.", { min: 1 }),
  "kafka.metrics.reporters": list([], "Classes that report Yammer metrics."),
  "metric.reporters": list(["org.apache.kafka.common.metrics.JmxReporter"], "Classes that report metrics.", { dynamic: clusterWide }),
  "metrics.num.samples": int(2, "Samples over which a metric is computed.", { min: 1 }),
  "metrics.recording.level": str("INFO", "How detailed metrics are recorded: INFO, DEBUG or TRACE."),
  "metrics.sample.window.ms": long(30_000, "Length of one of the samples over which a metric is computed.", { min: 1 }),
  "quota.window.num": int(11, "Samples over which client quotas are measured.", { honoured, min: 1 }),
  "quota.window.size.seconds": int(1, "Length of one of those samples.", { honoured, min: 1 }),
  "telemetry.max.bytes": int(1_048_576, "Largest push of client metrics.", { honoured, min: 1 }),
};
