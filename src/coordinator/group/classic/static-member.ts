// A static member (KIP-345) that comes back without its member id: its client has been restarted. It takes its old place under a new
// id, which fences whoever still uses the old one, and as long as the choice of the protocol stays there is no rebalance.

import { Errors } from "../../../../protocol/errors.ts";
import { assert } from "../../../base/assert.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRequestContext } from "../request-context.ts";
import type { JoinAnswer } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember, MemberIdentity, MemberProtocol } from "./classic-member.ts";
import type { Join, JoinDecision } from "./join-decision.ts";
import { joinedMembers, rebalance } from "./rebalance.ts";
import { currentAssignments, snapshotOf } from "./snapshot.ts";

/** From this version on a leader can be told not to assign (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9;

export interface StaticRejoin {
  readonly known: ClassicMember;
  /** With its new id. */
  readonly identity: MemberIdentity;
  readonly context: GroupRequestContext;
  readonly join: Join;
}

export function rejoinStatic(environment: GroupEnvironment, group: ClassicGroup, rejoin: StaticRejoin): JoinDecision {
  const { known, identity } = rejoin;
  environment.logger.info(
    { group: group.groupId, instanceId: known.instanceId, member: identity.memberId, replaces: known.memberId },
    "static member came back",
  );
  if (group.state === "Stable" && chooseWith(group, known, rejoin.join.terms.protocols) === group.protocolName) {
    return replaceInStable(environment, group, rejoin);
  }
  return {
    records: [],
    applied: () => {
      const member = group.replaceStaticMember(known, identity);
      takeOver(group, member, rejoin);
      const reply = group.waitForJoin(member);
      rebalance(environment, group, { kind: "memberJoined", text: "a static member came back", members: [member] });
      return reply;
    },
  };
}

/** Its new id is stored with the group; it is answered with the generation as it is. */
function replaceInStable({ clock }: GroupEnvironment, group: ClassicGroup, rejoin: StaticRejoin): JoinDecision {
  const { known, identity, join } = rejoin;
  const { memberId } = identity;
  const { groupId } = group;
  const formerLeader = group.leader;
  const current = snapshotOf(group, currentAssignments(group), clock.now());
  const subscription = join.terms.protocols.find(({ name }) => name === group.protocolName)?.metadata ?? Buffer.alloc(0);
  const { sessionTimeoutMs, rebalanceTimeoutMs } = join.terms;
  const renewed = { ...identity, sessionTimeoutMs, rebalanceTimeoutMs, subscription };
  const snapshot = {
    ...current,
    leader: formerLeader === known.memberId ? memberId : formerLeader,
    members: current.members.map((each) => (each.memberId === known.memberId ? { ...each, ...renewed } : each)),
  };
  return {
    records: [{ type: "classicGroup", groupId, snapshot }],
    applied: () => {
      const member = group.members.get(memberId);
      assert(member !== undefined, "the stored snapshot put the new id in the place of the old one");
      takeOver(group, member, rejoin);
      member.heard();
      return answerInStable(group, member, { formerLeader, apiVersion: rejoin.context.apiVersion });
    },
  };
}

function takeOver(group: ClassicGroup, member: ClassicMember, { join, context }: StaticRejoin): void {
  group.updateTerms(member, join.terms);
  member.link.bind(context.connection);
}

/** Clients that cannot be told to skip the assignment are told the former leader's id, so that they do not take themselves for it. */
function answerInStable(
  group: ClassicGroup,
  member: ClassicMember,
  { formerLeader, apiVersion }: { readonly formerLeader: string | null; readonly apiVersion: number },
): JoinAnswer {
  const canSkip = apiVersion >= SKIP_ASSIGNMENT_VERSION;
  const skipAssignment = canSkip && group.leader === member.memberId;
  return {
    error: Errors.NONE,
    memberId: member.memberId,
    generation: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: (canSkip ? group.leader : formerLeader) ?? "",
    skipAssignment,
    members: skipAssignment ? joinedMembers(group) : [],
  };
}

/** The protocol that the group would choose if the member had these. */
function chooseWith(group: ClassicGroup, member: ClassicMember, protocols: readonly MemberProtocol[]): string | undefined {
  const { terms } = member;
  group.updateTerms(member, { ...terms, protocols });
  const choice = group.chooseProtocol();
  group.updateTerms(member, terms);
  return choice;
}
