// What holds of the coordinator's assignors whatever the group, over groups that a seed decides, larger than those of the table of cases.

import { describe, expect, test } from "vitest";
import type { Assignor } from "../../src/coordinator/group/assignors/assignor.ts";
import { Exchange } from "../../src/coordinator/group/assignors/exchange.ts";
import { assignors } from "../../src/coordinator/group/assignors/index.ts";
import { TopicPartitions } from "../../src/coordinator/group/assignors/parts.ts";
import { TopicShares } from "../../src/coordinator/group/assignors/topic-shares.ts";
import { ASSIGNORS } from "../assignors/facts.ts";
import { type Group, type GroupMember, inputOf, memberOf, topicId, withParts } from "../assignors/group.ts";
import { faultsOf, loadsOf, movesOf } from "../assignors/measures.ts";
import { assignOurs } from "../assignors/ours.ts";
import { Dice } from "../simulation/scheduler.ts";

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

test("the coordinator has uniform and range, in this order", () => {
  expect([...assignors.keys()]).toEqual(["uniform", "range"]);
  for (const [name, assignor] of assignors) expect(assignor.name).toBe(name);
});

describe.each(ASSIGNORS)("%s", (assignor) => {
  test.each(SEEDS)("gives every partition to one subscriber, whatever members say they had: seed %i", (seed) => {
    const group = anyGroup(new Dice(seed), { doubleOwners: 0.2 });
    expect(faultsOf(group, assignOurs(assignor, group))).toEqual([]);
  });

  test.each(SEEDS)("gives the same for the same, and nothing new to those who have what it gave: seed %i", (seed) => {
    const group = anyGroup(new Dice(seed));
    const parts = assignOurs(assignor, group);
    expect(assignOurs(assignor, group)).toEqual(parts);
    expect(assignOurs(assignor, withParts(group, parts))).toEqual(parts);
  });

  test("changes nothing that it is given", () => {
    const group = anyGroup(new Dice(1));
    const before = structuredClone(group);
    assignOurs(assignor, group);
    expect(group).toEqual(before);
  });

  test("has nothing to give in a group without members, without subscriptions or without partitions", () => {
    expect(assignOurs(assignor, { topics: new Map([[topicId(0), 3]]), members: [] })).toEqual([]);
    const two = (topicIds: readonly string[]): GroupMember[] => [memberOf("a", topicIds), memberOf("b", [])];
    expect(assignOurs(assignor, { topics: new Map(), members: two([]) })).toEqual([new Map(), new Map()]);
    expect(assignOurs(assignor, { topics: new Map([[topicId(0), 0]]), members: two([topicId(0)]) })).toEqual([new Map(), new Map()]);
  });

  test.each(["alike", "differently"])("may be interrupted often in a group whose members subscribe %s", (how) => {
    const ids = Array.from({ length: 20 }, (_, index) => topicId(index));
    const members = Array.from({ length: 1000 }, (_, place) => memberOf(`m${place}`, how === "alike" ? ids : ids.slice(place % 10)));
    const group: Group = { topics: new Map(ids.map((id) => [id, 500])), members };
    expect(yieldsOf(assignors.get(assignor), group)).toBeGreaterThanOrEqual(30);
  });
});

describe("uniform", () => {
  test.each(SEEDS)("makes members of one subscription equal within one, and moves only what is above somebody's quota: seed %i", (seed) => {
    const group = alike(anyGroup(new Dice(seed)));
    const parts = assignOurs("uniform", group);
    const loads = loadsOf(parts);
    expect((loads[0] ?? 0) - (loads.at(-1) ?? 0)).toBeLessThanOrEqual(1);
    expect(movesOf(group, parts)).toBe(leastMoves(group));
  });

  test.each(SEEDS)("moves nobody's partitions when somebody leaves, and to one who joins only its share: seed %i", (seed) => {
    const group = alike(anyGroup(new Dice(seed)));
    const settled = withParts(group, assignOurs("uniform", group));
    const left = { ...settled, members: settled.members.slice(1) };
    if (left.members.length > 0) expect(movesOf(left, assignOurs("uniform", left))).toBe(0);
    const joined = { ...settled, members: [...settled.members, memberOf("new", group.members[0]?.topicIds ?? [])] };
    expect(movesOf(joined, assignOurs("uniform", joined))).toBe(Math.floor(partitionsOf(group) / joined.members.length));
  });

  test.each(SEEDS)("leaves no topic of which one subscriber could give to another to make the two more even: seed %i", (seed) => {
    const group = anyGroup(new Dice(seed));
    const parts = assignOurs("uniform", group);
    const loadAt = (place: number) => loadsOf([parts[place] ?? new Map()])[0] ?? 0;
    for (const id of group.topics.keys()) {
      const subscribers = [...group.members.keys()].filter((place) => group.members[place]?.topicIds.has(id));
      const givers = subscribers.filter((place) => parts[place]?.has(id));
      const [most, least] = [Math.max(0, ...givers.map(loadAt)), Math.min(...subscribers.map(loadAt))];
      expect(most - least, id).toBeLessThanOrEqual(1);
    }
  });

  test.each(SEEDS)("is as even as can be in a first assignment: seed %i", (seed) => {
    const group = anyGroup(new Dice(seed));
    const first = { ...group, members: group.members.map((member) => ({ ...member, current: new Map() })) };
    const parts = assignOurs("uniform", first);
    const loads = parts.map((part) => loadsOf([part])[0] ?? 0);
    // Partitions can be handed on to whoever subscribes to a topic of which one has some, from there likewise, and so on.
    for (const [place, load] of loads.entries()) {
      const reached = new Set([place]);
      for (const giver of reached) {
        for (const id of parts[giver]?.keys() ?? []) {
          for (const [taker, { topicIds }] of first.members.entries()) if (topicIds.has(id)) reached.add(taker);
        }
      }
      for (const end of reached) expect(loads[end]).toBeGreaterThanOrEqual(load - 1);
    }
  });

  test("hands a member's part on as the object that it was", () => {
    const group = alike(anyGroup(new Dice(3)));
    const settled = withParts(group, assignOurs("uniform", group));
    const again = assignOurs("uniform", settled);
    for (const [place, { current }] of settled.members.entries()) expect(again[place]).toBe(current);
  });
});

