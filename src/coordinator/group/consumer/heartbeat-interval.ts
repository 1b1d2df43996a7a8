// How soon a member is to be heard of again. Members learn of each other's moves by their own heartbeats: with Kafka's five seconds a group
// of two takes ten to settle. So a group that has just changed, or has a new target, asks for heartbeats soon, and then ever more rarely, until
// the interval of its settings is reached. A member that comes and has all that it is to have is told that interval at once, unless that is
// nothing: what it waits for, a topic or a share of one, may be there in a moment.

import type { GroupEnvironment } from "../group-environment.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { isReconciled, type MemberView } from "./consumer-member.ts";

/** The next heartbeat comes after this part of the time that has passed since the change. */
const PART = 4;
/** A large group's heartbeats are spread so that no more than these come in a millisecond, which keeps a core busy for some percent. */
const MEMBERS_IN_MS = 5;

export function heartbeatIntervalMs(environment: GroupEnvironment, group: ConsumerGroup, member: MemberView, isJoining: boolean): number {
  const usualMs = environment.groupSettings(group.groupId)["consumer.heartbeat.interval.ms"];
  const shortestMs = environment.settings["odradek.group.consumer.change.heartbeat.interval.ms"];
  if (shortestMs < 0 || group.changedAtMs === undefined) return usualMs;
  const isServed = member.progress.assigned.size > 0 && group.epoch === group.targetEpoch && isReconciled(member, group.targetEpoch);
  if (isJoining && isServed) return usualMs;
  const sinceChangeMs = environment.clock.now() - group.changedAtMs;
  const soonMs = Math.max(shortestMs, Math.ceil(group.members.size / MEMBERS_IN_MS), Math.trunc(sinceChangeMs / PART));
  return Math.min(usualMs, soonMs);
}
