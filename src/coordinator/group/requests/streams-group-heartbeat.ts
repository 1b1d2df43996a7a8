// StreamsGroupHeartbeat, version 0 (KIP-1071): join with member epoch 0, leave with -1. Static members, offsets of tasks, warm-up tasks and regular
// expressions of topics are in the protocol, and refused, as Kafka 4.3 does.

import { Errors } from "../../../../protocol/errors.ts";
import { streamsGroupHeartbeat as api } from "../../../../protocol/messages/88-streams-group-heartbeat.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { isInternalTopic, topicNameFault } from "../../../cluster/topic-name.ts";
import { answer } from "../../decision.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { GroupRequestContext } from "../request-context.ts";
import type { Beat } from "../streams/beat.ts";
import { type BeatAnswer, type BeatDecision, heartbeat } from "../streams/heartbeat.ts";
import { leaveGroup } from "../streams/leave.ts";
import { type Status, Statuses } from "../streams/statuses.ts";
import { StreamsGroup } from "../streams/streams-group.ts";
import { tasksOf, toTaskIds, withoutEpochs } from "../streams/tasks.ts";
import { namedTopics, type Topology } from "../streams/topology.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Context = GroupRequestContext<"READ GROUP" | "DESCRIBE TOPIC" | "CREATE CLUSTER" | "CREATE TOPIC">;

const JOINING = 0;
const LEFT = -1;
const LEFT_FOR_A_WHILE = -2;

export const streamsGroupHeartbeatRequest = groupRequest(
  api,
  "0",
  ["READ GROUP", "DESCRIBE TOPIC", "CREATE CLUSTER", "CREATE TOPIC"],
  handle,
);

function handle(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  const { groupId, topology, memberEpoch } = request;
  if (!parts.servesStreamsProtocol()) return refused({ error: Errors.UNSUPPORTED_VERSION, message: "" });
  if (!context.access.permits("READ GROUP", groupId)) return refused({ error: Errors.GROUP_AUTHORIZATION_FAILED, message: "" });
  const fault = (topology === null ? undefined : topicFault(topology, context)) ?? featureFault(request) ?? requestFault(request);
  if (fault !== undefined) return refused(fault);
  return memberEpoch === LEFT ? leave(parts, request) : beat(parts, request, context);
}

/** Whoever may not know of a topic must not learn of it from here. */
function topicFault(topology: Topology, { access }: Context): Refusal | undefined {
  const names = [...new Set(namedTopics(topology))];
  const internal = names.filter(isInternalTopic);
  if (internal.length > 0)
    return invalidTopology(`Use of Kafka internal topics ${internal.join(",")} in a Kafka Streams topology is prohibited.`);
  const illegal = names.filter((name) => topicNameFault(name) !== undefined);
  if (illegal.length > 0) return invalidTopology(`Topic names ${illegal.join(",")} are not valid topic names.`);
  const hidden = names.some((name) => !access.permits("DESCRIBE TOPIC", name));
  return hidden ? { error: Errors.TOPIC_AUTHORIZATION_FAILED, message: "" } : undefined;
}

function invalidTopology(message: string): Refusal {
  return { error: Errors.STREAMS_INVALID_TOPOLOGY, message };
}

function invalid(message: string): Refusal {
  return { error: Errors.INVALID_REQUEST, message };
}

function featureFault({ instanceId, taskOffsets, taskEndOffsets, warmupTasks, topology }: Request): Refusal | undefined {
  if (instanceId !== null) return invalid("Static membership is not yet supported.");
  if (taskOffsets !== null) return invalid("TaskOffsets are not supported yet.");
  if (taskEndOffsets !== null) return invalid("TaskEndOffsets are not supported yet.");
  if (warmupTasks !== null && warmupTasks.length > 0) return invalid("WarmupTasks are not supported yet.");
  const hasRegex = topology?.subtopologies.some(({ sourceTopicRegex }) => sourceTopicRegex.length > 0) === true;
  return hasRegex ? invalid("Regular expressions for source topics are not supported yet.") : undefined;
}

function requestFault(request: Request): Refusal | undefined {
  const { memberEpoch: epoch, topology, activeTasks, standbyTasks, warmupTasks } = request;
  if (isBlank(request.memberId)) return invalid("MemberId can't be empty.");
  if (isBlank(request.groupId)) return invalid("GroupId can't be empty.");
  if (request.rackId !== null && isBlank(request.rackId)) return invalid("RackId can't be empty.");
  if (epoch === JOINING) {
    if (request.rebalanceTimeoutMs === -1) return invalid("RebalanceTimeoutMs must be provided in first request.");
    if (activeTasks?.length !== 0) return invalid("ActiveTasks must be empty when (re-)joining.");
    if (standbyTasks?.length !== 0) return invalid("StandbyTasks must be empty when (re-)joining.");
    if (warmupTasks?.length !== 0) return invalid("WarmupTasks must be empty when (re-)joining.");
    if (topology === null) return invalid("Topology must be non-null when (re-)joining.");
    const counted = topology.subtopologies
      .flatMap(({ stateChangelogTopics }) => stateChangelogTopics)
      .find(({ partitions }) => partitions !== 0);
    if (counted !== undefined)
      return invalidTopology(
        `Changelog topic ${counted.name} must have an undefined partition count, but it is set to ${counted.partitions}.`,
      );
    return undefined;
  }
  // Who leaves for a while is a static member.
  if (epoch === LEFT_FOR_A_WHILE) return invalid("InstanceId can't be null.");
  if (epoch < LEFT_FOR_A_WHILE) return invalid(`MemberEpoch is ${epoch}, but must be greater than or equal to -2.`);
  const isSaid = [activeTasks, standbyTasks, warmupTasks].map((tasks) => tasks !== null);
  if (isSaid.includes(true) && isSaid.includes(false)) return invalid("If one task-type is non-null, all must be non-null.");
  return topology === null ? undefined : invalid("Topology can only be provided when (re-)joining.");
}

