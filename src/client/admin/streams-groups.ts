// Streams groups (KIP-1071) as an administrator sees them: their topology, and members with their tasks.

import { streamsGroupDescribe } from "../../../protocol/messages/89-streams-group-describe.ts";
import type { DecodedMessage } from "../../../protocol/schema/message.ts";
import { type Broker, type Brokers, retried } from "../brokers.ts";
import { failOn, present } from "../refusal.ts";

type Described = DecodedMessage<typeof streamsGroupDescribe.response>["groups"][number];

export interface StreamsGroup extends Pick<Described, "groupState" | "groupEpoch" | "assignmentEpoch" | "members"> {
  readonly id: string;
  readonly coordinator: Broker;
  readonly topologyEpoch: number;
  readonly subtopologies: readonly StreamsSubtopology[];
}

export type StreamsMember = Described["members"][number];
export type StreamsAssignment = StreamsMember["assignment"];
export type StreamsSubtopology = NonNullable<NonNullable<Described["topology"]>["subtopologies"]>[number];

/** Raises a Refusal (GROUP_ID_NOT_FOUND) when there is none of that name. */
export async function describeStreamsGroup(brokers: Brokers, id: string): Promise<StreamsGroup> {
  const coordinator = await brokers.coordinatorBroker(id);
  const connection = await brokers.at(coordinator);
  const group = await retried(async () => {
    const answer = await connection.send(streamsGroupDescribe, 0, { groupIds: [id], includeAuthorizedOperations: false });
    const described = present(answer.groups[0], `group ${id}`);
    failOn(described.errorCode, `group ${id}`, described.errorMessage);
    return described;
  });
  const { groupState, groupEpoch, assignmentEpoch, members, topology } = group;
  const subtopologies = topology?.subtopologies ?? [];
  return { id, coordinator, groupState, groupEpoch, assignmentEpoch, members, topologyEpoch: topology?.epoch ?? -1, subtopologies };
}
