// Groups of every kind (classic, consumer, share, streams): what they are, who is in them, where they stand, and how far that is from the end.

import { kafkaFault, refuseError } from "./fault.ts";
import { type DescribedGroup, type DescribedMember, kafka } from "./kafka.ts";
import { offsetsAt } from "./topics.ts";

export type GroupKind = "classic" | "consumer" | "share" | "streams";

export interface GroupRow {
  readonly id: string;
  readonly kind: GroupKind;
  readonly state: string;
  /** Undefined: not asked for. */
  readonly lag: number | undefined;
  readonly topics: readonly string[];
}

export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: none is committed. */
  readonly committed: number | undefined;
  readonly end: number | undefined;
  readonly lag: number | undefined;
}

/** Beyond so many, their lag is not asked for in the list. */
const MOST_WITH_LAG = 500;
/** The last that has names of topics, not ids. */
const BY_NAME = { version: 9 };

export async function listGroups(signal?: AbortSignal): Promise<readonly GroupRow[]> {
  const { groups, errorCode, errorMessage } = await kafka("ListGroups", {}, { signal });
  refuseError(errorCode, errorMessage);
  const rows = groups.map(({ groupId, groupState, groupType, protocolType }) => ({
    id: groupId,
    kind: kindOf(groupType, protocolType),
    state: groupState,
  }));
  const offsets = rows.length > MOST_WITH_LAG ? new Map<string, readonly GroupOffset[]>() : await offsetsOf(rows, signal);
  return rows.map((row) => {
    const of = offsets.get(row.id);
    return { ...row, lag: of === undefined ? undefined : totalLag(of), topics: [...new Set(of?.map(({ topic }) => topic))] };
  });
}

export function totalLag(offsets: readonly GroupOffset[]): number {
  return offsets.reduce((total, { lag = 0 }) => total + lag, 0);
}

