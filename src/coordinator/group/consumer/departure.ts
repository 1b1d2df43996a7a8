// Members go, however it comes: the group is one of fewer members, or goes back to the classic protocol when nobody of the other is left.

import { rebalance } from "../classic/rebalance.ts";
import { noteChange } from "../epoch-timeline.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord } from "../group-record.ts";
import type { MemberConnection } from "../request-context.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { ConsumerMember, MemberView } from "./consumer-member.ts";
import type { GroupWork } from "./group-work.ts";
import { downgraded, isDowngraded } from "./migration.ts";
import { withoutMembers } from "./without-members.ts";

export interface Departure {
  readonly records: readonly GroupRecord[];
  /** Once the records are applied. */
  readonly applied: () => void;
}

export function depart(
  environment: GroupEnvironment,
  work: GroupWork,
  group: ConsumerGroup,
  leaving: readonly ConsumerMember[],
): Departure {
  if (!isDowngraded(environment, group, leaving)) {
    return { records: withoutMembers(environment, group, leaving), applied: () => work.watchDisconnected(group.groupId) };
  }
  const remaining = [...group.members.values()].filter((member) => !leaving.includes(member));
  return downgrade(environment, work, group, { members: remaining, mustRebalance: true });
}

export interface Downgrade {
  readonly members: readonly MemberView[];
  readonly mustRebalance: boolean;
}

/** The members go on in a classic group: with all their protocols, and on the connections that they have. */
export function downgrade(
  environment: GroupEnvironment,
  work: GroupWork,
  group: ConsumerGroup,
  { members, mustRebalance }: Downgrade,
): Departure {
  const { groupId } = group;
  const connections = new Map<string, MemberConnection | undefined>();
  for (const { memberId, watch } of group.members.values()) connections.set(memberId, watch.link.connection);
  return {
    records: downgraded(environment, group, members),
    applied: () => {
      const classic = work.classicGroupNow(groupId);
      if (classic === undefined) return;
      environment.logger.info(
        { group: groupId, generation: classic.generation, members: members.length },
        "a group is of the classic protocol again",
      );
      for (const { memberId, identity } of members) {
        const member = classic.members.get(memberId);
        if (member === undefined) continue;
        classic.updateTerms(member, { ...member.terms, protocols: identity.classic?.protocols ?? [] });
        const connection = connections.get(memberId);
        if (connection !== undefined) member.link.bind(connection);
        member.heard();
      }
      if (mustRebalance) rebalance(environment, classic, { kind: "other", text: "the last member of the consumer protocol left" });
    },
  };
}

/** Of a group that is of the consumer protocol still; one that is not tells its own. */
export function noteDeparture(
  { timeline }: GroupEnvironment,
  work: GroupWork,
  groupId: string,
  cause: Parameters<typeof noteChange>[2],
): void {
  const now = work.groupNow(groupId);
  if (now !== undefined) noteChange(timeline, now, cause);
}
