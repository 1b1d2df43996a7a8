// What Prometheus reads. Names are those that Kafka's JMX exporter gives in its usual configuration, those of kafka_exporter for lag, and our own
// (odradek_…) where neither has one. Values are read when they are asked for. Who may describe the cluster may read; of topics and groups he
// sees those that he may describe.

import { Slices } from "../../base/slices.ts";
import type { BrokerView } from "../broker-view.ts";
import { Problem } from "../problem.ts";
import type { Asked, Route } from "../route.ts";
import { route } from "../route.ts";
import { valibot as v } from "../web-framework.ts";
import { clusterMetrics } from "./cluster-metrics.ts";
import { connectionMetrics } from "./connection-metrics.ts";
import { EXPOSITION_TYPE, Exposition } from "./exposition.ts";
import { groupMetrics } from "./group-metrics.ts";
import { partitionMetrics } from "./partition-metrics.ts";
import { ProcessMetrics } from "./process-metrics.ts";
import { requestMetrics } from "./request-metrics.ts";
import { topicMetrics } from "./topic-metrics.ts";

const PARTS = ["topics", "partitions", "groups"] as const;
/** Of partitions, and of offsets of groups: series are not free for who keeps them. */
const MOST_ROWS = 20_000;

const query = v.strictObject({
  without: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => text.split(",")),
      v.array(v.picklist(PARTS, `name some of ${PARTS.join(", ")}, with commas in between`)),
    ),
  ),
});

export function metricsRoute(view: BrokerView): Route {
  const processMetrics = new ProcessMetrics(view);
  return route({
    path: "/metrics",
    summary: "Figures of the broker for Prometheus",
    query,
    answers: { 200: { is: "Prometheus' text format, version 0.0.4.", type: EXPOSITION_TYPE } },
    answer: async ({ query: { without = [] }, access }: Asked<{ readonly without?: readonly string[] | undefined }>) => {
      if (!access.permitsOnCluster("DESCRIBE CLUSTER")) throw new Problem(403, "To read metrics takes the right to describe the cluster.");
      const out = new Exposition();
      const scrape = { view, out, access, slices: new Slices(view.services.clock), mostRows: MOST_ROWS };
      clusterMetrics(scrape);
      await topicMetrics(scrape, !without.includes("topics"));
      if (!without.includes("partitions")) await partitionMetrics(scrape);
      requestMetrics(scrape);
      connectionMetrics(scrape);
      await groupMetrics(scrape, !without.includes("groups"));
      processMetrics.add(out);
      return new Response(out.text(), { headers: { "content-type": EXPOSITION_TYPE } });
    },
  });
}
