// Where to ask for what (KIP-1071, interactive queries): the partitions that members read, by the endpoints of their processes.

import type { TopicsView } from "../topics-view.ts";
import { type ConfiguredTopology, inputsOf } from "./configured-topology.ts";
import type { Endpoint, StreamsMemberView } from "./streams-member.ts";
import { type Tasks, withoutEpochs } from "./tasks.ts";

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface EndpointPartitions {
  readonly endpoint: Endpoint;
  readonly active: readonly TopicPartitions[];
  readonly standby: readonly TopicPartitions[];
}

/** One for each member that has said where its process answers. */
export function endpointsOf(
  members: Iterable<StreamsMemberView>,
  configured: ConfiguredTopology,
  topics: TopicsView,
): EndpointPartitions[] {
  const found: EndpointPartitions[] = [];
  for (const { identity, progress } of members) {
    const { endpoint } = identity;
    if (endpoint === null) continue;
    const { active, standby } = progress.assigned;
    const partitionsOf = (tasks: Tasks) => topicPartitions(tasks, configured, topics);
    found.push({ endpoint, active: partitionsOf(withoutEpochs(active)), standby: partitionsOf(standby) });
  }
  return found;
}

/** Of a topic with fewer partitions than the member has tasks of a subtopology, as many as it has are named. */
function topicPartitions(tasks: Tasks, { subtopologies }: ConfiguredTopology, topics: TopicsView): TopicPartitions[] {
  const found: TopicPartitions[] = [];
  for (const [subtopologyId, partitions] of tasks) {
    const subtopology = subtopologies?.get(subtopologyId);
    if (subtopology === undefined) continue;
    for (const topic of inputsOf(subtopology)) found.push({ topic, partitions: partitions.slice(0, topics.partitionCount(topic) ?? 0) });
  }
  return found;
}
