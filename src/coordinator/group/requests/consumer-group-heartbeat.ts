// ConsumerGroupHeartbeat, versions 0 and 1 (KIP-848): join with member epoch 0, leave with -1, leave for a while with -2 (static members).
// From version 1 on the client makes its member id, and may subscribe by a regular expression of RE2's kind.

import { Errors } from "../../../../protocol/errors.ts";
import { consumerGroupHeartbeat as api } from "../../../../protocol/messages/68-consumer-group-heartbeat.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { listedAssignors } from "../../../config/group-protocols.ts";
import { answer } from "../../decision.ts";
import { isBlank } from "../blank.ts";
import type { Beat } from "../consumer/beat.ts";
import { ConsumerGroup } from "../consumer/consumer-group.ts";
import { type HeldPartitions, LEFT_FOR_A_WHILE, type ResolvedRegex } from "../consumer/consumer-member.ts";
import { type BeatAnswer, type BeatDecision, heartbeat } from "../consumer/heartbeat.ts";
import { leaveGroup } from "../consumer/leave.ts";
import { isRefreshDue, refreshRegexes, resolveRegex } from "../consumer/topic-regexes.ts";
import { upgradeGroup } from "../consumer/upgrade.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Context = GroupRequestContext<"READ GROUP" | "DESCRIBE TOPIC">;

const OWN_MEMBER_ID_VERSION = 1;
const JOINING = 0;
const LEFT = -1;

export const consumerGroupHeartbeatRequest = groupRequest(api, "0-1", ["READ GROUP", "DESCRIBE TOPIC"], handle);

function handle(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  const { groupId, subscribedTopicNames: topicNames } = request;
  if (!parts.servesConsumerProtocol()) return refused({ error: Errors.UNSUPPORTED_VERSION, message: "" });
  if (!context.access.permits("READ GROUP", groupId)) return refused({ error: Errors.GROUP_AUTHORIZATION_FAILED, message: "" });
  const hidden = topicNames?.find((name) => !context.access.permits("DESCRIBE TOPIC", name));
  if (hidden !== undefined) return refused({ error: Errors.TOPIC_AUTHORIZATION_FAILED, message: "" });
  const fault = requestFault(parts, request, context.apiVersion);
  if (fault !== undefined) return refused(fault);
  const { memberEpoch: epoch, subscribedTopicRegex: regex } = request;
  if (epoch === LEFT || epoch === LEFT_FOR_A_WHILE) return leave(parts, request);
  if (
    regex === null ||
    regex === "" ||
    parts.runtime.read(
      parts.partitionFor(groupId),
      (state) => knowsRegex(state, groupId, regex),
      () => true,
    )
  )
    return beat(parts, request, context, undefined);
  // Whether the expression is one, and what it stands for, is found out before anything is decided.
  return resolveRegex(parts.environment, regex, context.access).then((resolved) => {
    if (isRefusal(resolved)) return refused(resolved);
    return beat(parts, request, context, resolved);
  });
}

function knowsRegex(state: GroupState, groupId: string, regex: string): boolean {
  return state.consumerGroup(groupId)?.subscriptions.resolvedRegexes().has(regex) === true;
}

function beat(parts: RequestParts, request: Request, context: Context, resolved: ResolvedRegex | undefined): Response | Promise<Response> {
  const said = toBeat(parts, request, resolved);
  const beating = parts.runtime.write<BeatAnswer | Refusal>(
    parts.partitionFor(request.groupId),
    (state) => decide(state, request.groupId, context, said),
    (error) => ({ error, message: "" }),
  );
  return beating instanceof Promise ? beating.then(toResponse) : toResponse(beating);
}

function decide(state: GroupState, groupId: string, context: Context, said: Beat): BeatDecision {
  const { environment, consumerWork: work } = state;
  const group = state.group(groupId);
  const isJoining = said.epoch === JOINING;
  if (group === undefined || (group.kind === "classic" && group.isEmpty && isJoining)) {
    if (!isJoining) return answer({ error: Errors.GROUP_ID_NOT_FOUND, message: `Consumer group ${groupId} not found.` });
    const decision = heartbeat(environment, work, new ConsumerGroup(groupId, work), context, said);
    if (group === undefined || decision.records.length === 0) return decision;
    return { ...decision, records: [{ type: "classicGroup", groupId, snapshot: null }, ...decision.records] };
  }
  if (group.kind === "streams") return answer({ error: Errors.GROUP_ID_NOT_FOUND, message: `Group ${groupId} is not a consumer group.` });
  if (group.kind === "classic") {
    if (isJoining) return upgradeGroup(environment, work, group, context, said);
    return answer({ error: Errors.GROUP_ID_NOT_FOUND, message: `Group ${groupId} is not a consumer group.` });
  }
  if (group.kind !== "consumer") return answer({ error: Errors.GROUP_ID_NOT_FOUND, message: `Group ${groupId} is not a consumer group.` });
  const decision = heartbeat(environment, work, group, context, said);
  if (isRefreshDue(environment, group)) void refreshRegexes(environment, group, context.access, (operation) => state.run(operation));
  return decision;
}

