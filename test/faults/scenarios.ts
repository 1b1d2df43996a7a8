// What the fault loops go through, each a life that comes to the disk in ways of its own.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { type Life, SMALL_SEGMENTS } from "./life.ts";
import { setAcl, setQuota, setScram, setShareStart, setToken } from "./registers.ts";
import type { Scenario } from "./scenario.ts";

const COMPACTED = { ...SMALL_SEGMENTS, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "1000" };
const RETAINED = { ...SMALL_SEGMENTS, "retention.bytes": "1500" };
const PRODUCERS = ["one", "two", "three"];
const UNITS_BEFORE_COMPACTION = 990;

async function fill(life: Life, topic: string, rounds: number, index = 0): Promise<void> {
  for (let round = 0; round < rounds; round++) await life.produce(topic, index, { key: `k${round % 3}` }, { key: `k${round % 4}` });
}

async function produceAs(life: Life, name: string): Promise<void> {
  const producer = life.knowledge.producers[name];
  if (producer !== undefined) await life.produceInSequence(producer);
}

/** All ends of transactions, in two partitions. */
async function transactAll(life: Life): Promise<void> {
  const producer = await life.initProducer("t", "orders", "t");
  if (producer === undefined) return;
  await life.transact(producer, "t", [0, 1], "commit");
  await life.transact(producer, "t", [0, 1], "abort");
  await life.transact(producer, "t", [1], "commit");
  await life.transact(producer, "t", [0], "abort");
}

