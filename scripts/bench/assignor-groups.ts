// The groups that assignors are timed with: 1,000 members and 10,000 partitions, made without an assignor of ours or Kafka's.

import { type Group, memberOf, topicId, withParts } from "../../test/assignors/group.ts";

export const SHAPES = ["one topic", "100 topics"] as const;
export const SUBSCRIPTIONS = ["alike", "different"] as const;
export const CHANGES = ["first", "one joined", "one left"] as const;

export interface GroupOrder {
  readonly assignor: string;
  readonly shape: (typeof SHAPES)[number];
  readonly subscriptions: (typeof SUBSCRIPTIONS)[number];
  /** What has happened since members got what they have. */
  readonly change: (typeof CHANGES)[number];
  readonly members: number;
  readonly partitions: number;
}

export interface TimedOrder extends GroupOrder {
  /** How long is measured. */
  readonly forMs: number;
}

const MANY = 100;
/** Members of one kind subscribe to half of the topics; the next kind's half begins a tenth further on. */
const KINDS = 10;

export function groupOf({ shape, subscriptions, change, members, partitions }: GroupOrder): Group {
  const areAlike = subscriptions === "alike";
  const topics = shape === "one topic" ? oneTopic(partitions, areAlike) : manyTopics(partitions);
  const kinds = areAlike ? [new Set(topics.keys())] : kindsOf(topics);
  const group: Group = {
    topics,
    members: Array.from({ length: members }, (_, place) =>
      memberOf(memberId(place), [], { topicIds: kinds[place % kinds.length] ?? new Set() }),
    ),
  };
  if (change === "first") return group;
  if (change === "one left") {
    const settled = dealtOut({ topics, members: [...group.members, memberOf(memberId(members), kinds[0] ?? [])] });
    return { topics, members: settled.members.slice(0, -1) };
  }
  const settled = dealtOut({ topics, members: group.members.slice(0, -1) });
  return { topics, members: [...settled.members, ...group.members.slice(-1)] };
}

/** As clients make them: UUIDs, which come in no order. */
function memberId(place: number): string {
  const digits = (Math.imul(place + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return asRead(`${digits}-${digits.slice(0, 4)}-4${digits.slice(1, 4)}-8${digits.slice(5)}-${digits}${digits.slice(4)}`);
}

/** In one piece, as texts are that came in a request: V8 keeps one that was put together as the pieces, and is slower with it. */
function asRead(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** With different subscriptions a second topic, of a hundredth of the partitions, that every other member reads too. */
function oneTopic(partitions: number, isAlone: boolean): Map<string, number> {
  return new Map([[asRead(topicId(0)), partitions], ...(isAlone ? [] : ([[asRead(topicId(1)), Math.ceil(partitions / 100)]] as const))]);
}

function manyTopics(partitions: number): Map<string, number> {
  return new Map(Array.from({ length: MANY }, (_, index) => [manyId(index), Math.ceil(partitions / MANY)]));
}

function manyId(index: number): string {
  return asRead(`many${String.fromCharCode(65 + Math.floor(index / 10), 65 + (index % 10))}${"A".repeat(16)}`);
}

function kindsOf(topics: ReadonlyMap<string, number>): Set<string>[] {
  const ids = [...topics.keys()];
  if (ids.length < KINDS) return [new Set(ids), new Set(ids.slice(0, 1))];
  const half = ids.length / 2;
  return Array.from({ length: KINDS }, (_, kind) => {
    return new Set(Array.from({ length: half }, (_, index) => ids[(index + (kind * ids.length) / KINDS) % ids.length] ?? ""));
  });
}

/** The first partition of each topic, then the second of each and so on, always to the subscriber that has least by then. */
function dealtOut(group: Group): Group {
  const parts = group.members.map(() => new Map<string, number[]>());
  const loads = group.members.map(() => 0);
  const topics = [...group.topics].map(([id, count]) => {
    return { id, count, subscribers: [...group.members.keys()].filter((place) => group.members[place]?.topicIds.has(id)) };
  });
  const most = Math.max(...group.topics.values());
  for (let partition = 0; partition < most; partition++) {
    for (const { id, subscribers } of topics.filter(({ count }) => partition < count)) {
      const least = subscribers.reduce((best, place) => ((loads[place] ?? 0) < (loads[best] ?? 0) ? place : best));
      loads[least] = (loads[least] ?? 0) + 1;
      const part = parts[least];
      part?.set(id, [...(part.get(id) ?? []), partition]);
    }
  }
  return withParts(group, parts);
}
