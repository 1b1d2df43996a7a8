// The assignor of share groups: everybody gets some, evenly, and nothing moves that need not (KIP-932).

import { expect, test } from "vitest";
import type { Assignment, AssignmentMember } from "../../src/coordinator/group/assignors/assignor.ts";
import { assignShared } from "../../src/coordinator/group/assignors/simple.ts";

type Counts = Readonly<Record<string, number>>;

function assign(members: readonly AssignmentMember[], topics: Counts): ReadonlyMap<string, Assignment> {
  return assignShared({ members, partitionsOf: (topicId) => Array.from({ length: topics[topicId] ?? 0 }, (_, index) => index) });
}

function member(memberId: string, topics: readonly string[], current: Assignment = new Map()): AssignmentMember {
  return { memberId, instanceId: null, topicIds: new Set(topics), current };
}

function group(count: number, topics: readonly string[], before?: ReadonlyMap<string, Assignment>): AssignmentMember[] {
  const topicIds = new Set(topics);
  return Array.from({ length: count }, (_, index) => ({ ...member(`m${index}`, [], before?.get(`m${index}`)), topicIds }));
}

function partitionsOf(assignment: Assignment | undefined): string[] {
  return [...(assignment ?? [])].flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}-${partition}`));
}

/** How many partitions each member has, and how many members each partition. */
function shape(assigned: ReadonlyMap<string, Assignment>) {
  const holders = new Map<string, number>();
  for (const assignment of assigned.values()) for (const one of partitionsOf(assignment)) holders.set(one, (holders.get(one) ?? 0) + 1);
  const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b).join();
  return { members: sorted([...assigned.values()].map((one) => partitionsOf(one).length)), partitions: sorted(holders.values()) };
}

test.each([
  [1, 3, "3", "1,1,1"],
  [2, 4, "2,2", "1,1,1,1"],
  [3, 2, "1,1,2", "2,2"],
  [3, 4, "1,1,2", "1,1,1,1"],
  [4, 7, "1,2,2,2", "1,1,1,1,1,1,1"],
  [5, 3, "1,1,1,1,2", "2,2,2"],
  [7, 3, "1,1,1,1,1,2,2", "3,3,3"],
  [3, 1, "1,1,1", "3"],
])("%i members of %i partitions have %s, and these have %s members, as Apache Kafka has it", (members, partitions, sizes, holders) => {
  expect(shape(assign(group(members, ["t"]), { t: partitions }))).toEqual({ members: sizes, partitions: holders });
});

test("whoever comes, goes and subscribes: parts stay even, and who has the same again has the same object", () => {
  const topics = { t: 5, u: 3 };
  let before = assign(group(1, ["t", "u"]), topics);
  for (const count of [2, 5, 9, 17, 8, 40, 3, 1, 6]) {
    const next = assign(group(count, ["t", "u"], before), topics);
    const sizes = [...next.values()].map((one) => partitionsOf(one).length);
    const { partitions } = shape(next);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(new Set(partitions.split(","))).toEqual(new Set([`${Math.ceil(count / 8)}`]));
    const again = assign(group(count, ["t", "u"], next), topics);
    for (const [memberId, assignment] of next) expect(again.get(memberId)).toBe(assignment);
    before = next;
  }
});

test("when one more comes, the others keep all but what is for the new one", () => {
  const before = assign(group(3, ["t"]), { t: 12 });
  const after = assign(group(4, ["t"], before), { t: 12 });
  const moved = [...before].flatMap(([memberId, assignment]) =>
    partitionsOf(assignment).filter((one) => !partitionsOf(after.get(memberId)).includes(one)),
  );
  expect(moved).toHaveLength(3);
  expect(partitionsOf(after.get("m3")).sort()).toEqual(moved.sort());
});

test("members of different topics have those of their own, evenly among their subscribers", () => {
  const members = [member("a", ["t"]), member("b", ["t", "u"]), member("c", ["u"])];
  const assigned = assign(members, { t: 4, u: 1 });
  expect(partitionsOf(assigned.get("c"))).toEqual(["u-0"]);
  expect(partitionsOf(assigned.get("a"))).toHaveLength(2);
  expect(partitionsOf(assigned.get("b"))).toHaveLength(3);
});

test("nobody has a topic without partitions, or one that it no longer subscribes to", () => {
  const had = new Map([
    ["gone", [0]],
    ["t", [0, 7]],
  ]);
  expect(assign([member("a", ["t", "empty"], had)], { t: 1 }).get("a")).toEqual(new Map([["t", [0]]]));
  expect(assign([], { t: 1 })).toEqual(new Map());
});
