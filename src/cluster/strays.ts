// What is stored but belongs to no topic of the image, looked at before a broker starts. A deletion that a crash cut short is finished: the
// history says that the topic was deleted. Everything else is set aside as a stray, never deleted: its topic may have been lost.

import type { Logger } from "../base/logger.ts";
import type { StoredPartition, StoredPartitions } from "../storage/storage-engine.ts";
import { isMeantBy } from "../storage/stored-topic-id.ts";
import { topicPartitionName } from "../storage/topic-partition.ts";
import type { Change, ClusterImage } from "./image.ts";

export interface SettleOptions {
  readonly engine: StoredPartitions;
  readonly image: ClusterImage;
  /** That led to the image, or the newer part of it. */
  readonly history: () => Promise<readonly Change[]>;
  readonly logger: Logger;
}

export async function settleStrays({ engine, image, history, logger }: SettleOptions): Promise<void> {
  const unknown = engine.list().filter((stored) => !isOfTopic(image, stored));
  if (unknown.length === 0) return;
  const deletedIds = new Set((await history()).flatMap((change) => (change.type === "topicDeleted" ? [change.id] : [])));
  const strays: string[] = [];
  for (const stored of unknown) {
    const { topicId } = stored;
    if (topicId !== undefined && deletedIds.has(topicId)) {
      engine.delete({ ...stored, topicId });
      logger.info({ partition: topicPartitionName(stored), topicId }, "finished deleting a partition");
    } else strays.push(engine.setAside(stored));
  }
  if (strays.length > 0)
    logger.warn({ strays }, "set aside partitions that belong to no topic; the command odradek strays lists, adopts and deletes them");
}

/** What does not say of which topic it is, is of the one whose name it has. */
export function isOfTopic({ topicsByName }: ClusterImage, { topic: name, partition, topicId }: StoredPartition): boolean {
  const topic = topicsByName.get(name);
  return topic !== undefined && isMeantBy(topicId ?? topic.id, topic.id) && partition < topic.partitions.length;
}
