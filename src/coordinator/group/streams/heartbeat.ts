// StreamsGroupHeartbeat of a member that stays or joins (KIP-1071). In one request it says who it is and what it has, and is told what it has from
// now on and what stands in the way of more:
//
//   1. who it is: a member, or a new one; anything new about it raises the epoch of the group
//   2. the topology, which the first member brings, on the topics that there are (`configureTopology`)
//   3. everybody's target, if the epoch is ahead of it, and neither the first assignment nor the next one is to wait
//   4. its own step towards the target
//
// What is decided becomes records; a heartbeat that changes nothing, which is nearly every one, makes none.

import { Errors } from "../../../../protocol/errors.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import { noteBeat } from "../epoch-timeline.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord } from "../group-record.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { type Beat, type DecidedBeat, decideBeat } from "./beat.ts";
import { type EndpointPartitions, endpointsOf } from "./endpoints.ts";
import { heartbeatIntervalMs } from "./heartbeat-interval.ts";
import { checkEpoch, unknownMember } from "./membership-faults.ts";
import { type Status, Statuses } from "./statuses.ts";
import type { StreamsGroup } from "./streams-group.ts";
import {
  isEqualIdentity,
  MemberStates,
  NEW_IDENTITY,
  NO_PROGRESS,
  type StreamsIdentity,
  type StreamsMemberView,
} from "./streams-member.ts";
import { type HeldByRole, isSameToTell } from "./tasks.ts";
import type { InternalTopicInfo } from "./topology.ts";

export interface BeatAnswer {
  readonly memberId: string;
  readonly epoch: number;
  readonly intervalMs: number;
  readonly statuses: readonly Status[];
  /** `null`: as it was told. */
  readonly assigned: HeldByRole | null;
  readonly endpointEpoch: number;
  /** `null`: as it was told. */
  readonly endpoints: readonly EndpointPartitions[] | null;
  /** Internal topics that are to be made, by name. */
  readonly missing: ReadonlyMap<string, InternalTopicInfo>;
}

export type BeatDecision = Decision<GroupRecord, BeatAnswer | Refusal>;

/** @param group one that is there, or is to be: its first records make it. @param groupNow the group once they are applied */
export function heartbeat(
  environment: GroupEnvironment,
  group: StreamsGroup,
  context: GroupRequestContext,
  { beat, groupNow }: { readonly beat: Beat; readonly groupNow: () => StreamsGroup | undefined },
): BeatDecision {
  const isNew = groupNow() !== group;
  const stored = group.members.get(beat.memberId);
  const fault = memberFault(environment, group, beat);
  if (fault !== undefined) return answer(fault);
  const member: StreamsMemberView = stored ?? { memberId: beat.memberId, identity: NEW_IDENTITY, progress: NO_PROGRESS };
  const identity = identified(member.identity, context, beat);
  const decided = decideBeat(environment, group, { stored, member, identity, beat });
  if (isRefusal(decided)) return answer(decided);
  const noted = { formerEpoch: group.epoch, isNew: stored === undefined, isChanged: identity !== member.identity };
  return {
    records: decided.records,
    tellsStored: true,
    applied: () => {
      const now = groupNow();
      if (now === undefined) return { error: Errors.UNKNOWN_SERVER_ERROR, message: "" };
      // What a member says as it makes the group, and what is found out then, is not kept beyond the records: the next heartbeat finds it out again.
      if (!isNew) {
        now.configured = decided.configured;
        now.isMetadataStale = false;
        if (beat.isShutdown) now.shutdownRequestedBy = beat.memberId;
      }
      if (decided.startsDelayMs !== undefined) now.initialDelay.set(decided.startsDelayMs);
      heard(environment, now, decided);
      if (decided.records.length > 0) noteBeat(environment.timeline, now, { ...noted, member: decided.member });
      return toAnswer(environment, now, decided, { beat, isNew });
    },
  };
}

function memberFault({ settings }: GroupEnvironment, group: StreamsGroup, beat: Beat): Refusal | undefined {
  const { memberId, epoch, owned } = beat;
  const largest = settings["group.streams.max.size"];
  if (epoch === 0 && group.members.size >= largest)
    return { error: Errors.GROUP_MAX_SIZE_REACHED, message: `The streams group has reached its maximum capacity of ${largest} members.` };
  const known = group.members.get(memberId);
  if (known === undefined) return epoch === 0 ? undefined : unknownMember(memberId, group.groupId);
  return checkEpoch(known, epoch, owned);
}

/** What the member is known by once it has said this; the same object when it says nothing new. */
function identified(known: StreamsIdentity, context: GroupRequestContext, beat: Beat): StreamsIdentity {
  const identity: StreamsIdentity = {
    instanceId: null,
    rackId: beat.rackId ?? known.rackId,
    clientId: context.clientId,
    clientHost: context.clientHost,
    rebalanceTimeoutMs: beat.rebalanceTimeoutMs === -1 ? known.rebalanceTimeoutMs : beat.rebalanceTimeoutMs,
    topologyEpoch: beat.topology?.epoch ?? known.topologyEpoch,
    processId: beat.processId ?? known.processId,
    endpoint: beat.endpoint ?? known.endpoint,
    clientTags: beat.clientTags ?? known.clientTags,
  };
  return isEqualIdentity(known, identity) ? known : identity;
}

/** Its session starts anew; it has as long as it said to give up what it must. */
function heard({ groupSettings }: GroupEnvironment, group: StreamsGroup, { member, before }: DecidedBeat): void {
  const { memberId, progress, identity } = member;
  const watch = group.members.get(memberId)?.watch;
  watch?.session.set(groupSettings(group.groupId)["streams.session.timeout.ms"]);
  if (progress === before) return;
  if (progress.state === MemberStates.UNREVOKED_TASKS) watch?.rebalance.set(identity.rebalanceTimeoutMs);
  else watch?.rebalance.clear();
}

function toAnswer(
  environment: GroupEnvironment,
  group: StreamsGroup,
  { member, before, configured, statuses }: DecidedBeat,
  { beat, isNew }: { readonly beat: Beat; readonly isNew: boolean },
): BeatAnswer {
  const { memberId, identity, progress } = member;
  const isTold = beat.epoch === 0 || !isSameToTell(before.assigned, progress.assigned);
  const endpointEpoch = group.endpointEpoch + (isTold && identity.endpoint !== null ? 1 : 0);
  // Of a group that comes to be, the epoch begins with the next one.
  if (!isNew) group.endpointEpoch = endpointEpoch;
  const { shutdownRequestedBy } = group;
  return {
    memberId,
    epoch: progress.epoch,
    intervalMs: heartbeatIntervalMs(environment, group, member, beat.epoch === 0),
    statuses: shutdownRequestedBy === undefined ? statuses : [...statuses, shutdown(shutdownRequestedBy)],
    assigned: isTold ? progress.assigned : null,
    endpointEpoch: isNew ? 0 : endpointEpoch,
    endpoints: endpointEpoch === beat.endpointEpoch ? null : endpointsOf(group.members.values(), configured, environment.topics),
    missing: configured.missing,
  };
}

function shutdown(memberId: string): Status {
  const statusDetail = `Streams group member ${memberId} encountered a fatal error and requested a shutdown for the entire application.`;
  return { statusCode: Statuses.SHUTDOWN_APPLICATION, statusDetail };
}
