// What members of share groups ask of the leader of a partition, and what is stored of it.

import type { ShareStage } from "./share-stage.ts";

export interface ShareScenario {
  readonly name: string;
  readonly play: (stage: ShareStage) => Promise<void>;
}

function scenario(name: string, play: ShareScenario["play"]): ShareScenario {
  return { name, play };
}

const ONES = (count: number) => Array.from({ length: count }, () => 1);

const SHORT_LOCKS = { "share.record.lock.duration.ms": "1000" };
const LOCK_IS_OVER_MS = 1500;
/** Nobody waits for it. */
const WRITTEN_MS = 400;
/** A share partition is loaded by then on any broker. */
const LOADED_MS = 800;

export const SCENARIOS: readonly ShareScenario[] = [
  scenario("sessions have epochs, which fetches and acknowledgements share", async (stage) => {
    await stage.begin();
    await stage.produce([10]);
    const a = await stage.member("a");
    await a.fetch({ epoch: 1 });
    await a.acknowledge([], { epoch: 0 });
    await a.acknowledge([], { epoch: 1 });
    await a.fetch({ epoch: 0, acks: [[0, 0, 1]] });
    await a.fetch();
    await a.acknowledge([[0, 4, 1]]);
    await a.fetch({ epoch: 1 });
    await a.fetch({ epoch: 7 });
    await a.acknowledge([], { epoch: 1 });
    await a.acknowledge([], { epoch: 0 });
    await a.fetch({ maxWaitMs: 100 });
    await a.fetch({ epoch: -1, acks: [[5, 9, 1]] });
    await a.fetch({ epoch: 2 });
    await a.fetch({ epoch: -1 });
    await a.acknowledge([], { epoch: -1 });
    await stage.stored();
  }),
  scenario("partitions are told at first, and then when there is something to tell", async (stage) => {
    await stage.begin({ partitions: 3 });
    await stage.produce([2], { partition: 0 });
    const a = await stage.member("a");
    await a.fetch({ partitions: [0] });
    await a.fetch({ maxWaitMs: 100 });
    await a.fetch({ partitions: [1], maxWaitMs: LOADED_MS });
    await a.fetch({ partitions: [2], maxWaitMs: LOADED_MS });
    await stage.produce([2], { partition: 2 });
    await a.fetch({ maxWaitMs: 2000 });
    await stage.produce([2], { partition: 1 });
    await a.fetch({ forget: [1], maxWaitMs: 100 });
    await a.fetch({ partitions: [7], maxWaitMs: 100 });
    await a.fetch({ forget: [7], maxWaitMs: 100 });
  }),
  scenario("whole batches are given, or records as they were asked for", async (stage) => {
    await stage.begin();
    await stage.produce([10, 10, 10, 10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxRecords: 5 });
    await a.fetch({ maxRecords: 5, mode: 1 });
    await b.fetch({ maxRecords: 3, mode: 1 });
    await b.fetch({ maxRecords: 12, mode: 1 });
    await b.fetch({ maxRecords: 12, mode: 0 });
    await b.fetch({ maxRecords: 12, mode: 0, maxWaitMs: 100 });
  }),
  scenario("pieces of small batches", async (stage) => {
    await stage.begin();
    await stage.produce(ONES(25));
    const a = await stage.member("a");
    await a.fetch({ batchSize: 10 });
    await stage.produce([3, 3, 3, 3, 3]);
    await a.fetch({ batchSize: 7 });
    await stage.produce([3, 3, 3, 3, 3]);
    await a.fetch({ batchSize: 7, maxRecords: 8 });
    await a.fetch({ batchSize: 7, maxRecords: 4 });
    await stage.produce([100]);
    await a.fetch({ batchSize: 10 });
  }),
  scenario("released records come before new ones", async (stage) => {
    await stage.begin();
    await stage.produce([10, 10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxRecords: 1 });
    await a.acknowledge([[3, 5, 2]]);
    await b.fetch({ maxRecords: 1 });
    await b.fetch({ maxRecords: 1 });
    await a.acknowledge([
      [0, 2, 1],
      [6, 9, 1],
    ]);
    await stage.stored();
    await b.acknowledge([[3, 5, 1]]);
    await stage.stored();
    await b.acknowledge([[10, 19, 2]]);
    await stage.stored();
    await a.fetch();
    await a.acknowledge([[10, 19, 1]]);
    await stage.stored();
  }),
  scenario("more than may be locked is not given", async (stage) => {
    await stage.begin();
    await stage.alterGroup({ "share.partition.max.record.locks": "100" });
    await stage.produce([50, 50, 50]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxRecords: 80 });
    await a.fetch({ maxRecords: 80, maxWaitMs: 100 });
    await a.acknowledge([[1, 99, 1]]);
    await stage.stored();
    await b.fetch({ maxWaitMs: 100 });
    await a.acknowledge([[0, 0, 2]]);
    await b.fetch();
    await b.acknowledge([[0, 0, 1]]);
    await b.fetch();
    await stage.stored();
  }),
  scenario("records that are limited, of what was released", async (stage) => {
    await stage.begin();
    await stage.produce([10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch();
    await a.acknowledge([[0, 9, 2]]);
    await b.fetch({ maxRecords: 4, mode: 1 });
    await a.fetch({ maxRecords: 2 });
  }),
  scenario("nothing asked for, nothing there", async (stage) => {
    await stage.begin();
    const a = await stage.member("a");
    await a.fetch({ maxWaitMs: 1000, isTimed: true });
    await stage.produce([10]);
    await a.fetch({ maxRecords: 0, maxWaitMs: 1000, isTimed: true });
    await a.fetch({ maxBytes: 0, maxWaitMs: 1000, isTimed: true });
    await a.fetch({ minBytes: 1000, maxWaitMs: 1000, isTimed: true });
  }),
  scenario("the least that is wanted is waited for", async (stage) => {
    await stage.begin();
    const a = await stage.member("a");
    const fetching = a.fetch({ minBytes: 2000, maxWaitMs: 3000 });
    await stage.wait(200);
    await stage.produce([1], { valueBytes: 500 });
    await stage.wait(200);
    await stage.produce([1], { valueBytes: 1500 });
    await fetching;
  }),
  scenario("what cannot be asked", async (stage) => {
    await stage.begin();
    await stage.produce([10]);
    const a = await stage.member("a");
    await a.fetch();
    await a.fetch({ isRenewAck: true, maxWaitMs: 100 });
    await a.fetch({ version: 1, acks: [[0, 0, 4]], maxWaitMs: 100 });
    await a.fetch({ acks: [[0, 0, 4]], maxWaitMs: 100 });
    await a.fetch({ acks: [[0, 0, 9]], maxWaitMs: 100 });
    await a.fetch({ acks: [[5, 4, 1]], maxWaitMs: 100 });
    await a.fetch({
      acks: [
        [0, 4, 1],
        [4, 6, 1],
      ],
      maxWaitMs: 100,
    });
    await a.fetch({
      acks: [
        [5, 9, 1],
        [0, 4, 1],
      ],
      maxWaitMs: 100,
    });
    await a.fetch({ acks: [[0, 4, 1, 1]], maxWaitMs: 100 });
    await a.fetch({ acks: [[0, 4]], maxWaitMs: 100 });
    await a.acknowledge([[0, 4, 1, 1]]);
    await a.acknowledge([[0, 4, 4]]);
    await a.acknowledge([[0, 9, 1]]);
  }),
  scenario("acknowledgements of what a member does not have", async (stage) => {
    await stage.begin();
    await stage.produce([10, 10, 10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.acknowledge([[0, 0, 1]], { epoch: 1 });
    await a.fetch({ maxRecords: 1 });
    await b.fetch({ maxRecords: 1 });
    await a.acknowledge([[10, 19, 1]]);
    await a.acknowledge([[5, 12, 1]]);
    await a.acknowledge([[20, 25, 1]]);
    await a.acknowledge([[15, 25, 1]]);
    await a.acknowledge([[3, 5, 1]]);
    await a.acknowledge([[3, 5, 1]]);
    await a.acknowledge([[0, 9, 1]]);
    await a.acknowledge([
      [0, 1, 1],
      [3, 5, 1],
      [6, 9, 1],
    ]);
    await a.acknowledge([
      [0, 2, 1],
      [6, 9, 1],
    ]);
    await a.acknowledge([[0, 2, 1]]);
    await a.acknowledge([[5, 9, 2]]);
    await stage.stored();
  }),
  scenario("of each record its own", async (stage) => {
    await stage.begin();
    await stage.produce([8]);
    const a = await stage.member("a");
    await a.fetch();
    await a.fetch({ acks: [[0, 7, 1, 1, 2, 2, 3, 0, 1, 1]], maxWaitMs: 100 });
    await stage.stored();
    await a.acknowledge([[2, 3, 1]]);
    await a.fetch({ maxWaitMs: 100 });
    await stage.stored();
  }),
  scenario("locks that are over", async (stage) => {
    await stage.begin();
    await stage.alterGroup(SHORT_LOCKS);
    await stage.produce([10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch();
    await b.fetch({ maxWaitMs: 3000 });
    await a.acknowledge([[0, 9, 1]]);
    await b.acknowledge([[0, 9, 1]]);
    await stage.stored();
  }),
  scenario("the last delivery archives", async (stage) => {
    await stage.begin();
    await stage.alterGroup({ ...SHORT_LOCKS, "share.delivery.count.limit": "2" });
    await stage.produce([4]);
    const a = await stage.member("a");
    for (let time = 0; time < 3; time++) {
      await a.fetch({ maxWaitMs: time < 2 ? 5000 : 100 });
      await stage.wait(LOCK_IS_OVER_MS);
      await stage.stored();
    }
  }),
  scenario("a batch that fails again and again", async (stage) => {
    await stage.begin();
    await stage.produce([64, 10]);
    const a = await stage.member("a");
    let acks: [number, number, number][] = [[0, 63, 2]];
    await a.fetch({ maxRecords: 1 });
    for (let time = 0; time < 3; time++) {
      await a.acknowledge(acks);
      await a.fetch({ maxRecords: 1 });
      acks = time < 1 ? [[0, 63, 2]] : time < 2 ? [[0, 31, 2]] : [];
    }
    await a.acknowledge([[0, 0, 2]]);
    await a.fetch({ maxRecords: 1 });
    await a.fetch({ maxRecords: 1 });
  }),
  scenario("a session that is closed gives back what its member has", async (stage) => {
    await stage.begin();
    await stage.alterGroup({ "share.delivery.count.limit": "3" });
    await stage.produce([2]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await b.fetch({ maxRecords: 0 });
    for (let time = 0; time < 3; time++) {
      await a.fetch();
      await a.fetch({ epoch: -1 });
      await stage.wait(WRITTEN_MS);
      await stage.stored();
    }
    await a.fetch();
    await a.acknowledge([[0, 0, 1]], { epoch: -1 });
    await stage.produce([2]);
    await stage.wait(WRITTEN_MS);
    await b.fetch();
    await stage.stored();
  }),
  scenario("a connection that closes ends its session", async (stage) => {
    await stage.begin();
    await stage.produce([10, 10]);
    const [a, b, c] = [await stage.member("a"), await stage.member("b"), await stage.member("c")];
    await b.fetch({ maxRecords: 0 });
    await a.fetch({ maxRecords: 1 });
    await a.acknowledge([[0, 3, 2]]);
    await a.disconnect();
    await stage.stored();
    await b.fetch();
    await b.disconnect();
    await stage.stored();
    await c.fetch();
  }),
  scenario("a member begins a session anew", async (stage) => {
    await stage.begin();
    await stage.produce([10, 10]);
    const a = await stage.member("a");
    await a.fetch({ maxRecords: 1 });
    await a.fetch({ epoch: 0, partitions: [0], maxRecords: 1 });
    await a.acknowledge([[0, 19, 1]]);
    await stage.stored();
  }),
  scenario("locks are renewed", async (stage) => {
    await stage.begin();
    await stage.alterGroup(SHORT_LOCKS);
    await stage.produce([10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch();
    await stage.wait(700);
    await a.acknowledge([[0, 9, 4]], { isRenewAck: true });
    await stage.wait(700);
    await b.fetch({ maxWaitMs: 0 });
    await a.fetch({ isRenewAck: true, acks: [[0, 4, 4]], maxWaitMs: 0, minBytes: 0, maxBytes: 0, maxRecords: 0 });
    await b.acknowledge([[0, 9, 4]], { isRenewAck: true });
    await a.acknowledge([[0, 9, 1]]);
    await stage.alterGroup({ "share.renew.acknowledge.enable": "false" });
    await stage.produce([10]);
    await a.fetch();
    await a.acknowledge([[10, 19, 4]], { isRenewAck: true });
    await a.acknowledge(
      [
        [10, 14, 1],
        [15, 19, 4],
      ],
      { isRenewAck: true },
    );
    await a.acknowledge([[10, 19, 1]]);
  }),
  scenario("records are deleted that a member has", async (stage) => {
    await stage.begin();
    await stage.produce([10, 10, 10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxRecords: 1 });
    await stage.deleteRecords(20);
    await b.fetch({ maxRecords: 0 });
    await b.fetch({ maxWaitMs: 100 });
    await b.fetch({ maxWaitMs: 100 });
    await a.acknowledge([[0, 9, 1]]);
    await stage.stored();
    await b.acknowledge([[20, 24, 1]]);
    await stage.stored();
    await b.acknowledge([[25, 29, 1]]);
  }),
  scenario("what a leader does not know any more is delivered again", async (stage) => {
    await stage.begin();
    await stage.produce([10, 10, 10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxRecords: 1 });
    await a.fetch({ maxRecords: 1 });
    await a.acknowledge([[10, 19, 1]]);
    await stage.initialize(0, 5, 7);
    await a.acknowledge([[0, 9, 1]]);
    await b.fetch();
    await b.acknowledge([[5, 9, 1]]);
    await stage.stored();
  }),
  scenario("a group begins at the end, or at the beginning", async (stage) => {
    await stage.begin({ startOffset: -1 });
    await stage.produce([10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxWaitMs: LOADED_MS });
    await stage.produce([5]);
    await a.fetch();
    await stage.stored();
    await a.disconnect();
    await stage.alterGroup({ "share.auto.offset.reset": "earliest" });
    await b.fetch();
    await stage.stored();
  }),
  scenario("a group begins with records of a time", async (stage) => {
    await stage.alterGroup({ "share.auto.offset.reset": "by_duration:PT1S" });
    await stage.begin({ startOffset: -1 });
    await stage.produce([10]);
    await stage.wait(1200);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxWaitMs: LOADED_MS });
    await stage.produce([5]);
    await a.fetch();
    await b.fetch({ maxWaitMs: 100 });
  }),
  scenario("records of transactions, whatever became of them", async (stage) => {
    await stage.begin();
    await stage.produce([1]);
    await stage.transact([2, 1], "abort");
    await stage.transact([2], "commit");
    await stage.transact([2], "open");
    const a = await stage.member("a");
    await a.fetch();
    await a.acknowledge([[0, 9, 1]]);
    await stage.stored();
  }),
  scenario("records of transactions that were committed", async (stage) => {
    await stage.alterGroup({ "share.isolation.level": "read_committed" });
    await stage.begin();
    await stage.produce([1]);
    await stage.transact([2, 1], "abort");
    await stage.transact([2], "commit");
    await stage.transact([3], "abort");
    await stage.produce([2]);
    await stage.transact([2], "open");
    await stage.produce([1]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ maxRecords: 2, mode: 1 });
    await b.fetch({ maxRecords: 4 });
    await b.fetch();
    await b.fetch({ maxWaitMs: 100 });
    await a.acknowledge([[0, 0, 1]]);
    await stage.stored();
    await a.acknowledge([[4, 4, 1]]);
    await stage.stored();
  }),
  scenario("a partition of which nothing is left but aborted records", async (stage) => {
    await stage.alterGroup({ "share.isolation.level": "read_committed" });
    await stage.begin();
    await stage.transact([2], "abort");
    const a = await stage.member("a");
    await a.fetch();
    await stage.produce([1]);
    await a.fetch();
  }),
  scenario("a partition that is not there", async (stage) => {
    await stage.begin();
    await stage.produce([10]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch({ partitions: [1], maxWaitMs: 1000, isTimed: true });
    await b.fetch({ partitions: [0] });
    await b.fetch({ partitions: [1], maxWaitMs: 1000, isTimed: true });
  }),
];