/** As Kafka trims: all that is not above a space. */
function isBlank(text: string): boolean {
  return /^[\0-\x20]*$/.test(text);
}

function beat(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  const said = toBeat(request);
  const beating = parts.runtime.write<BeatAnswer | Refusal>(
    parts.partitionFor(request.groupId),
    (state) => decide(state, request.groupId, context, said),
    (error) => ({ error, message: "" }),
  );
  const respond = (told: BeatAnswer | Refusal): Response => (isRefusal(told) ? refused(told) : toResponse(parts, request, context, told));
  return beating instanceof Promise ? beating.then(respond) : respond(beating);
}

function decide(state: GroupState, groupId: string, context: Context, said: Beat): BeatDecision {
  const { environment, streamsWork: work } = state;
  const known = state.group(groupId);
  const isJoining = said.epoch === JOINING;
  const options = { beat: said, groupNow: () => work.groupNow(groupId) };
  if (known?.kind === "streams") return heartbeat(environment, known, context, options);
  if (!isJoining || (known !== undefined && !(known.kind === "classic" && known.isEmpty))) {
    const message = known === undefined ? `Streams group ${groupId} not found.` : `Group ${groupId} is not a streams group.`;
    return answer({ error: Errors.GROUP_ID_NOT_FOUND, message });
  }
  const decision = heartbeat(environment, new StreamsGroup(groupId, work), context, options);
  if (known === undefined || decision.records.length === 0) return decision;
  return { ...decision, records: [...known.tombstones(), ...decision.records] };
}

function toBeat(request: Request): Beat {
  const { activeTasks, standbyTasks, warmupTasks, clientTags } = request;
  const isSaid = activeTasks !== null && standbyTasks !== null && warmupTasks !== null;
  return {
    memberId: request.memberId,
    epoch: request.memberEpoch,
    rackId: request.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    topology: request.topology,
    owned: isSaid ? { active: tasksOf(activeTasks), standby: tasksOf(standbyTasks), warmup: tasksOf(warmupTasks) } : null,
    processId: request.processId,
    endpoint: request.userEndpoint,
    clientTags: clientTags === null ? null : new Map(clientTags.map(({ key, value }) => [key, value])),
    endpointEpoch: request.endpointInformationEpoch,
    isShutdown: request.shutdownApplication,
  };
}

function leave(parts: RequestParts, { groupId, memberId, shutdownApplication: isShutdown }: Request): Response | Promise<Response> {
  const leaving = parts.runtime.write<Refusal | { readonly memberId: string }>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      if (group?.kind === "streams") return leaveGroup(state.environment, group, { memberId, isShutdown });
      const message = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a streams group.`;
      return answer({ error: Errors.GROUP_ID_NOT_FOUND, message });
    },
    (error) => ({ error, message: "" }),
  );
  const respond = (left: Refusal | { readonly memberId: string }): Response =>
    isRefusal(left) ? refused(left) : { ...EMPTY, errorCode: Errors.NONE, memberId: left.memberId, memberEpoch: LEFT };
  return leaving instanceof Promise ? leaving.then(respond) : respond(leaving);
}

/** Internal topics that are missing are made with the permissions of who asks; nobody waits for that. */
function toResponse(parts: RequestParts, { groupId }: Request, context: Context, told: BeatAnswer): Response {
  const { assigned, endpoints } = told;
  const status = parts.internalTopics.require(told.missing, {
    isPermitted: (name) => context.access.permitsOnClusterQuietly("CREATE CLUSTER") || context.access.permits("CREATE TOPIC", name),
    rememberMs: 2 * parts.environment.groupSettings(groupId)["streams.heartbeat.interval.ms"],
  });
  return {
    ...EMPTY,
    errorCode: Errors.NONE,
    memberId: told.memberId,
    memberEpoch: told.epoch,
    heartbeatIntervalMs: told.intervalMs,
    status: told.statuses.map((each) => withDetail(each, status)),
    activeTasks: assigned === null ? null : toTaskIds(withoutEpochs(assigned.active)),
    standbyTasks: assigned === null ? null : toTaskIds(assigned.standby),
    warmupTasks: assigned === null ? null : toTaskIds(assigned.warmup),
    endpointInformationEpoch: told.endpointEpoch,
    partitionsByUserEndpoint:
      endpoints === null
        ? null
        : endpoints.map(({ endpoint, active, standby }) => ({
            userEndpoint: endpoint,
            activePartitions: active,
            standbyPartitions: standby,
          })),
  };
}

function withDetail(status: Status, more: string): Status {
  return status.statusCode === Statuses.MISSING_INTERNAL_TOPICS ? { ...status, statusDetail: status.statusDetail + more } : status;
}

const EMPTY = {
  memberId: "",
  memberEpoch: 0,
  heartbeatIntervalMs: 0,
  acceptableRecoveryLag: 0,
  taskOffsetIntervalMs: 0,
  status: [],
  endpointInformationEpoch: 0,
};

function refused({ error, message }: Refusal): Response {
  return { ...EMPTY, errorCode: error, errorMessage: message === "" ? null : message };
}
