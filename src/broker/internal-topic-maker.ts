// How the group coordinator has the internal topics of streams groups made: as any other topics, with the settings that clients ask for.

import type { Logger } from "../base/logger.ts";
import { isRefusal } from "../cluster/refusal.ts";
import type { Topics } from "../cluster/topics.ts";
import type { MakeTopics } from "../coordinator/group/streams/internal-topics.ts";

const DEFAULT_REPLICATION_FACTOR = -1;

export function internalTopicMaker(topics: Topics, logger: Logger): MakeTopics {
  return async (wanted) => {
    const outcomes = await topics.create(
      wanted.map(({ name, partitions, replicationFactor, topicConfigs }) => ({
        name,
        partitionCount: partitions,
        replicationFactor: replicationFactor === 0 ? DEFAULT_REPLICATION_FACTOR : replicationFactor,
        assignments: [],
        configs: topicConfigs.map(({ key, value }) => ({ name: key, value })),
      })),
    );
    return outcomes.map((outcome, index) => {
      const topic = wanted[index]?.name;
      if (isRefusal(outcome)) {
        logger.warn({ topic, message: outcome.message }, "could not create an internal topic of a streams group");
        return outcome.message;
      }
      logger.info({ topic, topicId: outcome.id, partitions: outcome.partitions.length }, "created an internal topic of a streams group");
      return undefined;
    });
  };
}
