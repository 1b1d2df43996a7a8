// Everybody's target: what the assignor makes of members and topology, when it may be made, and the records of what is different from before.

import type { GroupEnvironment } from "../group-environment.ts";
import { type ConfiguredTopology, isReady } from "./configured-topology.ts";
import { assignSticky, type StickyMember } from "./sticky-assignor.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMemberView } from "./streams-member.ts";
import type { StreamsRecord } from "./streams-record.ts";
import { isSameByRole, NOTHING, type TasksByRole } from "./tasks.ts";

export const ASSIGNOR = "sticky";
const STANDBY_REPLICAS = "num.standby.replicas";

/** What assignments depend on besides members and topics, as it is stored with the epoch that was raised for it. */
export function assignmentSettings({ groupSettings }: GroupEnvironment, groupId: string): ReadonlyMap<string, string> {
  return new Map([[STANDBY_REPLICAS, `${groupSettings(groupId)["streams.num.standby.replicas"]}`]]);
}

/** Whether as much time has passed since the last one as the group is to have. A clock that was set back does not keep anybody waiting. */
export function isTargetDue({ clock, groupSettings }: GroupEnvironment, { groupId, targetTimestampMs }: StreamsGroup): boolean {
  const intervalMs = groupSettings(groupId)["streams.assignment.interval.ms"];
  const nowMs = clock.now();
  return targetTimestampMs === 0 || nowMs >= targetTimestampMs + intervalMs || nowMs < targetTimestampMs;
}

export interface TargetPlan {
  readonly epoch: number;
  readonly settings: ReadonlyMap<string, string>;
  readonly configured: ConfiguredTopology;
  /** Everyone who is to have a target. */
  readonly members: readonly StreamsMemberView[];
}

export interface Targets {
  readonly byMember: ReadonlyMap<string, TasksByRole>;
  readonly records: readonly StreamsRecord[];
}

/** Without topics to read from nobody has anything. */
export function computeTargets({ clock, logger }: GroupEnvironment, group: StreamsGroup, plan: TargetPlan): Targets {
  const { groupId } = group;
  const { epoch, settings, configured } = plan;
  // Whoever comes first is given first where everything else is equal: not in whatever order they are known after a load.
  const members = plan.members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const byMember = assign(group, configured, members, Number(settings.get(STANDBY_REPLICAS) ?? 0));
  const records: StreamsRecord[] = [];
  for (const { memberId } of members) {
    const target = byMember.get(memberId) ?? NOTHING;
    const former = group.targets().get(memberId);
    if (former === undefined || !isSameByRole(former, target)) records.push({ type: "streamsMemberTarget", groupId, memberId, target });
  }
  records.push({ type: "streamsTarget", groupId, value: { epoch, timestampMs: clock.now() } });
  logger.debug({ group: groupId, epoch, assignor: ASSIGNOR, members: members.length }, "computed a group's target assignment");
  return { byMember, records };
}

function assign(
  group: StreamsGroup,
  configured: ConfiguredTopology,
  members: readonly StreamsMemberView[],
  standbyCount: number,
): ReadonlyMap<string, TasksByRole> {
  const { subtopologies } = configured;
  if (!isReady(configured) || subtopologies === undefined) return new Map();
  return assignSticky({
    members: members.map(
      ({ memberId, identity }): StickyMember => ({ memberId, processId: identity.processId, current: group.targetOf(memberId) }),
    ),
    subtopologies: [...subtopologies.values()].map(({ subtopologyId, taskCount, stateChangelogTopics }) => ({
      subtopologyId,
      taskCount,
      isStateful: stateChangelogTopics.length > 0,
    })),
    standbyCount,
  });
}
