// The coordinator's assignors beside Kafka's own, over a table of cases (test/assignors) of which it is recorded what Kafka makes.

import { describe, expect, test } from "vitest";
import { CHAINS, type Chain } from "../assignors/chains.ts";
import { ASSIGNORS, casesOf, readFacts } from "../assignors/facts.ts";
import { type Group, type Parts, withParts, writtenDown } from "../assignors/group.ts";
import { faultsOf, isAsEven, loadsOf, movesOf } from "../assignors/measures.ts";
import { assignOurs } from "../assignors/ours.ts";

const facts = readFacts();

describe.each(ASSIGNORS)("%s", (assignor) => {
  test.each(CHAINS)("is valid, as even as Kafka's and moves no more: $name", (chain) => {
    const cases = casesOf(assignor, chain, facts);
    for (const { name, group, parts } of cases) {
      const ours = assignOurs(assignor, group);
      expect(faultsOf(group, ours), name).toEqual([]);
      const [loads, kafkaLoads] = [loadsOf(ours), loadsOf(parts)];
      expect(isAsEven(loads, kafkaLoads), `${name}: ${loads} beside ${kafkaLoads}`).toBe(true);
      expect(movesOf(group, ours), name).toBeLessThanOrEqual(movesOf(group, parts));
    }
  });

  test("what was recorded of Kafka is an assignment, and there is one for every case", () => {
    for (const chain of CHAINS) {
      expect(facts[assignor][chain.name], chain.name).toHaveLength(chain.changes.length);
      for (const { name, group, parts } of casesOf(assignor, chain, facts)) expect(faultsOf(group, parts), name).toEqual([]);
    }
    expect(Object.keys(facts[assignor])).toHaveLength(CHAINS.length);
  });

  test("over chains in which each has its own assignment before, no more moves than with Kafka's", () => {
    const ours = sum(CHAINS.map((chain) => movesAlong(chain, (group) => assignOurs(assignor, group))));
    const kafka = sum(CHAINS.map((chain) => sum(casesOf(assignor, chain, facts).map(({ group, parts }) => movesOf(group, parts)))));
    expect(ours).toBeLessThanOrEqual(kafka);
  });
});

describe("uniform does better than Kafka's", () => {
  test("in a first assignment where subscriptions overlap, which it makes as even as can be", () => {
    const { group, parts } = caseOf("subscriptions that overlap like the links of a chain", 0);
    expect(loadsOf(assignOurs("uniform", group))).toEqual([12, 12, 12, 12, 11, 11]);
    expect(loadsOf(parts)).toEqual([14, 13, 12, 11, 10, 10]);
  });

  test.each([
    {
      where: "a member has its number of a topic, but not the partitions that it had",
      chain: "a new member takes part of a large topic only",
      index: 2,
      moves: [2, 3],
    },
    {
      where: "a member that lost a partition can have it back for another",
      chain: "subscriptions that overlap like the links of a chain",
      index: 4,
      moves: [10, 12],
    },
  ])("where $where: it need not", ({ chain, index, moves }) => {
    const { group, parts } = caseOf(chain, index);
    const ours = assignOurs("uniform", group);
    expect(loadsOf(ours)).toEqual(loadsOf(parts));
    expect([movesOf(group, ours), movesOf(group, parts)]).toEqual(moves);
  });

  function caseOf(chainName: string, index: number) {
    const found = CHAINS.filter(({ name }) => name === chainName).flatMap((chain) => casesOf("uniform", chain, facts))[index];
    if (found === undefined) throw new Error(`no case ${index} of ${chainName}`);
    return found;
  }
});

test("range gives everybody the very partitions that Kafka's gives", () => {
  for (const chain of CHAINS) {
    for (const { name, group, parts } of casesOf("range", chain, facts)) {
      expect(writtenDown(group, assignOurs("range", group)), name).toBe(writtenDown(group, parts));
    }
  }
});

function movesAlong({ start, changes }: Chain, assign: (group: Group) => Parts): number {
  let [group, moves] = [start(), 0];
  for (const change of changes) {
    const changed = change.apply(group);
    const parts = assign(changed);
    moves += movesOf(changed, parts);
    group = withParts(changed, parts);
  }
  return moves;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
