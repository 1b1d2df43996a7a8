// How missing internal topics of streams groups are had made, and what is said of those that cannot be.

import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { InternalTopics } from "../../../src/coordinator/group/streams/internal-topics.ts";
import type { InternalTopicInfo } from "../../../src/coordinator/group/streams/topology.ts";

const REMEMBER_MS = 10_000;
const ANYBODY = { isPermitted: () => true, rememberMs: REMEMBER_MS };

function topics(...names: readonly string[]): ReadonlyMap<string, InternalTopicInfo> {
  return new Map(names.map((name) => [name, { name, partitions: 1, replicationFactor: 0, topicConfigs: [] }]));
}

function benchOf(why?: string) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const internal = new InternalTopics(clock, async (wanted) => {
    asked.push(wanted.map(({ name }) => name).join());
    await clock.advance(0);
    return wanted.map(() => why);
  });
  return { clock, asked, internal };
}

test("what is being made is not asked for twice", async () => {
  const { clock, asked, internal } = benchOf();
  expect(internal.require(topics("a", "b"), ANYBODY)).toBe("");
  internal.require(topics("a", "b", "c"), ANYBODY);
  expect(asked).toEqual(["a,b", "c"]);
  await clock.advance(0);
});

test("an error is told and not tried again for a while", async () => {
  const { clock, asked, internal } = benchOf("no room");
  internal.require(topics("a"), ANYBODY);
  await clock.advance(0);
  await clock.advance(0);
  expect(internal.require(topics("a"), ANYBODY)).toBe("; Creation failed: a (no room).");
  expect(asked).toEqual(["a"]);
  await clock.advance(REMEMBER_MS);
  expect(internal.require(topics("a"), ANYBODY)).toBe("");
  expect(asked).toEqual(["a", "a"]);
});

test("of many errors three are told", async () => {
  const { clock, internal } = benchOf("no");
  const all = topics("a", "b", "c", "d", "e");
  internal.require(all, ANYBODY);
  await clock.advance(0);
  await clock.advance(0);
  expect(internal.require(all, ANYBODY)).toBe("; Creation failed: a (no), b (no), c (no) and 2 more.");
});

test("none is made when one of them is not permitted", () => {
  const { asked, internal } = benchOf();
  const said = internal.require(topics("a", "b", "c"), { ...ANYBODY, isPermitted: (name) => name === "b" });
  expect(said).toBe("; Unauthorized to CREATE on topics a, c.");
  expect(asked).toEqual([]);
});
