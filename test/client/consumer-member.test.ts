// Our own consumer as a member of a consumer group (KIP-848), against brokers in this process: what it reads and gives up, what it says in
// its heartbeats, and how it takes what goes wrong.

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { describeGroup } from "../../src/client/admin/groups.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { FROM_EARLIEST, GROUP_DEFAULTS, GroupConsumer, type GroupOptions } from "../../src/client/consumer.ts";
import { nameOf, type TopicPartition } from "../../src/client/topic-partition.ts";
import { type RunningBroker, startBroker, startCluster } from "../../src/index.ts";
import { QUICK_GROUPS } from "../support/quick-groups.ts";

let broker: RunningBroker;
let admin: Brokers;
beforeAll(async () => {
  broker = await startBroker({ host: "127.0.0.1", settings: QUICK_GROUPS });
  admin = new Brokers(broker.bootstrapServers);
});
afterAll(async () => {
  await admin.close();
  await broker.stop();
});

const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 20_000, interval: 5 });

/** Reads as our commands do, and tells what has become of it. */
class Reader {
  readonly events: string[] = [];
  readonly read: string[] = [];
  readonly consumer: GroupConsumer;
  readonly #brokers: Brokers;
  readonly #ended: Promise<void>;
  #owned: string[] = [];
  #isStopping = false;
  #polling: Promise<void> = Promise.resolve();
  failure: unknown;

  constructor(name: string, options: Partial<GroupOptions> & { readonly groupId: string }, servers = broker.bootstrapServers) {
    const topic = options.groupId;
    this.#brokers = new Brokers(servers, { clientId: name });
    this.consumer = new GroupConsumer(this.#brokers, {
      ...GROUP_DEFAULTS,
      protocol: "consumer",
      isCommittedOnly: false,
      offsetReset: FROM_EARLIEST,
      wantedTopics: async () => [topic],
      ...options,
      assigned: (partitions) => {
        this.#owned.push(...partitions.map(nameOf));
        if (partitions.length > 0) this.events.push(`+ ${names(partitions)}`);
      },
      revoked: (partitions) => {
        this.#owned = this.#owned.filter((one) => !partitions.map(nameOf).includes(one));
        this.events.push(`- ${names(partitions)}`);
      },
    });
    this.#ended = this.#run();
  }

  get owned(): string[] {
    return this.#owned.toSorted();
  }

  /** Polls no more until what it gives is called. */
  pause(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#polling = promise;
    return resolve;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopping) {
        await this.#polling;
        for (const fetched of await this.consumer.poll(20)) {
          this.read.push(...fetched.records.map(({ value }) => `${value}`));
          this.consumer.passed(fetched, fetched.nextOffset);
        }
      }
    } catch (error) {
      this.failure = error;
    } finally {
      await this.consumer.close();
      await this.#brokers.close();
    }
  }
}

function names(partitions: readonly TopicPartition[]): string {
  return partitions
    .map(({ partition }) => partition)
    .sort()
    .join();
}

async function produce(topic: string, values: readonly string[]): Promise<void> {
  for (const [index, value] of values.entries()) await broker.produce(topic, { value, partition: index % 4 });
}

/** What is asked by a member, in the order in which it comes. */
function heard(api: "ConsumerGroupHeartbeat" | "OffsetCommit", clientId: string) {
  return broker.faults.on(api).where({ clientId }).delay(0);
}

async function topicOfFour(name: string): Promise<void> {
  await broker.topics.create({ name, partitions: 4 });
}

test("members share without standing still, and each record is read once", async () => {
  await topicOfFour("share");
  const first = new Reader("first", { groupId: "share" });
  await until(() => expect(first.owned).toHaveLength(4));
  await produce("share", ["a", "b", "c", "d"]);
  await until(() => expect(first.read).toHaveLength(4));
  const second = new Reader("second", { groupId: "share" });
  await until(() => expect([first.owned, second.owned].map(({ length }) => length)).toEqual([2, 2]));
  // What it keeps it never gave up.
  expect(first.events).toEqual(["+ 0,1,2,3", `- ${second.owned.map((name) => name.slice(-1)).join()}`]);
  await produce("share", ["e", "f", "g", "h"]);
  await until(() => expect([...first.read, ...second.read]).toHaveLength(8));
  await second.stop();
  await until(() => expect(first.owned).toHaveLength(4));
  await produce("share", ["i", "j", "k", "l"]);
  await until(() => expect([...first.read, ...second.read]).toHaveLength(12));
  await first.stop();
  expect([...first.read, ...second.read].sort().join("")).toBe("abcdefghijkl");
  expect(await describeGroup(admin, "share")).toMatchObject({ type: "consumer", state: "Empty", members: [] });
});