/** By the ids of groups. */
export async function offsetsOf(
  groups: readonly Pick<GroupRow, "id" | "kind">[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly GroupOffset[]>> {
  const share = groups.filter(({ kind }) => kind === "share");
  const others = groups.filter(({ kind }) => kind !== "share");
  const [ofShare, ofOthers] = await Promise.all([shareOffsets(share, signal), committedOffsets(others, signal)]);
  return new Map([...ofShare, ...ofOthers]);
}

async function committedOffsets(
  groups: readonly Pick<GroupRow, "id">[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly GroupOffset[]>> {
  if (groups.length === 0) return new Map();
  const asked = groups.map(({ id }) => ({ groupId: id, topics: null }));
  const answer = await kafka("OffsetFetch", { groups: asked, requireStable: false }, { ...BY_NAME, signal });
  const known = answer.groups.filter(({ errorCode }) => errorCode === 0);
  const partitions = new Map<string, Set<number>>();
  for (const { name, partitions: of } of known.flatMap(({ topics }) => topics)) {
    const wanted = partitions.get(name) ?? new Set<number>();
    partitions.set(name, wanted);
    for (const { partitionIndex } of of) wanted.add(partitionIndex);
  }
  const ends = await endsOf(partitions, signal);
  return new Map(
    known.map(({ groupId, topics }) => [
      groupId,
      topics.flatMap(({ name, partitions: of }) =>
        of.map(({ partitionIndex, committedOffset }) => {
          const end = ends.get(`${name}/${partitionIndex}`);
          const committed = committedOffset < 0 ? undefined : committedOffset;
          const lag = end === undefined || committed === undefined ? undefined : Math.max(0, end - committed);
          return { topic: name, partition: partitionIndex, committed, end, lag };
        }),
      ),
    ]),
  );
}

async function shareOffsets(
  groups: readonly Pick<GroupRow, "id">[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly GroupOffset[]>> {
  const found = await Promise.all(
    groups.map(async ({ id }) => {
      const answer = await kafka("DescribeShareGroupOffsets", { groups: [{ groupId: id, topics: null }] }, { signal });
      const topics = answer.groups[0]?.topics ?? [];
      const offsets = topics.flatMap(({ topicName, partitions }) =>
        partitions.map(({ partitionIndex, startOffset, lag }) => {
          const isKnown = lag >= 0 && startOffset >= 0;
          return {
            topic: topicName,
            partition: partitionIndex,
            committed: startOffset < 0 ? undefined : startOffset,
            end: undefined,
            lag: isKnown ? lag : undefined,
          };
        }),
      );
      return [id, offsets] as const;
    }),
  );
  return new Map(found);
}

function endsOf(partitions: ReadonlyMap<string, ReadonlySet<number>>, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const topics = [...partitions].map(([name, of]) => ({
    name,
    partitions: [...of].map((partitionIndex) => ({ partitionIndex })),
  }));
  return offsetsAt(topics, -1, signal);
}

export interface Group {
  readonly id: string;
  readonly kind: GroupKind;
  readonly described: DescribedGroup;
  readonly offsets: readonly GroupOffset[];
  /** Of each partition that somebody has, by "topic/partition", the ids of members. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
}

/** Rejects with Fault where there is none. */
export async function describeGroup(id: string, signal?: AbortSignal): Promise<Group> {
  const { groups } = await kafka("ListGroups", {}, { signal });
  const listed = groups.find(({ groupId }) => groupId === id);
  if (listed === undefined) throw kafkaFault(69);
  const kind = kindOf(listed.groupType, listed.protocolType);
  const [described, offsets] = await Promise.all([descriptionOf(id, kind, signal), offsetsOf([{ id, kind }], signal)]);
  const owners = new Map<string, string[]>();
  for (const member of described.members)
    for (const { topic, partition } of ownedBy(member))
      owners.set(`${topic}/${partition}`, [...(owners.get(`${topic}/${partition}`) ?? []), member.memberId]);
  return { id, kind, described, offsets: offsets.get(id) ?? [], owners };
}

async function descriptionOf(id: string, kind: GroupKind, signal?: AbortSignal): Promise<DescribedGroup> {
  const { groups } =
    kind === "classic"
      ? await kafka("DescribeGroups", { groups: [id], includeAuthorizedOperations: false }, { signal })
      : await kafka(DESCRIBED_BY[kind], { groupIds: [id], includeAuthorizedOperations: false }, { signal });
  const [group] = groups;
  if (group === undefined) throw kafkaFault(69);
  refuseError(group.errorCode, group.errorMessage);
  return group;
}

const DESCRIBED_BY = { consumer: "ConsumerGroupDescribe", share: "ShareGroupDescribe", streams: "StreamsGroupDescribe" } as const;

export function ownedBy({
  assignment,
  memberAssignment = "",
}: DescribedMember): readonly { readonly topic: string; readonly partition: number }[] {
  if (assignment?.topicPartitions !== undefined)
    return assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topic: topicName, partition })),
    );
  if (assignment?.activeTasks !== undefined)
    return assignment.activeTasks.flatMap(({ subtopologyId, partitions }) =>
      partitions.map((partition) => ({ topic: `subtopology ${subtopologyId}`, partition })),
    );
  return classicAssignment(memberAssignment);
}

/** What a leader gave a member (ConsumerProtocolAssignment): a version, then topics with partitions. Other protocols are not looked into. */
function classicAssignment(base64: string): readonly { readonly topic: string; readonly partition: number }[] {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const owned: { topic: string; partition: number }[] = [];
  try {
    let at = 2;
    const topics = view.getInt32(at);
    at += 4;
    for (let index = 0; index < topics; index += 1) {
      const length = view.getInt16(at);
      const topic = new TextDecoder().decode(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
      const partitions = view.getInt32(at);
      at += 4;
      for (let each = 0; each < partitions; each += 1, at += 4) owned.push({ topic, partition: view.getInt32(at) });
    }
  } catch {
    return owned;
  }
  return owned;
}

export interface NewOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export async function resetOffsets({ id, kind }: Pick<Group, "id" | "kind">, offsets: readonly NewOffset[]): Promise<void> {
  const topics = new Map<string, NewOffset[]>();
  for (const offset of offsets) topics.set(offset.topic, [...(topics.get(offset.topic) ?? []), offset]);
  if (kind === "share") {
    const asked = [...topics].map(([topicName, of]) => ({
      topicName,
      partitions: of.map(({ partition, offset }) => ({ partitionIndex: partition, startOffset: offset })),
    }));
    const answer = await kafka("AlterShareGroupOffsets", { groupId: id, topics: asked });
    refuseError(answer.errorCode, answer.errorMessage);
    for (const { errorCode, errorMessage } of answer.responses.flatMap(({ partitions }) => partitions))
      refuseError(errorCode, errorMessage);
    return;
  }
  const asked = [...topics].map(([name, of]) => ({
    name,
    partitions: of.map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: offset, committedMetadata: "" })),
  }));
  const answer = await kafka("OffsetCommit", { groupId: id, generationIdOrMemberEpoch: -1, memberId: "", topics: asked }, BY_NAME);
  for (const { errorCode } of answer.topics.flatMap(({ partitions }) => partitions)) refuseError(errorCode);
}

/** It is out of the group, and its partitions go to others; a client that lives joins again. Classic groups alone know this request. */
export async function expireMember(id: string, member: DescribedMember): Promise<void> {
  const members = [{ memberId: member.memberId, groupInstanceId: member.groupInstanceId ?? null, reason: "expired by an administrator" }];
  const answer = await kafka("LeaveGroup", { groupId: id, members });
  refuseError(answer.errorCode);
  for (const { errorCode } of answer.members ?? []) refuseError(errorCode);
}

export async function deleteGroup(id: string): Promise<void> {
  const { results } = await kafka("DeleteGroups", { groupsNames: [id] });
  refuseError(results[0]?.errorCode ?? 0);
}

function kindOf(type: string, protocolType: string): GroupKind {
  const name = type.toLowerCase();
  if (name === "consumer" || name === "share" || name === "streams") return name;
  return protocolType === "share" ? "share" : "classic";
}
