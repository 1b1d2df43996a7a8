// Records of a cluster of machines while leaderships move: what was acknowledged is read from whoever leads, and nothing is acknowledged by who
// does not.

import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { leaders, type Machine, Machines, TTL_MS } from "./bench.ts";

const TOPIC = { name: "t", partitions: 4 };

async function two(machines: Machines): Promise<[Machine, Machine]> {
  const first = await machines.start({ topics: [TOPIC] });
  const second = await machines.start();
  await machines.when(() => leaders(first, "t").filter((leader) => leader === 2).length === 2);
  return [first, second];
}

/** The first partition that it leads. */
function partitionOf(machine: Machine): number {
  return leaders(machine, "t").indexOf(machine.id);
}

test("what is under way when a leadership goes to a broker that came is stored first and answered, and read from that one", async () => {
  await using machines = new Machines();
  const first = await machines.start({ topics: [TOPIC] });
  first.store.latencyMs = 300;
  const sent = Array.from({ length: TOPIC.partitions }, (_, index) => first.produce("t", index, `of ${index}`));
  // They have come, and wait for the store.
  await machines.when(() => first.store.requestCounts.put > 0);
  const second = await machines.start();
  await machines.when(() => leaders(second, "t").filter((leader) => leader === 2).length === 2);
  expect(await machines.until(Promise.all(sent))).toEqual([0, 0, 0, 0]);
  for (let index = 0; index < TOPIC.partitions; index++) {
    const leader = leaders(second, "t")[index] === 2 ? second : first;
    const other = leader === second ? first : second;
    expect(await machines.until(leader.read("t", index))).toEqual([`of ${index}`]);
    expect(await machines.until(other.read("t", index))).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
  }
});

test("a broker that stops stores what is under way, answers, and only then lets others lead", async () => {
  await using machines = new Machines();
  const [first, second] = await two(machines);
  const index = partitionOf(second);
  second.store.latencyMs = 300;
  const sent = second.produce("t", index, "last words");
  await machines.when(() => second.store.requestCounts.put > 0);
  const stopped = second.node.stop();
  expect(await machines.until(sent)).toBe(Errors.NONE);
  await machines.until(stopped);
  expect(await machines.until(first.read("t", index))).toEqual(["last words"]);
});

test("while the object store is away a broker stops all the same, and what was not stored is not acknowledged", async () => {
  await using machines = new Machines();
  const [first, second] = await two(machines);
  const index = partitionOf(second);
  second.store.faultOf = () => ({ kind: "unavailable", isDone: false });
  const sent = second.produce("t", index, "lost");
  await nextTurn();
  await machines.pass(500);
  const since = machines.time.now();
  await machines.until(second.node.stop());
  expect(machines.time.now() - since).toBeLessThan(TTL_MS);
  expect(await machines.until(sent)).not.toBe(Errors.NONE);
  expect(await machines.until(first.read("t", index))).toEqual([]);
});

test("what a broker acknowledged before it died is read from who took over, and what it had not is nowhere", async () => {
  await using machines = new Machines();
  const [first, second] = await two(machines);
  const index = partitionOf(second);
  expect(await machines.until(second.produce("t", index, "kept"))).toBe(Errors.NONE);
  await machines.pass(TTL_MS + 3000);
  // It is stopped with an object under way, which arrives, and a commit, which does not.
  second.store.latencyMs = 1000;
  const zombies = second.produce("t", index, "the zombie's");
  await machines.when(() => second.store.requestCounts.put > 1);
  second.suspend();
  await machines.when(() => leaders(first, "t")[index] === 1);
  expect(await machines.until(first.produce("t", index, "after it"))).toBe(Errors.NONE);
  second.resume();
  expect(await machines.until(zombies)).not.toBe(Errors.NONE);
  await machines.when(() => leaders(first, "t").filter((leader) => leader === 2).length === 2);
  const leader = leaders(first, "t")[index] === 1 ? first : second;
  expect(await machines.until(leader.read("t", index))).toEqual(["kept", "after it"]);
});
