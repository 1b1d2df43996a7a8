// Why a group rebalanced lately, whom it waited for, and how long. Its coordinator knows, as long as it has been that.

import type { BrokerView } from "../broker-view.ts";
import { Problem } from "../problem.ts";
import { type Route, route } from "../route.ts";
import { valibot as v } from "../web-framework.ts";
import { Where } from "./kafka/places.ts";
import { type Rebalances, rebalances } from "./shapes.ts";

export function rebalancesRoute({ services }: BrokerView): Route {
  return route({
    path: "/api/groups/{group}/rebalances",
    summary: "The last rebalances of a group: their reasons, and whom they waited for",
    params: v.object({ group: v.string() }),
    query: v.object({}),
    answers: {
      200: { is: "The newest first.", type: "application/json", schema: rebalances },
      409: { is: "Another broker coordinates the group, and is to be asked.", type: "application/problem+json" },
    },
    answer: ({ params: { group }, access }) => {
      if (!access.permits("DESCRIBE GROUP", group)) throw new Problem(403, `The group ${group} may not be described by who asks.`);
      const { groups, clock, brokerId } = services;
      const coordinator = new Where(services).group(group);
      if (coordinator !== brokerId) throw new Problem(409, `Broker ${coordinator} coordinates the group, and has to be asked.`);
      const found = groups.rebalances(group).map(({ epoch, beganMs, endedMs = null, reasons, waitedFor, memberCount }) => ({
        ...{ epoch, beganMs, endedMs, memberCount, reasons: [...reasons], waitedFor: [...waitedFor] },
      }));
      const told = { group, coordinator, nowMs: clock.now(), obstacles: groups.obstacles(group), rebalances: found };
      return Response.json(told satisfies Rebalances);
    },
  });
}
