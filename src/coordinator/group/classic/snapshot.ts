// What is stored of a classic group: one record for the whole group, when a generation is complete and when the group is empty.

import type { ClassicGroupSnapshot } from "../group-record.ts";
import type { ClassicGroup } from "./classic-group.ts";

/** The group with these assignments, by member id; members without one get an empty one. */
export function snapshotOf(group: ClassicGroup, assignments: ReadonlyMap<string, Buffer>, nowMs: number): ClassicGroupSnapshot {
  const none = Buffer.alloc(0);
  const { protocolType, generation, protocolName, leader } = group;
  const members = [...group.members.values()].map((member) => member.snapshot(protocolName, assignments.get(member.memberId) ?? none));
  return { protocolType, generation, protocolName, leader, stateTimestampMs: nowMs, members };
}

export function currentAssignments(group: ClassicGroup): Map<string, Buffer> {
  return new Map([...group.members.values()].map(({ memberId, assignment }) => [memberId, assignment]));
}

/** The group once nobody is left. */
export function emptiedSnapshot({ protocolType, generation }: ClassicGroup, nowMs: number): ClassicGroupSnapshot {
  return { protocolType, generation: generation + 1, protocolName: null, leader: null, stateTimestampMs: nowMs, members: [] };
}

/** A group that has just come into being. */
export function newGroupSnapshot(nowMs: number): ClassicGroupSnapshot {
  return { protocolType: null, generation: 0, protocolName: null, leader: null, stateTimestampMs: nowMs, members: [] };
}