function leave(parts: RequestParts, request: Request): Response | Promise<Response> {
  const { groupId, memberId, instanceId, memberEpoch: epoch } = request;
  const leaving = parts.runtime.write<Refusal | { readonly memberId: string }>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      if (group?.kind !== "consumer") {
        const message = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a consumer group.`;
        return answer({ error: Errors.GROUP_ID_NOT_FOUND, message });
      }
      return leaveGroup(state.environment, state.consumerWork, group, { memberId, instanceId, isForAWhile: epoch === LEFT_FOR_A_WHILE });
    },
    (error) => ({ error, message: "" }),
  );
  const respond = (left: Refusal | { readonly memberId: string }): Response =>
    isRefusal(left) ? refused(left) : { errorCode: Errors.NONE, memberId: left.memberId, memberEpoch: epoch, heartbeatIntervalMs: 0 };
  return leaving instanceof Promise ? leaving.then(respond) : respond(leaving);
}

function requestFault({ settings }: RequestParts, request: Request, apiVersion: number): Refusal | undefined {
  const { memberId, memberEpoch: epoch, instanceId, rackId } = request;
  const invalid = (message: string): Refusal => ({ error: Errors.INVALID_REQUEST, message });
  if (isBlank(memberId) && (apiVersion >= OWN_MEMBER_ID_VERSION || epoch > 0 || epoch === LEFT)) return invalid("MemberId can't be empty.");
  if (isBlank(request.groupId)) return invalid("GroupId can't be empty.");
  if (isBlank(instanceId)) return invalid("InstanceId can't be empty.");
  if (isBlank(rackId)) return invalid("RackId can't be empty.");
  if (epoch < LEFT_FOR_A_WHILE) return invalid("MemberEpoch is invalid.");
  if (epoch === LEFT_FOR_A_WHILE && instanceId === null) return invalid("InstanceId can't be null.");
  if (epoch === JOINING) {
    if (request.rebalanceTimeoutMs === -1) return invalid("RebalanceTimeoutMs must be provided in first request.");
    if (request.topicPartitions === null || request.topicPartitions.length > 0)
      return invalid("TopicPartitions must be empty when (re-)joining.");
    if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null)
      return invalid("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
  }
  const { serverAssignor } = request;
  if (serverAssignor === null) return undefined;
  const known: readonly string[] = listedAssignors(settings["group.consumer.assignors"]);
  if (known.includes(serverAssignor)) return undefined;
  const message = `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${known.join(", ")}.`;
  return { error: Errors.UNSUPPORTED_ASSIGNOR, message };
}

function toBeat({ environment }: RequestParts, request: Request, resolved: ResolvedRegex | undefined): Beat {
  const names = request.subscribedTopicNames;
  return {
    memberId: request.memberId === "" ? environment.random.uuid() : request.memberId,
    epoch: request.memberEpoch,
    instanceId: request.instanceId,
    rackId: request.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    topicNames: names === null ? null : [...new Set(names)].sort(),
    topicRegex: request.subscribedTopicRegex,
    resolved,
    serverAssignor: request.serverAssignor,
    owned: request.topicPartitions,
  };
}

function toResponse(told: BeatAnswer | Refusal): Response {
  if (isRefusal(told)) return refused(told);
  const { memberId, epoch: memberEpoch, intervalMs: heartbeatIntervalMs, assigned } = told;
  const assignment = assigned === null ? null : { topicPartitions: toTopicPartitions(assigned) };
  return { errorCode: Errors.NONE, memberId, memberEpoch, heartbeatIntervalMs, assignment };
}

function toTopicPartitions(assigned: HeldPartitions) {
  return [...assigned].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions.keys()].sort((a, b) => a - b) }));
}

function refused({ error, message }: Refusal): Response {
  return { errorCode: error, errorMessage: message === "" ? null : message, memberEpoch: 0, heartbeatIntervalMs: 0 };
}
