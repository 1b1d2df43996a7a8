// Assignments by the names of their topics, as they are shown.

import type { Assignment } from "./assignors/assignor.ts";
import type { TopicPartitions } from "./group-summary.ts";
import type { TopicsView } from "./topics-view.ts";

/** Topics that are gone are left out. */
export function namedPartitions(topics: TopicsView, assignment: Assignment): TopicPartitions[] {
  const found: TopicPartitions[] = [];
  for (const [topicId, partitions] of assignment) {
    const topic = topics.nameOf(topicId);
    if (topic !== undefined) found.push({ topic, partitions: partitions.toSorted((a, b) => a - b) });
  }
  return found.sort((a, b) => (a.topic < b.topic ? -1 : 1));
}
