// How groups that are led by epochs tell their timeline of rebalances: one begins when the epoch is raised, and is over when every member has come
// to the target of that epoch.

import type { RebalanceCause, RebalanceTimeline } from "./rebalance-timeline.ts";

interface Member {
  readonly memberId: string;
  readonly identity: { readonly clientId: string };
  readonly progress: { readonly epoch: number };
}

interface EpochGroup {
  readonly groupId: string;
  readonly kind: string;
  readonly epoch: number;
  readonly targetEpoch: number;
  readonly state: string;
  readonly members: ReadonlyMap<string, { readonly progress: { readonly epoch: number } }>;
}

export interface NotedBeat {
  readonly formerEpoch: number;
  /** As it is now. */
  readonly member: Member;
  readonly isNew: boolean;
  /** What it says of itself is other than before. */
  readonly isChanged: boolean;
}

/** After a heartbeat that changed something. */
export function noteBeat(timeline: RebalanceTimeline, group: EpochGroup, { formerEpoch, member, isNew, isChanged }: NotedBeat): void {
  const known = [{ memberId: member.memberId, clientId: member.identity.clientId }];
  if (group.epoch !== formerEpoch) timeline.caused(group.groupId, isNew ? joined(known) : isChanged ? changed(known) : TOPICS);
  if (member.progress.epoch !== group.targetEpoch || group.epoch !== group.targetEpoch) return;
  for (const each of known) timeline.arrived(group.groupId, each);
  settle(timeline, group);
}

/** After members have gone, or something else has raised the epoch. */
export function noteChange(
  timeline: RebalanceTimeline,
  group: EpochGroup,
  { members = [], ...cause }: Omit<RebalanceCause, "members"> & { readonly members?: readonly Omit<Member, "progress">[] },
): void {
  const known = members.map(({ memberId, identity: { clientId } }) => ({ memberId, clientId }));
  timeline.caused(group.groupId, { ...cause, members: known });
  settle(timeline, group);
}

/** The state of a share group does not tell whether its members have come to its target. */
function settle(timeline: RebalanceTimeline, group: EpochGroup): void {
  const { kind, state, epoch, members } = group;
  const isThere = state === "Stable" && (kind !== "share" || [...members.values()].every(({ progress }) => progress.epoch === epoch));
  if (isThere || state === "Empty") timeline.ended(group, epoch);
}

const TOPICS: RebalanceCause = { kind: "topicsChanged", text: "topics that it is about came, went or have other partitions" };
const joined = (members: RebalanceCause["members"] & object): RebalanceCause => ({
  kind: "memberJoined",
  text: "a member joined",
  members,
});
const changed = (members: RebalanceCause["members"] & object): RebalanceCause => ({
  ...{ kind: "subscriptionChanged", text: "a member subscribes to something else, or says something else of itself" },
  members,
});
