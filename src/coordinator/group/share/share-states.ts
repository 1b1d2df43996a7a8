// Asks the share coordinator about many partitions of a group at a time, and says of each what came of it.

import type { Refusal } from "../../../cluster/refusal.ts";
import type { SharePartitionKey } from "../../share/share-state-persister.ts";
import type { TopicShared, TopicsShared } from "./shared-partitions.ts";

export interface SharedOutcome {
  readonly done: TopicsShared;
  readonly failed: TopicsShared;
  /** By `nameOfShared`; why those that failed did. */
  readonly refusals: ReadonlyMap<string, Refusal>;
}

/** Of a partition within a group. */
export function nameOfShared(topicId: string, partition: number): string {
  return `${topicId}:${partition}`;
}

export function namesOfShared(topics: TopicsShared): string[] {
  return [...topics].flatMap(([topicId, { partitions }]) => partitions.map((partition) => nameOfShared(topicId, partition)));
}

/** @param ask `undefined` when it is done */
export async function askForEach(
  groupId: string,
  topics: TopicsShared,
  ask: (key: SharePartitionKey) => Promise<Refusal | undefined>,
): Promise<SharedOutcome> {
  const refusals = new Map<string, Refusal>();
  const answers = [...topics].flatMap(([topicId, { partitions }]) =>
    partitions.map(async (partition) => {
      const refusal = await ask({ groupId, topicId, partition });
      if (refusal !== undefined) refusals.set(nameOfShared(topicId, partition), refusal);
    }),
  );
  await Promise.all(answers);
  const where = (hasFailed: boolean) => filtered(topics, (name) => refusals.has(name) === hasFailed);
  return { done: where(false), failed: where(true), refusals };
}

function filtered(topics: TopicsShared, isWanted: (name: string) => boolean): TopicsShared {
  const found = new Map<string, TopicShared>();
  for (const [topicId, { name, partitions }] of topics) {
    const some = partitions.filter((partition) => isWanted(nameOfShared(topicId, partition)));
    if (some.length > 0) found.set(topicId, { name, partitions: some });
  }
  return found;
}
