// DescribeLogDirs (key 35, KIP-113). The one data folder of this broker, with the bytes of each partition that it leads. Null asks for
// every partition, no topics for the folder alone; what is not here is left out.

import { Errors } from "../../protocol/errors.ts";
import { describeLogDirs as describeLogDirsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Asked = DecodedMessage<typeof describeLogDirsApi.request>["topics"];

export const describeLogDirs = serve(describeLogDirsApi, "0-5", (services, request) => {
  const directory = services.logDirectory();
  if (directory === undefined) return { errorCode: Errors.NONE, results: [] };
  const { path, totalBytes, usableBytes } = directory;
  return {
    errorCode: Errors.NONE,
    results: [{ errorCode: Errors.NONE, logDir: path, topics: sizesOf(services, request.topics), totalBytes, usableBytes }],
  };
});

function sizesOf(services: Services, asked: Asked) {
  const wanted =
    asked === null ? undefined : new Set(asked.flatMap(({ topic, partitions }) => partitions.map((index) => `${topic} ${index}`)));
  const topics = new Map<string, { partitionIndex: number; partitionSize: number; offsetLag: number; isFutureKey: boolean }[]>();
  for (const { topic, index, log } of services.partitions.all()) {
    if (wanted !== undefined && !wanted.has(`${topic} ${index}`)) continue;
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partitionIndex: index, partitionSize: log.sizeBytes, offsetLag: 0, isFutureKey: false });
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}