async function deleteGroup(life: Life, groupId: string): Promise<void> {
  await life.set(`offset orders ${groupId}`, "-1", "-1", async () => {
    const answer = await life.broker.ask(messages.deleteGroups, 1, { groupsNames: [groupId] });
    return answer.results[0]?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR;
  });
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "produce",
    title: "batches, large ones and several in a turn of the event loop",
    prepare: (life) => life.createTopic("orders", {}),
    live: async (life) => {
      await life.produce("orders", 0);
      await life.produce("orders", 0, {}, {}, {});
      await life.produce("orders", 0, { sizeBytes: 70_000 });
      await life.produce("orders", 0, { timestamp: life.broker.clock.now() - 5000 }, {});
    },
  },
  {
    name: "roll",
    title: "segments end and new ones begin, whatever order timestamps are in",
    prepare: (life) => life.createTopic("orders"),
    live: async (life) => {
      for (let round = 0; round < 8; round++) {
        await life.produce("orders", 0, {}, { timestamp: life.broker.clock.now() - 1000 * round }, {});
      }
    },
  },
  {
    name: "retention",
    title: "old segments are deleted by size and by age",
    prepare: async (life) => {
      await life.createTopic("orders", RETAINED, { keeps: "newest" });
      await life.createTopic("days", { ...SMALL_SEGMENTS, "retention.ms": "20000" }, { keeps: "newest" });
    },
    live: async (life) => {
      for (let round = 0; round < 4; round++) {
        await fill(life, "orders", 4);
        await fill(life, "days", 2);
        await life.pass(8000);
      }
    },
  },
  {
    name: "compaction",
    title: "a log is compacted, twice, with transactions and deletions in it",
    prepare: async (life) => {
      await life.createTopic("orders", COMPACTED, { partitions: 2, keeps: "keys" });
      await fill(life, "orders", 6);
      await transactAll(life);
    },
    live: async (life) => {
      await fill(life, "orders", 8);
      await life.pass(3000);
      await fill(life, "orders", 8);
      await life.pass(3000);
      await life.produce("orders", 0);
    },
  },
  {
    name: "transactions",
    title: "transactions over two partitions are committed, aborted, and left open",
    prepare: async (life) => {
      await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
      const open = await life.initProducer("open", "orders", "open");
      if (open !== undefined) await life.transact(open, "open", [0, 1], "leave");
    },
    live: transactAll,
  },
  {
    name: "idempotence",
    title: "producers with sequence numbers, whose states are kept and expire",
    // Longer than a broker gets to recover from a disk that was full.
    settings: { "producer.id.expiration.ms": 90_000, "producer.id.expiration.check.interval.ms": 5000 },
    prepare: (life) => life.createTopic("orders"),
    live: async (life) => {
      const first = await life.initProducer("first", "orders");
      for (let count = 0; first !== undefined && count < 6; count++) await life.produceInSequence(first);
      // It may be forgotten from here on.
      if (first !== undefined) first.last = undefined;
      await life.pass(100_000);
      const second = await life.initProducer("second", "orders");
      for (let count = 0; second !== undefined && count < 6; count++) await life.produceInSequence(second);
      for (let count = 0; second !== undefined && count < 3; count++) await life.produceTogether(second, 4);
    },
  },
  {
    name: "groups",
    title: "offsets are committed, and groups deleted",
    prepare: async (life) => {
      await life.createTopic("orders");
      await life.commitOffset("readers", "orders", 1);
      await life.commitOffset("others", "orders", 1);
    },
    live: async (life) => {
      for (let offset = 2; offset < 5; offset++) await life.commitOffset("readers", "orders", offset);
      await deleteGroup(life, "others");
      await life.commitOffset("third", "orders", 7);
    },
  },
  {
    name: "topics",
    title: "topics are made, deleted, and made again by the same name",
    prepare: async (life) => {
      await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
      await fill(life, "orders", 3);
    },
    live: async (life) => {
      await life.createTopic("fresh", SMALL_SEGMENTS, { partitions: 2 });
      await life.produce("fresh", 1);
      await life.deleteTopic("orders");
      await life.createTopic("orders");
      await life.produce("orders", 0);
      await life.deleteTopic("fresh");
      await life.pass(70_000);
      await life.createTopic("fresh");
    },
  },
  {
    name: "metadata",
    title: "settings, access rules, quotas, credentials and delegation tokens",
    prepare: async (life) => {
      await life.createTopic("orders");
      await setAcl(life, "bob", "orders");
    },
    live: async (life) => {
      await life.alterConfig("orders", "retention.ms", "1000000");
      await setAcl(life, "alice", "orders");
      await setQuota(life, "alice", 1000);
      await setScram(life, "alice", 4096);
      await setToken(life, "token", 1_800_000_000_000);
      await life.alterConfig("orders", "retention.ms", "2000000");
      await setQuota(life, "alice", 2000);
    },
  },
  {
    name: "journal",
    title: "the metadata journal is compacted",
    prepare: async (life) => {
      await life.createTopic("orders");
      for (let count = 0; count < UNITS_BEFORE_COMPACTION; count++) await setToken(life, `token${count % 20}`, 1_800_000_000_000 + count);
    },
    live: async (life) => {
      for (let count = 0; count < 14; count++) await life.alterConfig("orders", "retention.ms", String(1_000_000 + count));
      await life.createTopic("fresh");
    },
  },
  {
    name: "checkpoints",
    title: "checkpoints are written while records of several producers come",
    prepare: async (life) => {
      await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
      for (const name of PRODUCERS) await life.initProducer(name, "orders");
    },
    live: async (life) => {
      for (let round = 0; round < 2; round++) {
        for (const name of PRODUCERS) await produceAs(life, name);
        await life.produce("orders", 1);
        await life.pass(61_000);
      }
      await fill(life, "orders", 1);
    },
  },
  {
    name: "stop",
    title: "a stop in order",
    stops: true,
    prepare: async (life) => {
      await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
      const open = await life.initProducer("open", "orders", "open");
      if (open !== undefined) await life.transact(open, "open", [0, 1], "leave");
    },
    live: async (life) => {
      await fill(life, "orders", 5);
      await life.commitOffset("readers", "orders", 3);
    },
  },
  {
    name: "start",
    title: "a start after a kill, and what comes first then",
    isKilledBefore: true,
    failsFromStart: true,
    prepare: async (life) => {
      await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
      await fill(life, "orders", 4);
      await life.pass(61_000);
      await transactAll(life);
      const open = await life.initProducer("open", "orders", "open");
      if (open !== undefined) await life.transact(open, "open", [1], "leave");
      await fill(life, "orders", 2);
      await life.commitOffset("readers", "orders", 3);
    },
    live: async (life) => {
      await life.produce("orders", 0);
      await life.commitOffset("readers", "orders", 4);
    },
  },
  {
    name: "restart",
    title: "a start after a stop in order, a new leader epoch, and a stop",
    failsFromStart: true,
    stops: true,
    prepare: async (life) => {
      await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
      await fill(life, "orders", 4);
      await transactAll(life);
    },
    live: async (life) => {
      await fill(life, "orders", 3);
      await life.produce("orders", 1);
    },
  },
  {
    name: "partitions",
    title: "partitions are added",
    prepare: (life) => life.createTopic("orders"),
    live: async (life) => {
      await life.addPartitions("orders", 2);
      await life.produce("orders", 0);
      await life.addPartitions("orders", 4);
    },
  },
  {
    name: "delete-records",
    title: "records are deleted from a log's start on",
    prepare: async (life) => {
      await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
      await fill(life, "orders", 8);
      await fill(life, "orders", 3, 1);
    },
    live: async (life) => {
      await life.deleteRecords("orders", 0, 3);
      await fill(life, "orders", 2);
      await life.deleteRecords("orders", 0, 17);
      await life.deleteRecords("orders", 1, -1);
      await life.produce("orders", 1);
      await life.pass(61_000);
      await life.produce("orders", 0);
    },
  },
  {
    name: "shares",
    title: "states of share groups",
    prepare: async (life) => {
      await life.createTopic("orders");
      await setShareStart(life, "sharers", "orders", 0);
    },
    live: async (life) => {
      for (let startOffset = 1; startOffset < 5; startOffset++) await setShareStart(life, "sharers", "orders", startOffset);
      await setShareStart(life, "others", "orders", 0);
    },
  },
];
