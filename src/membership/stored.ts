// What a cluster of machines has stored, topic by topic, and what a month of its traffic with the object store costs.

import type { ClusterImage } from "../cluster/image.ts";
import type { MeasuredTraffic, ObjectStatistics, Usage } from "../diskless/usage.ts";
import { type MonthCost, monthCost, type StorePrices } from "./month-cost.ts";

export interface StoredOverview {
  readonly objects: ObjectStatistics;
  /** The largest first. */
  readonly topics: readonly StoredTopic[];
  /** Of the last day. */
  readonly traffic: MeasuredTraffic;
  /** If the traffic stays as it was, and what is stored. Absent while no traffic was told. */
  readonly month: MonthCost | undefined;
}

export interface StoredTopic {
  /** Its id where it is not known any more: its logs are to be deleted. */
  readonly topic: string;
  readonly sizeBytes: number;
}

const WITHIN_MS = 86_400_000;

/** Rejects with StorageError. */
export async function storedOf(usage: Usage, image: ClusterImage, prices: StorePrices): Promise<StoredOverview> {
  const [objects, topics, traffic] = [await usage.objects(), await usage.topics(), await usage.traffic(WITHIN_MS)];
  return {
    objects,
    topics: topics.map(({ topicId, sizeBytes }) => ({ topic: image.topicsById.get(topicId)?.name ?? topicId, sizeBytes })),
    traffic,
    month: traffic.spanMs === 0 ? undefined : monthCost(traffic, objects.objectBytes, prices),
  };
}
