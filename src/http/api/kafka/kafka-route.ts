// Kafka's own protocol as JSON: POST /api/kafka/CreateTopics with the fields of the request, answered with those of the response. What can be
// asked so is in kafka-apis.ts; it is answered as on a listener of Kafka's clients, by whichever broker has to (places.ts).

import { Errors } from "../../../../protocol/errors.ts";
import type { Decoded, Encodable, Shape } from "../../../../protocol/schema/field.ts";
import { includesVersion } from "../../../../protocol/schema/versions.ts";
import { errorReply } from "../../../api/error-response.ts";
import type { Handler } from "../../../api/handler.ts";
import type { BrokerView } from "../../broker-view.ts";
import { Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import { valibot as v } from "../../web-framework.ts";
import { kafkaBody, kafkaQuery } from "../shapes.ts";
import { fromJson, type JsonObject, toJson } from "./json-message.ts";
import { kafkaApis } from "./kafka-apis.ts";
import { KafkaClient } from "./kafka-client.ts";
import { placingOf, Where } from "./places.ts";

/** The newest that name topics by names; later ones have ids alone. */
const UNLESS_GIVEN: { readonly [api: string]: number } = { OffsetCommit: 9, OffsetFetch: 9 };

export function kafkaRoute({ services }: BrokerView): Route {
  return route({
    method: "POST",
    path: "/api/kafka/{api}",
    summary: "A request of Kafka's protocol, by the name of its API and with its fields as JSON",
    params: v.object({ api: v.string() }),
    query: kafkaQuery,
    body: kafkaBody,
    answers: { 200: { is: "The fields of the response; errors are Kafka's codes.", type: "application/json", schema: kafkaBody } },
    answer: async (asked) => {
      const { params, query, body } = asked;
      const handler = kafkaApis(services).find(({ api }) => api.name === params.api);
      if (handler === undefined) throw new Problem(404, `${params.api} is no API that can be asked for here; /api/overview lists them.`);
      const version = query.version ?? UNLESS_GIVEN[params.api] ?? handler.versions.highest;
      const { lowest, highest } = handler.versions;
      if (!includesVersion(handler.versions, version)) throw new Problem(400, `version: ${params.api} has ${lowest} to ${highest}`);
      if (query.broker !== undefined && !services.cluster.image.brokers.has(query.broker))
        throw new Problem(404, `broker: there is no broker ${query.broker}`);
      const request = fromJson(handler.api.request, version, body);
      const client = new KafkaClient(services, asked);
      const placed = query.broker === undefined ? undefined : new Map([[query.broker, request]]);
      const { split, join } = placingOf(params.api);
      const parts = placed ?? split(request, new Where(services));
      const answers = [...parts].map(([broker, part]) => answerOf(client, { handler, version, broker, part }));
      const response = join(await Promise.all(answers));
      await client.holdOff(Number(response["throttleTimeMs"] ?? 0));
      return Response.json(toJson(handler.api.response, version, response));
    },
  });
}

interface Part {
  readonly handler: Handler;
  readonly version: number;
  readonly broker: number;
  readonly part: JsonObject;
}

/** A broker that does not answer is told as an error of what it was asked for. */
async function answerOf(client: KafkaClient, { handler, version, broker, part }: Part): Promise<JsonObject> {
  const body = part as Encodable<Shape>;
  const response = await client.ask(broker, { api: handler.api, version, body });
  if (response !== undefined) return response;
  const { reply } = errorReply(handler, version, part as Decoded<Shape>, { error: Errors.BROKER_NOT_AVAILABLE, isHit: () => true });
  return reply as JsonObject;
}
