// How a group's leader shares out partitions: each partition of a wanted topic to exactly one member that wants it.

import { expect, test } from "vitest";
import { ASSIGNORS, type Assignments, type AssignorName, type Subscriber } from "../../src/client/group-assignors.ts";

function member(
  memberId: string,
  topics: readonly string[],
  owned: Subscriber["owned"] = [],
  instanceId: string | null = null,
): Subscriber {
  return { memberId, instanceId, topics, owned };
}

function share(name: AssignorName, subscribers: readonly Subscriber[], counts: Readonly<Record<string, number>>) {
  return ASSIGNORS[name]({ subscribers, partitionCounts: new Map(Object.entries(counts)) });
}

/** `{ a: "t-0 t-1" }` */
function told(assignments: Assignments): Record<string, string> {
  return Object.fromEntries(
    [...assignments].map(([id, partitions]) => [id, partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(" ")]),
  );
}

test("ranges give each topic by itself, the first members one more", () => {
  const both = [member("b", ["t", "u"]), member("a", ["t", "u"])];
  expect(told(share("range", both, { t: 3, u: 3 }))).toEqual({ a: "t-0 t-1 u-0 u-1", b: "t-2 u-2" });
  expect(told(share("range", [member("a", ["t"]), member("b", ["t", "u"])], { t: 2, u: 2 }))).toEqual({ a: "t-0", b: "t-1 u-0 u-1" });
});

test("static members come first, by their instance ids", () => {
  const members = [member("a", ["t"]), member("z", ["t"], [], "i2"), member("y", ["t"], [], "i1")];
  expect(told(share("range", members, { t: 3 }))).toEqual({ y: "t-0", z: "t-1", a: "t-2" });
});

test("in turn, who does not want a topic is passed over", () => {
  const members = [member("a", ["t", "u"]), member("b", ["u"])];
  expect(told(share("roundrobin", members, { t: 2, u: 2 }))).toEqual({ a: "t-0 t-1 u-1", b: "u-0" });
});

test("a cooperative member keeps what it has; what moves is given to nobody until it is given up", () => {
  const all = [0, 1, 2, 3].map((partition) => ({ topic: "t", partition }));
  const first = told(share("cooperative-sticky", [member("a", ["t"], all), member("b", ["t"])], { t: 4 }));
  expect(first["a"]?.split(" ")).toHaveLength(2);
  expect(first["b"]).toBe("");
  const kept = all.filter(({ partition }) => first["a"]?.includes(`t-${partition}`));
  const second = told(share("cooperative-sticky", [member("a", ["t"], kept), member("b", ["t"])], { t: 4 }));
  expect(second["a"]).toBe(first["a"]);
  expect(second["b"]?.split(" ")).toHaveLength(2);
});

/** Counts on, so that a failure can be had again. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

test.each(Object.keys(ASSIGNORS) as AssignorName[])("%s gives every partition that somebody wants to one who wants it", (name) => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomNumbers(seed);
    const counts = Object.fromEntries(["t", "u", "v"].map((topic) => [topic, random(5)]));
    const members = Array.from({ length: 1 + random(4) }, (_, index) =>
      member(
        `m${index}`,
        ["t", "u", "v"].filter(() => random(2) === 0),
      ),
    );
    const given = [...share(name, members, counts)].flatMap(([id, partitions]) => partitions.map((partition) => ({ id, ...partition })));
    const wanted = Object.entries(counts).flatMap(([topic, count]) =>
      members.some(({ topics }) => topics.includes(topic)) ? Array.from({ length: count }, (_, partition) => `${topic}-${partition}`) : [],
    );
    expect(given.map(({ topic, partition }) => `${topic}-${partition}`).sort(), `seed ${seed}`).toEqual(wanted.sort());
    for (const { id, topic } of given) expect(members.find(({ memberId }) => memberId === id)?.topics, `seed ${seed}`).toContain(topic);
  }
});
