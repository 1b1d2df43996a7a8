// Records of a topic: read as lines of JSON, one of them whole, and produced.

import { Errors } from "../../../../protocol/errors.ts";
import type { BrokerView } from "../../broker-view.ts";
import { NDJSON_TYPE, ndjson } from "../../ndjson.ts";
import { Problem } from "../../problem.ts";
import { type Asker, type Route, route } from "../../route.ts";
import { valibot as v } from "../../web-framework.ts";
import { KafkaClient } from "../kafka/kafka-client.ts";
import { produceBody, produced, recordLine, recordsQuery, storedRecord, wholeText } from "../shapes.ts";
import { produceRecords } from "./produce-records.ts";
import { recordLines } from "./record-lines.ts";
import { TopicReader } from "./topic-reader.ts";

const JSON_TYPE = "application/json";
/** The newest are held until all of them are there. */
const MOST_NEWEST = 10_000;
const FIRST_BATCH = 1;

export function recordsRoutes(view: BrokerView): readonly Route[] {
  return [readRoute(view), wholeRoute(view), produceRoute(view)];
}

function readRoute(view: BrokerView): Route {
  return route({
    path: "/api/topics/{topic}/records",
    summary: "Records of a topic, one a line: the newest, or from an offset or a time on, and those that come",
    params: v.object({ topic: v.string() }),
    query: recordsQuery,
    answers: { 200: { is: "A line each, and lines that say what else there is to say.", type: NDJSON_TYPE, schema: recordLine } },
    answer: (asked) => {
      const { params, query, signal } = asked;
      const count = partitionCount(view, asked, params.topic);
      const partitions = query.partitions ?? Array.from({ length: count }, (_, index) => index);
      const foreign = partitions.find((partition) => !(partition >= 0 && partition < count));
      if (foreign !== undefined) throw new Problem(404, `partitions: ${params.topic} has no partition ${foreign}`);
      if (query.from === "latest" && query.limit > MOST_NEWEST) throw new Problem(400, `limit: of the newest at most ${MOST_NEWEST}`);
      if (query.from === "offset" && query.offset === undefined) throw new Problem(400, "offset: from=offset needs one");
      if (query.from === "timestamp" && query.timestamp === undefined) throw new Problem(400, "timestamp: from=timestamp needs one");
      const options = { topic: params.topic, isCommitted: query.isolation === "committed", cutBytes: query.cut };
      const reader = new TopicReader(view.services, new KafkaClient(view.services, asked), options);
      return ndjson(recordLines({ reader, partitions: [...new Set(partitions)], query, clock: view.services.clock, signal }));
    },
  });
}

function wholeRoute(view: BrokerView): Route {
  return route({
    path: "/api/topics/{topic}/partitions/{partition}/records/{offset}",
    summary: "One record, whole",
    params: v.object({ topic: v.string(), partition: wholeText, offset: wholeText }),
    query: v.object({}),
    answers: { 200: { is: "The record.", type: JSON_TYPE, schema: storedRecord } },
    answer: async (asked) => {
      const { topic, partition, offset } = asked.params;
      const none = new Problem(404, `There is no record at offset ${offset} of partition ${partition}.`);
      if (!(partition >= 0 && partition < partitionCount(view, asked, topic)) || offset < 0) throw none;
      const options = { topic, isCommitted: false, cutBytes: Number.POSITIVE_INFINITY };
      const reader = new TopicReader(view.services, new KafkaClient(view.services, asked), options);
      const [found] = await reader.read([{ partition, offset, maxBytes: FIRST_BATCH }]);
      const record = found?.records.find((each) => each.offset === offset);
      if (record === undefined) throw found?.problem === undefined ? none : new Problem(503, found.problem.message);
      return Response.json(record);
    },
  });
}

function produceRoute({ services }: BrokerView): Route {
  return route({
    method: "POST",
    path: "/api/topics/{topic}/records",
    summary: "Produces records",
    params: v.object({ topic: v.string() }),
    query: v.object({}),
    body: produceBody,
    answers: { 200: { is: "Where each of them is, or why not.", type: JSON_TYPE, schema: produced } },
    answer: async (asked) => {
      const { topic } = asked.params;
      const partitions = services.cluster.image.topicsByName.get(topic)?.partitions.length;
      if (!asked.access.permits("WRITE TOPIC", topic)) throw refused(topic, "written to");
      if (partitions === undefined) throw unknown(topic);
      const found = await produceRecords(services, new KafkaClient(services, asked), { topic, partitions, records: asked.body.records });
      const [first] = found;
      if (first !== undefined && first.errorCode !== Errors.NONE && found.every(({ errorCode }) => errorCode === first.errorCode))
        throw new Problem(STATUSES[first.errorCode] ?? 409, first.message ?? first.error);
      return Response.json({ records: found.map(({ errorCode: _, ...each }) => each) });
    },
  });
}

const STATUSES: { readonly [errorCode: number]: number } = {
  [Errors.TOPIC_AUTHORIZATION_FAILED]: 403,
  [Errors.UNKNOWN_TOPIC_OR_PARTITION]: 404,
  [Errors.MESSAGE_TOO_LARGE]: 413,
  [Errors.INVALID_RECORD]: 400,
  [Errors.INVALID_TIMESTAMP]: 400,
  [Errors.BROKER_NOT_AVAILABLE]: 503,
  [Errors.NOT_LEADER_OR_FOLLOWER]: 503,
  [Errors.KAFKA_STORAGE_ERROR]: 503,
  [Errors.NOT_ENOUGH_REPLICAS]: 503,
  [Errors.REQUEST_TIMED_OUT]: 504,
};

/** Throws Problem where it may not be read, or is not there. */
function partitionCount({ services }: BrokerView, { access }: Asker, topic: string): number {
  const count = services.cluster.image.topicsByName.get(topic)?.partitions.length;
  if (!access.permits("READ TOPIC", topic)) throw refused(topic, "read");
  if (count === undefined) throw unknown(topic);
  return count;
}

function refused(topic: string, what: string): Problem {
  return new Problem(403, `The topic ${topic} may not be ${what} by who asks.`);
}

function unknown(topic: string): Problem {
  return new Problem(404, `There is no topic ${topic}.`);
}
