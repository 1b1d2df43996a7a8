// JoinGroup: a member asks to be in the group, and is answered when the round of all members is complete.
//
// A dynamic member without an id is sent back once with an id to use (version 4 and later), so that a client which gives up and
// tries again does not leave a dead member behind. A static member (KIP-345) has an instance id instead and is known by it.

import { Errors } from "../../../../protocol/errors.ts";
import { answer } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { type JoinAnswer, joinRefused } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember, MemberIdentity, MemberTerms } from "./classic-member.ts";
import type { Join, JoinDecision } from "./join-decision.ts";
import { joined, rebalance } from "./rebalance.ts";
import { rejoinStatic } from "./static-member.ts";

/** From this version on a client knows MEMBER_ID_REQUIRED (KIP-394). */
const MEMBER_ID_REQUIRED_VERSION = 4;
/** A member that does not know its id yet cannot heartbeat; it may wait this long in a rebalance. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000;

export function joinGroup(environment: GroupEnvironment, group: ClassicGroup, context: GroupRequestContext, join: Join): JoinDecision {
  if (!hasRoom(environment, group, join.memberId)) return turnAway(environment, group, join.memberId);
  if (!group.supports(join.protocolType, join.terms.protocols))
    return answer(joinRefused(Errors.INCONSISTENT_GROUP_PROTOCOL, join.memberId));
  return join.memberId === "" ? joinAsNew(environment, group, context, join) : joinAgain(environment, group, context, join);
}

/** Those in the group or in the round already may stay even when there are too many. */
function hasRoom({ settings }: GroupEnvironment, group: ClassicGroup, memberId: string): boolean {
  const member = group.members.get(memberId);
  const maxSize = settings["group.max.size"];
  switch (group.state) {
    case "Empty":
      return true;
    case "PreparingRebalance":
      return member?.isWaitingForJoin === true || group.waitingForJoinCount < maxSize;
    case "CompletingRebalance":
    case "Stable":
      return member !== undefined || group.members.size < maxSize;
  }
}

/** A member that was in the group and is late for a round that is full must not be waited for. */
function turnAway(environment: GroupEnvironment, group: ClassicGroup, memberId: string): JoinDecision {
  group.pendingMembers.remove(memberId);
  const member = group.members.get(memberId);
  if (member !== undefined) group.removeMember(member, Errors.GROUP_MAX_SIZE_REACHED);
  if (group.state === "PreparingRebalance")
    rebalance(environment, group, { kind: "other", text: "a member was turned away: the group is full" });
  return answer(joinRefused(Errors.GROUP_MAX_SIZE_REACHED, ""));
}

function joinAsNew(environment: GroupEnvironment, group: ClassicGroup, context: GroupRequestContext, join: Join): JoinDecision {
  const { instanceId } = join;
  const memberId = `${instanceId ?? context.clientId}-${environment.random.uuidText()}`;
  const identity = { memberId, instanceId, clientId: context.clientId, clientHost: context.clientHost };
  if (instanceId !== null) {
    const known = group.staticMember(instanceId);
    if (known !== undefined) return rejoinStatic(environment, group, { known, identity, context, join });
  } else if (context.apiVersion >= MEMBER_ID_REQUIRED_VERSION) {
    group.pendingMembers.add(memberId, join.terms.sessionTimeoutMs, context.connection);
    return answer(joinRefused(Errors.MEMBER_ID_REQUIRED, memberId));
  }
  return { records: [], applied: () => admit(environment, group, context, { join, identity }) };
}

function admit(
  environment: GroupEnvironment,
  group: ClassicGroup,
  context: GroupRequestContext,
  { join, identity }: { readonly join: Join; readonly identity: MemberIdentity },
): Promise<JoinAnswer> {
  if (group.gathering !== undefined) group.gathering.hasNewMember = true;
  const member = group.addMember(identity, join.terms, join.protocolType);
  member.link.bind(context.connection);
  const reply = group.waitForJoin(member);
  member.session.set(NEW_MEMBER_JOIN_TIMEOUT_MS);
  rebalance(environment, group, { kind: "memberJoined", text: "a member joined", members: [member] });
  return reply;
}

function joinAgain(environment: GroupEnvironment, group: ClassicGroup, context: GroupRequestContext, join: Join): JoinDecision {
  const { memberId, instanceId } = join;
  if (group.pendingMembers.has(memberId)) {
    if (instanceId !== null) return answer(joinRefused(Errors.UNKNOWN_MEMBER_ID, memberId));
    const identity = { memberId, instanceId, clientId: context.clientId, clientHost: context.clientHost };
    return { records: [], applied: () => admit(environment, group, context, { join, identity }) };
  }
  const error = group.checkMember(memberId, instanceId);
  const member = group.members.get(memberId);
  if (error !== Errors.NONE || member === undefined) return answer(joinRefused(error, memberId));
  member.link.bind(context.connection);
  if (!mustRebalance(group, member, join.terms)) return answer(joined(group, member));
  return {
    records: [],
    applied: () => {
      group.updateTerms(member, join.terms);
      const reply = group.waitForJoin(member);
      rebalance(environment, group, { kind: "memberRejoined", text: "a member joined again", members: [member] });
      return reply;
    },
  };
}

/** A member that repeats what is known is told how things are: it may have missed the answer. A leader that comes back wants a rebalance. */
function mustRebalance(group: ClassicGroup, member: ClassicMember, terms: MemberTerms): boolean {
  switch (group.state) {
    case "PreparingRebalance":
      return true;
    case "CompletingRebalance":
      return !member.hasSameProtocols(terms.protocols);
    case "Stable":
      return group.leader === member.memberId || !member.hasSameProtocols(terms.protocols);
    case "Empty":
      return true;
  }
}
