// What is answered under /api: all that a page needs to show a broker and to work with it, and as useful with curl.

import type { BrokerView } from "../broker-view.ts";
import type { Route } from "../route.ts";
import { clientsRoute } from "./clients.ts";
import { requestsRoute } from "./inspector/requests-route.ts";
import { kafkaRoute } from "./kafka/kafka-route.ts";
import { overviewRoute } from "./overview.ts";
import { rebalancesRoute } from "./rebalances.ts";
import { recordsRoutes } from "./records/records-routes.ts";
import { testRoutes } from "./test-routes.ts";

export function apiRoutes(view: BrokerView): readonly Route[] {
  return [
    overviewRoute(view),
    kafkaRoute(view),
    ...recordsRoutes(view),
    clientsRoute(view),
    rebalancesRoute(view),
    requestsRoute(view),
    ...testRoutes(view),
  ];
}
