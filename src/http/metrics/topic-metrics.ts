// What went in and out, of all topics together and of each. A series of a topic begins with its first partition here and ends with the topic.

import type { TrafficKind } from "../../partition/topic-traffic.ts";
import { forEachRow, maySeeTopic, type Scrape } from "./scrape.ts";

const PREFIX = "kafka_server_brokertopicmetrics";

const FAMILIES: readonly (readonly [kind: TrafficKind, name: string, help: string])[] = [
  ["messagesIn", "messagesin", "Records appended, of clients and of coordinators."],
  ["bytesIn", "bytesin", "Bytes of batches appended, as they came."],
  ["bytesOut", "bytesout", "Bytes of batches that consumers were given."],
  ["bytesRejected", "bytesrejected", "Bytes of batches that were refused for their size."],
  ["produceRequests", "totalproducerequests", "Batches that clients wanted to append."],
  ["fetchRequests", "totalfetchrequests", "Partitions that were read for clients."],
  ["failedProduceRequests", "failedproducerequests", "Batches that could not be appended."],
  ["failedFetchRequests", "failedfetchrequests", "Partitions that could not be read."],
  ["produceConversions", "producemessageconversions", "Batches made of messages of formats before Kafka 0.11."],
  ["fetchConversions", "fetchmessageconversions", "Partitions read for clients of formats before Kafka 0.11."],
];

export async function topicMetrics(scrape: Scrape, showsTopics: boolean): Promise<void> {
  const { traffic } = scrape.view.services.partitions;
  const sum = traffic.sum();
  const isSeen = maySeeTopic(scrape);
  const topics = showsTopics ? [...traffic.topics].filter(([topic]) => isSeen(topic)) : [];
  for (const [kind, name, help] of FAMILIES) {
    const add = scrape.out.family("counter", `${PREFIX}_${name}_total`, help);
    add(sum[kind]);
    await forEachRow(scrape, topics, ([topic, figures]) => add(figures[kind], { topic }));
  }
}
