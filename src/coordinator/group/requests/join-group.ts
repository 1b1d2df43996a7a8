// JoinGroup, versions 0 to 9. Below version 1 there is no rebalance timeout, and old clients send 0: the session timeout stands in.
// Below version 7 an absent protocol name is "", from then on null.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { joinGroup as api } from "../../../../protocol/messages/11-join-group.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { answer, type Decision } from "../../decision.ts";
import { type JoinAnswer, joinRefused } from "../classic/answers.ts";
import { joinGroup as joinClassicGroup } from "../classic/join.ts";
import type { Join } from "../classic/join-decision.ts";
import { newGroupSnapshot } from "../classic/snapshot.ts";
import { joinClassicMember } from "../consumer/classic-members.ts";
import type { GroupRecord } from "../group-record.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

const NULLABLE_PROTOCOL_NAME_VERSION = 7;
const NO_MEMBER = "";

export const joinGroupRequest = groupRequest(api, "0-9", ["READ GROUP"], handle);

function handle(parts: RequestParts, request: Request, context: GroupRequestContext<"READ GROUP">): Response | Promise<Response> {
  if (!context.access.permits("READ GROUP", request.groupId))
    return toResponse(joinRefused(Errors.GROUP_AUTHORIZATION_FAILED, NO_MEMBER), context.apiVersion);
  const error = checkRequest(parts, request);
  if (error !== Errors.NONE) return toResponse(joinRefused(error, request.memberId), context.apiVersion);
  const joining = parts.runtime.write<JoinAnswer | Promise<JoinAnswer>>(
    parts.partitionFor(request.groupId),
    (state) => decide(state, request, context),
    (error) => joinRefused(error, request.memberId),
  );
  return joining instanceof Promise
    ? joining.then((joined) => toResponse(joined, context.apiVersion))
    : toResponse(joining, context.apiVersion);
}

function checkRequest({ settings }: RequestParts, { groupId, sessionTimeoutMs }: Request): ErrorCode {
  if (groupId === "") return Errors.INVALID_GROUP_ID;
  const isInRange =
    sessionTimeoutMs >= settings["group.min.session.timeout.ms"] && sessionTimeoutMs <= settings["group.max.session.timeout.ms"];
  return isInRange ? Errors.NONE : Errors.INVALID_SESSION_TIMEOUT;
}

function decide(
  state: GroupState,
  request: Request,
  context: GroupRequestContext,
): Decision<GroupRecord, JoinAnswer | Promise<JoinAnswer>> {
  const { groupId, memberId } = request;
  const join = toJoin(request);
  const group = state.group(groupId);
  if (group?.kind === "classic") return joinClassicGroup(state.environment, group, context, join);
  if (group?.kind === "share") return answer(joinRefused(Errors.INCONSISTENT_GROUP_PROTOCOL, ""));
  if (group?.kind === "streams" && !group.isEmpty) return answer(joinRefused(Errors.INCONSISTENT_GROUP_PROTOCOL, memberId));
  if (group?.kind === "consumer" && !group.isEmpty)
    return joinClassicMember({ environment: state.environment, work: state.consumerWork, group, context }, join);
  if (memberId !== "") return answer(joinRefused(Errors.UNKNOWN_MEMBER_ID, memberId));
  if (join.protocolType === "" || join.terms.protocols.length === 0)
    return answer(joinRefused(Errors.INCONSISTENT_GROUP_PROTOCOL, memberId));
  return {
    // The new group is stored, as Kafka does, before its first member is in it; it may take the place of one that is empty.
    records: [...(group?.tombstones() ?? []), { type: "classicGroup", groupId, snapshot: newGroupSnapshot(state.environment.clock.now()) }],
    applied: () => {
      const created = state.classicGroup(groupId);
      if (created === undefined) return joinRefused(Errors.UNKNOWN_SERVER_ERROR, memberId);
      return joinClassicGroup(state.environment, created, context, join).applied();
    },
  };
}

function toJoin(request: Request): Join {
  const { memberId, groupInstanceId: instanceId, protocolType, sessionTimeoutMs } = request;
  const rebalanceTimeoutMs = request.rebalanceTimeoutMs > 0 ? request.rebalanceTimeoutMs : sessionTimeoutMs;
  // Copied: the metadata are views of the request's frame, and members outlive it.
  const protocols = request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
  return { memberId, instanceId, protocolType, terms: { sessionTimeoutMs, rebalanceTimeoutMs, protocols } };
}

function toResponse(joined: JoinAnswer, apiVersion: number): Response {
  return {
    errorCode: joined.error,
    generationId: joined.generation,
    protocolType: joined.protocolType,
    protocolName: joined.protocolName ?? (apiVersion >= NULLABLE_PROTOCOL_NAME_VERSION ? null : ""),
    leader: joined.leader,
    skipAssignment: joined.skipAssignment,
    memberId: joined.memberId,
    members: joined.members.map(({ memberId, instanceId, metadata }) => ({ memberId, groupInstanceId: instanceId, metadata })),
  };
}