describe("an exchange", () => {
  /** Of the first topic member 0 had a partition that is to go to member 1, of the second it is the other way round. */
  function exchanged(loads: readonly number[]): number[][] {
    const shares = [
      [0, 1, 2],
      [0, 1],
    ].map((subscribers, index) => {
      const topic = new TopicShares(new TopicPartitions(topicId(index), 1));
      for (const member of subscribers) topic.subscribe(member);
      topic.begin();
      topic.keep(index, [0]);
      topic.handOver(index, 1 - index);
      return topic;
    });
    const work = new Exchange(shares, Int32Array.from(loads)).regain();
    while (work.next().done !== true);
    return shares.map((topic) => topic.winners());
  }

  test("gives back what two members have of each other", () => {
    expect(exchanged([3, 2, 2])).toEqual([[], []]);
  });

  test("gives nobody a partition that a third would be due, who has two less", () => {
    expect(exchanged([3, 2, 1])).toEqual([[1], [0]]);
  });
});

describe("range", () => {
  const topics = new Map([0, 1, 2].map((index) => [topicId(index), index === 2 ? 4 : 7]));

  test("divides topics of as many partitions alike", () => {
    const parts = assignOurs("range", { topics, members: ["c", "a", "b"].map((id) => memberOf(id, topics.keys())) });
    expect(parts.map((part) => part.get(topicId(0)))).toEqual([
      [5, 6],
      [0, 1, 2],
      [3, 4],
    ]);
    for (const part of parts) expect(part.get(topicId(1))).toEqual(part.get(topicId(0)));
    expect(parts.map((part) => part.get(topicId(2)))).toEqual([[3], [0, 1], [2]]);
  });

  test("puts static members first, by instance id, so that one that restarts finds its partitions", () => {
    const members = [
      memberOf("a", topics.keys()),
      memberOf("z", topics.keys(), { instanceId: "one" }),
      memberOf("y", topics.keys(), { instanceId: "two" }),
    ];
    const parts = assignOurs("range", { topics, members });
    expect(parts.map((part) => part.get(topicId(0)))).toEqual([
      [5, 6],
      [0, 1, 2],
      [3, 4],
    ]);
    const restarted = members.map((member) => (member.instanceId === "one" ? { ...member, memberId: "0" } : member));
    expect(assignOurs("range", { topics, members: restarted })).toEqual(parts);
  });
});

/** Members had what they could have had, and some of what they could not: of topics that are gone, beyond the last partition, and another's. */
function anyGroup(dice: Dice, { doubleOwners = 0 } = {}): Group {
  const topics = new Map(Array.from({ length: dice.between(1, 12) }, (_, index) => [topicId(index), dice.between(0, 60)]));
  const kinds = Array.from({ length: dice.between(1, 4) }, () => [...topics.keys()].filter(() => dice.chance(0.7)));
  const owned = new Set<string>();
  const members = Array.from({ length: dice.between(1, 40) }, (_, place) => {
    const current = new Map<string, number[]>();
    for (const id of [...topics.keys(), topicId(25)]) {
      const partitions = Array.from({ length: 70 }, (_, partition) => partition).filter(
        (partition) => dice.chance(0.05) && (!owned.has(`${id} ${partition}`) || dice.chance(doubleOwners)),
      );
      for (const partition of partitions) owned.add(`${id} ${partition}`);
      if (partitions.length > 0) current.set(id, partitions);
    }
    const instanceId = dice.chance(0.3) ? `i${place}` : null;
    return memberOf(`m${dice.between(0, 999)}-${place}`, dice.pick(kinds), { instanceId, current });
  });
  return { topics, members };
}

function alike(group: Group): Group {
  const members = group.members.map((member) => ({ ...member, topicIds: new Set(group.topics.keys()) }));
  return { ...group, members };
}

/** What cannot stay: of each member what is above the quota, where those with most have the larger one. */
function leastMoves(group: Group): number {
  const kept = group.members.map(({ current }) => {
    const valid = [...current].map(([id, partitions]) => partitions.filter((partition) => partition < (group.topics.get(id) ?? 0)));
    return valid.flat().length;
  });
  const [quota, extras] = [Math.floor(partitionsOf(group) / kept.length), partitionsOf(group) % kept.length];
  const above = kept.map((count) => count - quota).filter((count) => count > 0);
  return above.reduce((sum, count) => sum + count, 0) - Math.min(above.length, extras);
}

function partitionsOf({ topics }: Group): number {
  return [...topics.values()].reduce((sum, count) => sum + count, 0);
}

function yieldsOf(assignor: Assignor | undefined, group: Group): number {
  const work = assignor?.assign(inputOf(group));
  let yields = 0;
  while (work?.next().done === false) yields++;
  return yields;
}
