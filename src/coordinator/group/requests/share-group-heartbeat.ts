// ShareGroupHeartbeat, version 1 (KIP-932): join with member epoch 0, leave with -1. The client makes its member id. Version 0 was a preview that
// Kafka 4 does not serve.

import { Errors } from "../../../../protocol/errors.ts";
import { shareGroupHeartbeat as api } from "../../../../protocol/messages/76-share-group-heartbeat.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer } from "../../decision.ts";
import { isBlank } from "../blank.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { leaveShareGroup } from "../share/departure.ts";
import { type ShareBeat, type ShareBeatAnswer, type ShareBeatDecision, shareHeartbeat } from "../share/heartbeat.ts";
import { notAShareGroup } from "../share/membership-faults.ts";
import { ShareGroup } from "../share/share-group.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Context = GroupRequestContext<"READ GROUP" | "DESCRIBE TOPIC">;

const JOINING = 0;
const LEFT = -1;
/** Of a UUID's text. */
const LONGEST_MEMBER_ID = 36;

export const shareGroupHeartbeatRequest = groupRequest(api, "1", ["READ GROUP", "DESCRIBE TOPIC"], handle);

function handle(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  const { groupId, memberId, subscribedTopicNames: topicNames } = request;
  if (!parts.servesShareGroups()) return refused({ error: Errors.UNSUPPORTED_VERSION, message: "" });
  if (!context.access.permits("READ GROUP", groupId)) return refused({ error: Errors.GROUP_AUTHORIZATION_FAILED, message: "" });
  if (memberId === "" || memberId.length > LONGEST_MEMBER_ID) return refused({ error: Errors.INVALID_REQUEST, message: "" });
  const hidden = topicNames?.find((name) => !context.access.permits("DESCRIBE TOPIC", name));
  if (hidden !== undefined) return refused({ error: Errors.TOPIC_AUTHORIZATION_FAILED, message: "" });
  const fault = requestFault(request);
  if (fault !== undefined) return refused({ error: Errors.INVALID_REQUEST, message: fault });
  return request.memberEpoch === LEFT ? leave(parts, request) : beat(parts, request, context);
}

function requestFault({ memberId, groupId, rackId, memberEpoch: epoch, subscribedTopicNames: topicNames }: Request): string | undefined {
  if (isBlank(memberId)) return "MemberId can't be empty.";
  if (isBlank(groupId)) return "GroupId can't be empty.";
  if (isBlank(rackId)) return "RackId can't be empty.";
  if (epoch === JOINING && (topicNames === null || topicNames.length === 0)) return "SubscribedTopicNames must be set in first request.";
  return epoch < LEFT ? "MemberEpoch is invalid." : undefined;
}

function beat(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  const { groupId, memberId, memberEpoch: epoch, rackId, subscribedTopicNames: names } = request;
  const said = { memberId, epoch, rackId, topicNames: names === null ? null : [...new Set(names)].sort() };
  const beating = parts.runtime.write<ShareBeatAnswer | Refusal>(
    parts.partitionFor(groupId),
    (state) => decide(state, groupId, context, said),
    (error) => ({ error, message: "" }),
  );
  return beating instanceof Promise ? beating.then(toResponse) : toResponse(beating);
}

function decide(state: GroupState, groupId: string, context: Context, said: ShareBeat): ShareBeatDecision {
  const { environment, shareWork: work } = state;
  const group = state.group(groupId);
  if (group?.kind === "share") return shareHeartbeat(environment, work, group, context, said);
  if (group !== undefined) return answer(notAShareGroup(groupId, group));
  if (said.epoch !== JOINING) return answer({ error: Errors.GROUP_ID_NOT_FOUND, message: `Share group ${groupId} not found.` });
  return shareHeartbeat(environment, work, new ShareGroup(groupId, work), context, said);
}

function leave(parts: RequestParts, { groupId, memberId }: Request): Response | Promise<Response> {
  const leaving = parts.runtime.write<Refusal | { readonly memberId: string }>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      return group?.kind === "share" ? leaveShareGroup(state.environment, group, memberId) : answer(notAShareGroup(groupId, group));
    },
    (error) => ({ error, message: "" }),
  );
  const respond = (left: Refusal | { readonly memberId: string }): Response =>
    isRefusal(left) ? refused(left) : { errorCode: Errors.NONE, memberId, memberEpoch: LEFT, heartbeatIntervalMs: 0 };
  return leaving instanceof Promise ? leaving.then(respond) : respond(leaving);
}

function toResponse(told: ShareBeatAnswer | Refusal): Response {
  if (isRefusal(told)) return refused(told);
  const { memberId, epoch: memberEpoch, intervalMs: heartbeatIntervalMs, assigned } = told;
  const topicPartitions = assigned === null ? null : [...assigned].map(([topicId, partitions]) => ({ topicId, partitions }));
  const assignment = topicPartitions === null ? null : { topicPartitions };
  return { errorCode: Errors.NONE, memberId, memberEpoch, heartbeatIntervalMs, assignment };
}

function refused({ error, message }: Refusal): Response {
  return { errorCode: error, errorMessage: message === "" ? null : message, memberEpoch: 0, heartbeatIntervalMs: 0 };
}
