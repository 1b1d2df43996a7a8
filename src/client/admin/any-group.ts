// A group of whatever kind, in the terms in which groups of consumers are described: its members read partitions.

import { Errors } from "../../../protocol/errors.ts";
import type { Brokers } from "../brokers.ts";
import { Refusal } from "../refusal.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { type DescribedGroup, describeGroup } from "./groups.ts";
import { describeStreamsGroup, type StreamsAssignment, type StreamsGroup } from "./streams-groups.ts";

/** Raises a Refusal (GROUP_ID_NOT_FOUND). */
export async function describeAnyGroup(brokers: Brokers, id: string): Promise<DescribedGroup> {
  try {
    return await describeGroup(brokers, id);
  } catch (error) {
    if (!(error instanceof Refusal) || error.errorCode !== Errors.GROUP_ID_NOT_FOUND) throw error;
    const streams = await describeStreamsGroup(brokers, id).catch(() => undefined);
    if (streams === undefined) throw error;
    return described(streams);
  }
}

function described(group: StreamsGroup): DescribedGroup {
  const inputs = new Map(
    group.subtopologies.map(({ subtopologyId, sourceTopics, repartitionSourceTopics }) => [
      subtopologyId,
      [...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)],
    ]),
  );
  const partitionsOf = (tasks: Tasks): TopicPartition[] =>
    tasks.flatMap(({ subtopologyId, partitions }) =>
      (inputs.get(subtopologyId) ?? []).flatMap((topic) => partitions.map((partition) => ({ topic, partition }))),
    );
  const subscribed = [...new Set([...inputs.values()].flat())].sort();
  return {
    id: group.id,
    coordinator: group.coordinator,
    type: "streams",
    protocolType: "streams",
    assignor: "sticky",
    state: group.groupState,
    epoch: group.groupEpoch,
    targetEpoch: group.assignmentEpoch,
    members: group.members.map(({ memberId, instanceId, clientId, clientHost, memberEpoch, assignment, targetAssignment }) => ({
      id: memberId,
      instanceId,
      clientId,
      host: clientHost,
      assigned: partitionsOf(assignment.activeTasks),
      target: partitionsOf(targetAssignment.activeTasks),
      epoch: memberEpoch,
      subscribed,
      isUpgraded: undefined,
      tasks: { active: namesOf(assignment.activeTasks), standby: namesOf(assignment.standbyTasks), target: targetNames(targetAssignment) },
    })),
  };
}

type Tasks = StreamsAssignment["activeTasks"];

/** As Kafka Streams names tasks: `0_1`. */
function namesOf(tasks: Tasks): string[] {
  return tasks.flatMap(({ subtopologyId, partitions }) => partitions.map((partition) => `${subtopologyId}_${partition}`));
}

function targetNames({ activeTasks, standbyTasks }: StreamsAssignment): string[] {
  return [...namesOf(activeTasks), ...namesOf(standbyTasks).map((name) => `${name} (standby)`)];
}