test("heartbeats say what is new, and all of it after an answer was lost", async () => {
  await topicOfFour("told");
  const heartbeats = heard("ConsumerGroupHeartbeat", "teller");
  const reader = new Reader("teller", { groupId: "told", rackId: "r", remoteAssignor: "range", rebalanceTimeoutMs: 1234 });
  await until(() => expect(heartbeats.count).toBeGreaterThan(3));
  heartbeats.remove();
  const everything = { rebalanceTimeoutMs: 1234, rackId: "r", serverAssignor: "range", subscribedTopicNames: ["told"] };
  const nothing = { rebalanceTimeoutMs: -1, rackId: null, serverAssignor: null, subscribedTopicNames: null };
  const requests = heartbeats.requests.map(({ request }) => request);
  const memberEpoch = expect.toSatisfy((epoch: number) => epoch > 0, "an epoch of a member");
  expect(requests.slice(0, 4)).toMatchObject([
    { memberEpoch: 0, ...everything, topicPartitions: [] },
    { memberEpoch, ...nothing, topicPartitions: [{ partitions: [0, 1, 2, 3] }] },
    { memberEpoch, ...nothing, topicPartitions: null },
    { memberEpoch, ...nothing, topicPartitions: null },
  ]);
  const lost = broker.faults.on("ConsumerGroupHeartbeat").where({ clientId: "teller" }).disconnect("after").times(1);
  await until(() => expect(lost.count).toBe(1));
  const again = heard("ConsumerGroupHeartbeat", "teller");
  await until(() => expect(again.count).toBeGreaterThan(1));
  again.remove();
  expect(again.requests.map(({ request }) => request).slice(0, 2)).toMatchObject([
    { memberEpoch, ...everything, topicPartitions: [{ partitions: [0, 1, 2, 3] }] },
    { memberEpoch, ...nothing, topicPartitions: null },
  ]);
  expect(reader.events).toEqual(["+ 0,1,2,3"]);
  const last = heard("ConsumerGroupHeartbeat", "teller");
  await reader.stop();
  last.remove();
  expect(last.requests.at(-1)?.request).toMatchObject({ memberEpoch: -1 });
});

test("a member that leaves before it knows where to begin is told that it gives up what it was given", async () => {
  await topicOfFour("early");
  const fetches = broker.faults.on("OffsetFetch").where({ clientId: "early" }).delay(300);
  const reader = new Reader("early", { groupId: "early" });
  await until(() => expect(reader.events).toEqual(["+ 0,1,2,3"]));
  await reader.stop();
  fetches.remove();
  expect(reader.events).toEqual(["+ 0,1,2,3", "- 0,1,2,3"]);
});

test("a static member that comes back has what it had, and nobody else notices", async () => {
  await topicOfFour("static");
  const other = new Reader("other", { groupId: "static" });
  const before = new Reader("before", { groupId: "static", instanceId: "here" });
  await until(() => expect([other.owned, before.owned].map(({ length }) => length)).toEqual([2, 2]));
  const [had, noticed] = [before.owned, other.events.length];
  await before.stop();
  expect((await describeGroup(admin, "static")).members.map(({ epoch }) => epoch)).toContain(-2);
  const after = new Reader("after", { groupId: "static", instanceId: "here" });
  await until(() => expect(after.owned).toEqual(had));
  expect(other.events).toHaveLength(noticed);
  const third = new Reader("third", { groupId: "static", instanceId: "here" });
  await until(() => expect(`${third.failure}`).toMatch(/instance id is owned by .* \(UNRELEASED_INSTANCE_ID\)$/));
  await Promise.all([other.stop(), after.stop(), third.stop()]);
});

