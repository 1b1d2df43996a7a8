// What whoever runs the broker sees of a group and does to it, whatever its kind: each kind of group has its case here, and who asks need not
// know of kinds.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import { answer, type Decision } from "../decision.ts";
import { endSessions } from "./classic/alarms.ts";
import { rebalance as rebalanceClassicGroup } from "./classic/rebalance.ts";
import { classicGroupObstacles, summarizeClassicGroup } from "./classic/summary.ts";
import { consumerGroupObstacles, summarizeConsumerGroup } from "./consumer/summary.ts";
import type { Group } from "./group.ts";
import type { GroupRecord } from "./group-record.ts";
import type { GroupState } from "./group-state.ts";
import type { GroupSummary } from "./group-summary.ts";
import { shareGroupObstacles, summarizeShareGroup } from "./share/summary.ts";
import { streamsGroupObstacles, summarizeStreamsGroup } from "./streams/summary.ts";

const ASKED = { kind: "asked", text: "it was asked for" } as const;

/** Everybody's part is decided anew, as if a member had come or gone; nothing happens to a group without members. */
export function rebalance(
  { environment, consumerWork, shareWork, streamsWork }: GroupState,
  group: Group,
): Decision<GroupRecord, ErrorCode> {
  if (group.members.size === 0) return answer(Errors.NONE);
  switch (group.kind) {
    case "classic": {
      const applied = () => {
        rebalanceClassicGroup(environment, group, ASKED);
        return Errors.NONE;
      };
      return { records: [], applied };
    }
    case "consumer":
      return replying(consumerWork.rebalance(group), Errors.NONE);
    case "share":
      return replying(shareWork.rebalance(group), Errors.NONE);
    case "streams":
      return replying(streamsWork.rebalance(group), Errors.NONE);
  }
}

/** The members of these ids are removed as if nothing had been heard of them for their session timeout; UNKNOWN_MEMBER_ID when there is none. */
export function expire(
  { environment, consumerWork, shareWork, streamsWork }: GroupState,
  group: Group,
  memberIds: Iterable<string>,
): Decision<GroupRecord, ErrorCode> {
  const ids = [...memberIds].filter((memberId) => group.members.has(memberId));
  if (ids.length === 0) return answer(Errors.UNKNOWN_MEMBER_ID);
  switch (group.kind) {
    case "classic":
      return replying(endSessions(environment, group, membersOf(group, ids)), Errors.NONE);
    case "consumer":
      return replying(consumerWork.endSessions(group, membersOf(group, ids)), Errors.NONE);
    case "share":
      return replying(shareWork.endSessions(group, membersOf(group, ids)), Errors.NONE);
    case "streams":
      return replying(streamsWork.endSessions(group, membersOf(group, ids)), Errors.NONE);
  }
}

export function summarize({ environment }: GroupState, group: Group): GroupSummary {
  switch (group.kind) {
    case "classic":
      return summarizeClassicGroup(group);
    case "consumer":
      return summarizeConsumerGroup(environment, group);
    case "share":
      return summarizeShareGroup(environment, group);
    case "streams":
      return summarizeStreamsGroup(environment, group);
  }
}

/** What has to happen before the group is stable, a sentence each; none for a group that is, or that nobody is in. */
export function obstacles({ environment }: GroupState, group: Group): string[] {
  switch (group.kind) {
    case "classic":
      return classicGroupObstacles(environment, group);
    case "consumer":
      return consumerGroupObstacles(environment, group);
    case "share":
      return shareGroupObstacles(environment, group);
    case "streams":
      return streamsGroupObstacles(environment, group);
  }
}

function membersOf<Member>({ members }: { readonly members: ReadonlyMap<string, Member> }, memberIds: Iterable<string>): Member[] {
  return [...memberIds].flatMap((memberId) => members.get(memberId) ?? []);
}

function replying<Reply>(decision: Decision<GroupRecord, void>, reply: Reply): Decision<GroupRecord, Reply> {
  return {
    ...decision,
    applied: () => {
      decision.applied();
      return reply;
    },
  };
}
