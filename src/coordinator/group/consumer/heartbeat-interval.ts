// How soon a member is to be heard of again: soon in a group that has just changed, or has a new target. A member that comes and has all that
// it is to have is told the usual interval at once, unless that is nothing: what it waits for, a topic or a share of one, may be there in a moment.

import type { GroupEnvironment } from "../group-environment.ts";
import { intervalAfterChange } from "../interval-after-change.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { isReconciled, type MemberView } from "./consumer-member.ts";

export function heartbeatIntervalMs(environment: GroupEnvironment, group: ConsumerGroup, member: MemberView, isJoining: boolean): number {
  const usualMs = environment.groupSettings(group.groupId)["consumer.heartbeat.interval.ms"];
  const isServed = member.progress.assigned.size > 0 && group.epoch === group.targetEpoch && isReconciled(member, group.targetEpoch);
  if (isJoining && isServed) return usualMs;
  const shortestMs = environment.settings["odradek.group.consumer.change.heartbeat.interval.ms"];
  return intervalAfterChange({ usualMs, shortestMs, nowMs: environment.clock.now() }, group);
}