test.each(["FENCED_MEMBER_EPOCH", "UNKNOWN_MEMBER_ID", "GROUP_ID_NOT_FOUND"] as const)(
  "after %s it has lost all, and joins again",
  async (error) => {
    const topic = `fenced-${error}`;
    await topicOfFour(topic);
    const reader = new Reader(topic, { groupId: topic });
    await until(() => expect(reader.owned).toHaveLength(4));
    await produce(topic, ["a", "b", "c", "d"]);
    await until(() => expect(reader.read).toHaveLength(4));
    const commits = heard("OffsetCommit", topic);
    const fault = broker.faults.on("ConsumerGroupHeartbeat").where({ clientId: topic }).error(error).times(1);
    await until(() => expect(reader.events).toEqual(["+ 0,1,2,3", "- 0,1,2,3", "+ 0,1,2,3"]));
    expect([fault.count, commits.count]).toEqual([1, 0]);
    // Nothing was stored: it may not speak for partitions that may be another's.
    await until(() => expect(reader.read.sort().join("")).toBe("aabbccdd"));
    commits.remove();
    await reader.stop();
  },
);

test.each([
  ["UNKNOWN_MEMBER_ID", 0],
  ["ILLEGAL_GENERATION", 0],
  ["REBALANCE_IN_PROGRESS", 1],
] as const)("a member of the classic protocol that is told %s stores %i times how far it came", async (error, count) => {
  const topic = `classic-${error}`;
  await topicOfFour(topic);
  const reader = new Reader(topic, { groupId: topic, protocol: "classic", heartbeatIntervalMs: 10, commitIntervalMs: 60_000 });
  await until(() => expect(reader.owned).toHaveLength(4));
  await produce(topic, ["a", "b", "c", "d"]);
  await until(() => expect(reader.read).toHaveLength(4));
  const commits = heard("OffsetCommit", topic);
  const [member] = (await describeGroup(admin, topic)).members;
  if (error === "UNKNOWN_MEMBER_ID") await broker.faults.expireMember(topic, `${member?.id}`);
  else broker.faults.on("Heartbeat").where({ clientId: topic }).error(error).times(1);
  await until(() => expect(reader.events).toEqual(["+ 0,1,2,3", "- 0,1,2,3", "+ 0,1,2,3"]));
  expect(commits.count).toBe(count);
  commits.remove();
  await reader.stop();
});

test.each([
  ["FENCED_INSTANCE_ID", "Another member has taken this group instance id."],
  ["GROUP_AUTHORIZATION_FAILED", "(GROUP_AUTHORIZATION_FAILED)"],
] as const)("%s ends it", async (error, sentence) => {
  const topic = `ended-${error}`;
  await topicOfFour(topic);
  const reader = new Reader(topic, { groupId: topic, instanceId: "i" });
  await until(() => expect(reader.owned).toHaveLength(4));
  broker.faults.on("ConsumerGroupHeartbeat").where({ clientId: topic }).error(error).times(1);
  await until(() => expect(`${reader.failure}`).toContain(sentence));
  await reader.stop();
});

test("a commit with an epoch that has passed is made again with the new one, and one of a stranger is not taken", async () => {
  await topicOfFour("commits");
  const reader = new Reader("committer", { groupId: "commits", commitIntervalMs: undefined });
  await until(() => expect(reader.owned).toHaveLength(4));
  const position = { topic: "commits", partition: 0, offset: 0 };
  const where = { clientId: "committer" };
  const stale = broker.faults.on("OffsetCommit").where(where).error("STALE_MEMBER_EPOCH").times(2);
  expect(await reader.consumer.commit([position])).toBe(true);
  expect(stale.count).toBe(2);
  const moving = broker.faults.on("OffsetCommit").where(where).error("NOT_COORDINATOR").times(2);
  expect(await reader.consumer.commit([position])).toBe(true);
  expect(moving.count).toBe(2);
  broker.faults.on("OffsetCommit").where(where).error("UNKNOWN_MEMBER_ID").times(1);
  expect(await reader.consumer.commit([position])).toBe(false);
  await until(() => expect(reader.events).toEqual(["+ 0,1,2,3", "- 0,1,2,3", "+ 0,1,2,3"]));
  // So it is with what it asks for before it reads.
  const staleFetch = broker.faults.on("OffsetFetch").where(where).error("STALE_MEMBER_EPOCH").times(1);
  broker.faults.on("ConsumerGroupHeartbeat").where(where).error("UNKNOWN_MEMBER_ID").times(1);
  await until(() => expect(reader.events).toHaveLength(5));
  await produce("commits", ["a", "b", "c", "d"]);
  await until(() => expect(reader.read).toHaveLength(4));
  expect(staleFetch.count).toBe(1);
  await reader.stop();
  expect(reader.failure).toBeUndefined();
});

