// DescribeLogDirs (key 35, KIP-113). The one place of this broker's data, its folder or what it has of an object store, with the bytes of each
// partition of which it has a replica. Null asks for every partition, no topics for the place alone; what is not here is left out. Who may
// not ask hears so from version 3 on, and before it of no place. There has to be one: Kafka's clients take none for a refusal.
//
// Brokers of many machines know the bytes of what they lead; of other replicas, which have none of their own, they say 0.

import { Errors } from "../../protocol/errors.ts";
import { describeLogDirs as describeLogDirsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

const FIRST_VERSION_WITH_ERROR = 3;

type Asked = DecodedMessage<typeof describeLogDirsApi.request>["topics"];

export const describeLogDirs = serve(describeLogDirsApi, "0-5", ["DESCRIBE CLUSTER"], (services, request, { access, apiVersion }) => {
  if (!access.permitsOnCluster("DESCRIBE CLUSTER")) {
    return { errorCode: apiVersion >= FIRST_VERSION_WITH_ERROR ? Errors.CLUSTER_AUTHORIZATION_FAILED : Errors.NONE, results: [] };
  }
  const { path, totalBytes, usableBytes } = services.logDirectory();
  return {
    errorCode: Errors.NONE,
    results: [{ errorCode: Errors.NONE, logDir: path, topics: sizesOf(services, request.topics), totalBytes, usableBytes }],
  };
});

function sizesOf(services: Services, asked: Asked) {
  const wanted =
    asked === null ? undefined : new Set(asked.flatMap(({ topic, partitions }) => partitions.map((index) => `${topic} ${index}`)));
  const topics = new Map<string, { partitionIndex: number; partitionSize: number; offsetLag: number; isFutureKey: boolean }[]>();
  const { image } = services.cluster;
  for (const { name, partitions: all } of image.topicsByName.values()) {
    for (const [index, { replicas }] of all.entries()) {
      if (!replicas.includes(services.brokerId) || wanted?.has(`${name} ${index}`) === false) continue;
      const partitions = topics.get(name) ?? [];
      topics.set(name, partitions);
      const partitionSize = services.partitions.readable(image, name, index)?.log.sizeBytes ?? 0;
      partitions.push({ partitionIndex: index, partitionSize, offsetLag: 0, isFutureKey: false });
    }
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}
