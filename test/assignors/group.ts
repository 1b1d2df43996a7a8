// A group of the table of cases, small enough to be written down: topics with their partition counts, and members.

import type { Assignment, AssignmentInput, AssignmentMember } from "../../src/coordinator/group/assignors/assignor.ts";

export interface GroupMember extends AssignmentMember {
  readonly rackId: string | null;
}

export interface Group {
  /** Partition counts by topic id. */
  readonly topics: ReadonlyMap<string, number>;
  readonly members: readonly GroupMember[];
}

/** By place in the list of members. */
export type Parts = readonly Assignment[];

/** Of the first 26, a topic's id: a UUID in Kafka's text form. They sort alike as text and as numbers. */
export function topicId(index: number): string {
  return `topic${String.fromCharCode(65 + index)}${"A".repeat(16)}`;
}

export function memberOf(memberId: string, topicIds: Iterable<string>, more: Partial<GroupMember> = {}): GroupMember {
  return { memberId, instanceId: null, rackId: null, topicIds: new Set(topicIds), current: new Map(), ...more };
}

export function inputOf({ topics, members }: Group): AssignmentInput {
  return { members, partitionCount: (id) => topics.get(id) ?? 0 };
}

/** The group as it is once everybody has what was assigned. */
export function withParts(group: Group, parts: Parts): Group {
  return { ...group, members: group.members.map((member, index) => ({ ...member, current: parts[index] ?? new Map() })) };
}

/** Topics that anybody subscribes to, ascending. */
export function subscribedTopics({ topics, members }: Group): string[] {
  return [...topics.keys()].filter((id) => members.some(({ topicIds }) => topicIds.has(id))).sort();
}

const NOBODY = "-";
const RADIX = 36;

/** Who has which partition, a character each: the owner's place in the list of members. */
export function writtenDown(group: Group, parts: Parts): string {
  const owners = subscribedTopics(group).map((id) => {
    const ofTopic = new Array<string>(group.topics.get(id) ?? 0).fill(NOBODY);
    for (const [place, part] of parts.entries()) for (const partition of part.get(id) ?? []) ofTopic[partition] = place.toString(RADIX);
    return ofTopic.join("");
  });
  return owners.join("/");
}

export function readBack(group: Group, text: string): Parts {
  const parts = group.members.map(() => new Map<string, number[]>());
  const owners = text.split("/");
  for (const [index, id] of subscribedTopics(group).entries()) {
    for (const [partition, owner] of [...(owners[index] ?? "")].entries()) {
      if (owner === NOBODY) continue;
      const part = parts[Number.parseInt(owner, RADIX)];
      part?.set(id, [...(part.get(id) ?? []), partition]);
    }
  }
  return parts;
}