test.each(["consumer", "classic"] as const)(
  "a %s member that asks for nothing for too long makes room, until it asks again",
  async (protocol) => {
    const groupId = `idle-${protocol}`;
    await topicOfFour(groupId);
    const idle = new Reader("idle", { groupId, protocol, rebalanceTimeoutMs: 300, heartbeatIntervalMs: 20 });
    await until(() => expect(idle.owned).toHaveLength(4));
    const resume = idle.pause();
    await until(async () => expect(await describeGroup(admin, groupId)).toMatchObject({ state: "Empty", members: [] }));
    const other = new Reader("other", { groupId, protocol, heartbeatIntervalMs: 20 });
    await until(() => expect(other.owned).toHaveLength(4));
    resume();
    await until(() => expect([idle.owned, other.owned].map(({ length }) => length)).toEqual([2, 2]));
    expect(idle.events.slice(0, 2)).toEqual(["+ 0,1,2,3", "- 0,1,2,3"]);
    await Promise.all([idle.stop(), other.stop()]);
  },
);

test("topics that match an expression, grow or are made anew are read from then on", async () => {
  const reader = new Reader("matcher", { groupId: "regex", wantedTopics: async () => [], topicRegex: "match-\\d" });
  await broker.topics.create({ name: "match-1", partitions: 1 });
  await broker.topics.create({ name: "match-no", partitions: 1 });
  await until(() => expect(reader.owned).toEqual(["match-1-0"]));
  await broker.topics.addPartitions("match-1", 2);
  await until(() => expect(reader.owned).toEqual(["match-1-0", "match-1-1"]));
  await broker.topics.delete("match-1");
  await until(() => expect(reader.owned).toEqual([]));
  await broker.topics.create({ name: "match-1", partitions: 1 });
  await broker.produce("match-1", "new");
  await until(() => expect(reader.read).toEqual(["new"]));
  await reader.stop();
  const wrong = new Reader("wrong", { groupId: "regex", wantedTopics: async () => [], topicRegex: "match(" });
  await until(() => expect(`${wrong.failure}`).toContain("(INVALID_REGULAR_EXPRESSION)"));
  await wrong.stop();
});

test("brokers that leave groups to their members say so in one sentence", async () => {
  await using classic = await startBroker({
    host: "127.0.0.1",
    topics: ["t"],
    settings: { "group.coordinator.rebalance.protocols": "classic" },
  });
  const reader = new Reader("refused", { groupId: "t" }, classic.bootstrapServers);
  await until(() => expect(`${reader.failure}`).toContain("The brokers do not serve the protocol of consumer groups"));
  await reader.stop();
});

test("members go on when the coordinator dies", async () => {
  await using cluster = await startCluster({
    host: "127.0.0.1",
    brokers: 3,
    settings: QUICK_GROUPS,
    topics: [{ name: "moved", partitions: 4 }],
  });
  const readers = ["one", "two"].map((name) => new Reader(name, { groupId: "moved" }, cluster.bootstrapServers));
  await until(() => expect(readers.map(({ owned }) => owned.length)).toEqual([2, 2]));
  const outside = new Brokers(cluster.bootstrapServers);
  const { coordinator } = await describeGroup(outside, "moved");
  await outside.close();
  await cluster.killBroker(coordinator.id);
  for (const partition of [0, 1, 2, 3]) await cluster.produce("moved", { value: `${partition}`, partition });
  await until(() => expect(readers.flatMap(({ read }) => read).sort()).toEqual(["0", "1", "2", "3"]));
  await Promise.all(readers.map((reader) => reader.stop()));
  expect(readers.map(({ failure }) => failure)).toEqual([undefined, undefined]);
});
