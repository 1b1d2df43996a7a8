// The requests of a broker's clients and what they are answered, live and decoded.

import type { BrokerView } from "../../broker-view.ts";
import { NDJSON_TYPE, ndjson } from "../../ndjson.ts";
import { type Route, route } from "../../route.ts";
import { mustDescribeCluster } from "../clients.ts";
import { type InspectLine, inspectLine, inspectQuery } from "../shapes.ts";
import { Inspection, type Wanted } from "./inspection.ts";

export function requestsRoute(view: BrokerView): Route {
  return route({
    path: "/api/requests",
    summary: "Requests of Kafka's clients to this broker and their responses, as they come, one a line",
    query: inspectQuery,
    answers: { 200: { is: "A line each, until its reader goes.", type: NDJSON_TYPE, schema: inspectLine } },
    answer: (asked) => {
      mustDescribeCluster(asked);
      return ndjson(inspected(view, asked.query, asked.signal));
    },
  });
}

/** Stands in the way of requests while it is read. */
async function* inspected(
  { services, interceptors }: BrokerView,
  wanted: Wanted,
  signal: AbortSignal,
): AsyncGenerator<InspectLine | symbol> {
  const inspection = new Inspection(wanted, services.clock);
  const remove = interceptors.addOutermost(inspection);
  try {
    yield* inspection.lines(signal);
  } finally {
    remove();
  }
}
