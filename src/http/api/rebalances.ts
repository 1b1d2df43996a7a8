// Why a group rebalanced lately, whom it waited for, and how long. Its coordinator knows, as long as it has been that.

import { timelineOf } from "../../api/peer-questions.ts";
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
    answers: { 200: { is: "The newest first.", type: "application/json", schema: rebalances } },
    answer: async ({ params: { group }, access }) => {
      if (!access.permits("DESCRIBE GROUP", group)) throw new Problem(403, `The group ${group} may not be described by who asks.`);
      const coordinator = new Where(services).group(group);
      const found = await timelineOf(services, coordinator, group);
      if (found === undefined) throw new Problem(503, `Broker ${coordinator}, which coordinates the group, does not answer.`);
      const told = found.rebalances.map(({ epoch, beganMs, endedMs = null, reasons, waitedFor, memberCount }) => ({
        ...{ epoch, beganMs, endedMs, memberCount, reasons: [...reasons], waitedFor: [...waitedFor] },
      }));
      const nowMs = services.clock.now();
      return Response.json({ group, coordinator, nowMs, obstacles: [...found.obstacles], rebalances: told } satisfies Rebalances);
    },
  });
}
