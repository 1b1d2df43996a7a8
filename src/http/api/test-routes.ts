// What there is at a broker of a test only: why a group has not got a record, and faults of requests.

import type { BrokerView } from "../broker-view.ts";
import { Problem } from "../problem.ts";
import { type Asker, type Route, route } from "../route.ts";
import type { TestSide } from "../test-side.ts";
import { valibot as v } from "../web-framework.ts";
import { mustDescribeCluster } from "./clients.ts";
import { explainQuery, explanation, faultBody, faults } from "./shapes.ts";

const JSON_TYPE = "application/json";
const FAULTS = { 200: { is: "Those that are in force then.", type: JSON_TYPE, schema: faults } };
const none = v.object({});

export function testRoutes({ test }: BrokerView): readonly Route[] {
  const side = test();
  return side === undefined ? [] : [explainRoute(side), ...faultRoutes(side)];
}

function explainRoute({ explain }: TestSide): Route {
  return route({
    path: "/api/explain",
    summary: "Why a group has not got a record, in sentences",
    query: explainQuery,
    answers: { 200: { is: "What stands in the way.", type: JSON_TYPE, schema: explanation } },
    answer: async (asked) => {
      mustDescribeCluster(asked);
      const { group, topic } = asked.query;
      return Response.json({ group, ...(await explain(group, topic)) });
    },
  });
}

function faultRoutes(side: TestSide): Route[] {
  const all = () => Response.json({ faults: side.faults() });
  return [
    route({
      path: "/api/faults",
      summary: "Faults of requests that are in force",
      query: none,
      answers: FAULTS,
      answer: (asked) => {
        mustDescribeCluster(asked);
        return all();
      },
    }),
    route({
      method: "POST",
      path: "/api/faults",
      summary: "Puts a fault into force",
      query: none,
      body: faultBody,
      answers: FAULTS,
      answer: (asked) => {
        mustAlterCluster(asked);
        const refusal = side.addFault(asked.body);
        if (refusal !== undefined) throw new Problem(400, refusal);
        return all();
      },
    }),
    route({
      method: "DELETE",
      path: "/api/faults",
      summary: "Takes all faults of requests back",
      query: none,
      answers: FAULTS,
      answer: (asked) => {
        mustAlterCluster(asked);
        side.removeFault(undefined);
        return all();
      },
    }),
    route({
      method: "DELETE",
      path: "/api/faults/{id}",
      summary: "Takes a fault back",
      params: v.object({ id: v.string() }),
      query: none,
      answers: FAULTS,
      answer: (asked) => {
        mustAlterCluster(asked);
        if (!side.removeFault(asked.params.id)) throw new Problem(404, `There is no fault ${asked.params.id}.`);
        return all();
      },
    }),
  ];
}

function mustAlterCluster({ access }: Asker): void {
  if (!access.permitsOnCluster("ALTER CLUSTER")) throw new Problem(403, "This takes the right to alter the cluster.");
}
