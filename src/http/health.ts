// Whether the broker lives, and whether it can be used: for whoever looks after processes. They need not be known, and learn no names.

import type { BrokerView } from "./broker-view.ts";
import { type Route, route } from "./route.ts";
import { valibot as v } from "./web-framework.ts";

const nothing = v.strictObject({});
const JSON_TYPE = "application/json";

export function healthRoutes(view: BrokerView): Route[] {
  return [
    route({
      path: "/health",
      summary: "The broker is there and has turns of its event loop",
      query: nothing,
      isOpen: true,
      answers: { 200: { is: "It lives.", type: JSON_TYPE, schema: v.object({ status: v.literal("up") }) } },
      answer: () => Response.json({ status: "up" }),
    }),
    route({
      path: "/ready",
      summary: "Clients may use the broker: it is in the cluster, and what it leads is open",
      query: nothing,
      isOpen: true,
      answers: {
        200: { is: "They may.", type: JSON_TYPE, schema: v.object({ status: v.literal("ready") }) },
        503: { is: "Not now.", type: JSON_TYPE, schema: v.object({ status: v.literal("not ready"), reasons: v.array(v.string()) }) },
      },
      answer: () => {
        const reasons = obstacles(view);
        return reasons.length === 0 ? Response.json({ status: "ready" }) : Response.json({ status: "not ready", reasons }, { status: 503 });
      },
    }),
  ];
}

function obstacles({ services }: BrokerView): string[] {
  const { brokerId, cluster, partitions, groups, transactions } = services;
  const { image } = cluster;
  if (!image.brokers.has(brokerId)) return ["the cluster takes the broker for gone"];
  let closedCount = 0;
  for (const { name, partitions: all } of image.topicsByName.values())
    for (const [index, { leader }] of all.entries()) if (leader === brokerId && partitions.get(name, index) === undefined) closedCount++;
  return [
    ...(closedCount > 0 ? [`${closedCount} partitions that it leads are not open`] : []),
    ...(groups.isLoading ? ["groups are being loaded"] : []),
    ...(transactions.isLoading ? ["transactions are being loaded"] : []),
  ];
}
