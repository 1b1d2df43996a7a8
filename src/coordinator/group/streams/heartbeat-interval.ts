// How soon a member of a streams group is to be heard of again: soon while its group changes, also while internal topics are being made. A member
// that comes and has all that it is to have is told the usual interval at once, unless that is nothing.

import type { GroupEnvironment } from "../group-environment.ts";
import { intervalAfterChange } from "../interval-after-change.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { isReconciled, type StreamsMemberView } from "./streams-member.ts";
import { isNothing } from "./tasks.ts";

export function heartbeatIntervalMs(
  { groupSettings, settings, clock }: GroupEnvironment,
  group: StreamsGroup,
  member: StreamsMemberView,
  isJoining: boolean,
): number {
  const usualMs = groupSettings(group.groupId)["streams.heartbeat.interval.ms"];
  const isServed = !isNothing(member.progress.assigned) && group.epoch === group.targetEpoch && isReconciled(member, group.targetEpoch);
  if (isJoining && isServed) return usualMs;
  const shortestMs = settings["odradek.group.streams.change.heartbeat.interval.ms"];
  return intervalAfterChange({ usualMs, shortestMs, nowMs: clock.now() }, group);
}
