// The metrics that clients push (KIP-714), and the topic in which they are kept.

import type { Cluster } from "../cluster/cluster.ts";
import { ClientTelemetry } from "../telemetry/client-telemetry.ts";
import { PushedMetricsLog } from "../telemetry/pushed-metrics.ts";
import type { Coordinating } from "./coordinating.ts";
import type { Ground } from "./ground.ts";
import type { Leading } from "./leading.ts";

/** A part by itself. */
export function clientMetrics(ground: Ground, cluster: Cluster, { topics }: Leading, { peers }: Coordinating): ClientTelemetry {
  const { brokerId, clock, random, config, logLevels } = ground;
  const pushed = new PushedMetricsLog({ cluster, topics, peers, clock, timeoutMs: config["request.timeout.ms"] });
  return new ClientTelemetry({
    brokerId,
    clock,
    random,
    logger: logLevels.logger("telemetry"),
    config,
    image: () => cluster.image,
    keep: (metrics) => pushed.append(metrics),
  });
}
