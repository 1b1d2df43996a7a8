// What a broker answers to every request of transactions in every state that a client can bring about, in both protocols. Runs against
// Apache Kafka and against Odradek; the answers must be the same. Every scenario has transactional ids, a topic and a group of its own.

import { type Scenario, slowScenarios } from "./exhausted-epochs.ts";
import { type CommitOptions, ProbeClient, type ProducerIdAndEpoch } from "./probe-client.ts";

export const scenarios: Readonly<Record<string, Scenario>> = {
  "a transactional id is initialized": async (probe, id) => {
    const first = await probe.init(id);
    return {
      "for the first time": first.told,
      again: (await probe.init(id)).told,
      "by who is fenced": (await probe.init(id, { producer: first.producer })).told,
      "by who is fenced, before version 4": (await probe.init(id, { producer: first.producer, version: 3 })).told,
      "by another producer id": (await probe.init(id, { producer: { producerId: first.producer.producerId + 7_000_000, epoch: 0 } })).told,
      "with a producer id but no epoch": (await probe.init(id, { producer: { producerId: first.producer.producerId, epoch: -1 } })).told,
      "with an epoch but no producer id": (await probe.init(id, { producer: { producerId: -1, epoch: 0 } })).told,
      "without a name": (await probe.init("")).told,
      "with a time-out of 0": (await probe.init(id, { timeoutMs: 0 })).told,
      "with a time-out below 0": (await probe.init(id, { timeoutMs: -1 })).told,
      "with too long a time-out": (await probe.init(id, { timeoutMs: 900_001 })).told,
      "with the longest time-out": (await probe.init(id, { timeoutMs: 900_000 })).told,
      "in version 0": (await probe.init(id, { version: 0 })).told,
      state: await probe.describe(id),
      "an id that is not known": await probe.describe(`${id}-unknown`),
      "no id": await probe.describe(""),
    };
  },

  "a producer goes on under its next epoch": async (probe, id) => {
    const first = await probe.init(id);
    const second = await probe.init(id, { producer: first.producer });
    const repeated = await probe.init(id, { producer: first.producer });
    const third = await probe.init(id, { producer: second.producer });
    return {
      second: second.told,
      repeated: repeated.told,
      third: third.told,
      "repeated too late": (await probe.init(id, { producer: first.producer })).told,
      unknown: (await probe.init(`${id}-new`, { producer: first.producer })).told,
    };
  },

  "partitions are added, older protocol": async (probe, id) => {
    const { producer } = await probe.init(id);
    const later = { ...producer, epoch: producer.epoch + 1 };
    const earlier = { ...producer, epoch: producer.epoch - 1 };
    const stranger = { ...producer, producerId: producer.producerId + 7_000_000 };
    return {
      "to an id that is not known": await probe.add(`${id}-unknown`, producer, [0]),
      "by another producer": await probe.add(id, stranger, [0]),
      "under a later epoch": await probe.add(id, later, [0]),
      "under an earlier epoch": await probe.add(id, earlier, [0]),
      "under an earlier epoch, version 1": await probe.add(id, earlier, [0], 1),
      "without an id": await probe.add("", producer, [0]),
      "one that does not exist": await probe.add(id, producer, [0, 7]),
      before: await probe.describe(id),
      added: await probe.add(id, producer, [0]),
      "added again": await probe.add(id, producer, [0]),
      "two more": await probe.add(id, producer, [1, 2]),
      after: await probe.describe(id),
      "offsets of a group": await probe.addOffsets(id, producer),
      "offsets by a stranger": await probe.addOffsets(id, stranger),
      "offsets under an earlier epoch": await probe.addOffsets(id, earlier),
      "offsets under an earlier epoch, version 1": await probe.addOffsets(id, earlier, 1),
      "offsets of an id that is not known": await probe.addOffsets(`${id}-unknown`, producer),
      end: (await probe.end(id, producer, false)).told,
      settled: await probe.settled(id),
    };
  },

  "partitions are added and verified in lists": async (probe, id) => {
    const { producer } = await probe.init(id);
    const stranger = { ...producer, producerId: producer.producerId + 7_000_000 };
    const observed: Record<string, unknown> = {
      "verified before": await probe.addBatch(id, producer, [0], true),
      "verified by a stranger": await probe.addBatch(id, stranger, [0], true),
      "verified under another epoch": await probe.addBatch(id, { ...producer, epoch: producer.epoch + 1 }, [0], true),
      "verified for an unknown id": await probe.addBatch(`${id}-unknown`, producer, [0], true),
      "verified without an id": await probe.addBatch("", producer, [0], true),
      "one that does not exist": await probe.addBatch(id, producer, [0, 9]),
      added: await probe.addBatch(id, producer, [0]),
      "added in version 4": await probe.addBatch(id, producer, [1], false, 4),
      verified: await probe.addBatch(id, producer, [0, 1, 2], true),
      "added without an id": await probe.addBatch("", producer, [0]),
      state: await probe.describe(id),
    };
    observed["end, older"] = (await probe.end(id, producer, true, 4)).told;
    observed["settled"] = await probe.settled(id);
    observed["verified after"] = await probe.addBatch(id, producer, [0], true);
    return observed;
  },

  "a transaction ends, older protocol": async (probe, id) => {
    const { producer } = await probe.init(id);
    const observed: Record<string, unknown> = {};
    const end = async (title: string, isCommit: boolean, as: ProducerIdAndEpoch = producer, version = 4) => {
      observed[title] = (await probe.end(id, as, isCommit, version)).told;
    };
    await end("commit of nothing", true);
    await end("abort of nothing", false);
    await end("by a stranger", true, { ...producer, producerId: producer.producerId + 7_000_000 });
    await end("under a later epoch", true, { ...producer, epoch: producer.epoch + 1 });
    await end("under an earlier epoch", true, { ...producer, epoch: producer.epoch - 1 });
    await end("under an earlier epoch, version 1", true, { ...producer, epoch: producer.epoch - 1 }, 1);
    observed["of an unknown id"] = (await probe.end(`${id}-unknown`, producer, true)).told;
    observed["without an id"] = (await probe.end("", producer, true)).told;
    await probe.add(id, producer, [0]);
    observed["produced"] = await probe.produce(id, producer, { version: 9, values: ["a", "b"] });
    await end("commit", true);
    observed["committed"] = await probe.settled(id);
    await end("commit again", true);
    await end("abort after commit", false);
    observed["read"] = await probe.read();
    await probe.add(id, producer, [0]);
    observed["produced more"] = await probe.produce(id, producer, { version: 9, sequence: 2, values: ["c"] });
    observed["read meanwhile"] = await probe.read();
    observed["latest meanwhile"] = [await probe.latest(0), await probe.latest(1)];
    await end("abort", false);
    observed["aborted"] = await probe.settled(id);
    await end("abort again", false);
    await end("commit after abort", true);
    observed["read in the end"] = await probe.read();
    observed["latest in the end"] = [await probe.latest(0), await probe.latest(1)];
    return observed;
  },

  "a transaction ends, newer protocol": async (probe, id) => {
    const initial = (await probe.init(id)).producer;
    const observed: Record<string, unknown> = {};
    const end = async (title: string, as: ProducerIdAndEpoch, isCommit: boolean) => {
      const ended = await probe.end(id, as, isCommit, 5);
      observed[title] = ended.told;
      return ended.producer;
    };
    await end("commit of nothing", initial, true);
    await end("under an earlier epoch", { ...initial, epoch: initial.epoch - 1 }, true);
    await end("under a later epoch", { ...initial, epoch: initial.epoch + 1 }, false);
    const afterNothing = await end("abort of nothing", initial, false);
    observed["after abort of nothing"] = await probe.settled(id);
    await end("abort of nothing, repeated", initial, false);
    await end("commit, repeated as", initial, true);
    observed["produced"] = await probe.produce(id, afterNothing, { version: 12, values: ["a"] });
    observed["state"] = await probe.describe(id);
    const afterCommit = await end("commit", afterNothing, true);
    observed["after commit"] = await probe.settled(id);
    await end("commit repeated", afterNothing, true);
    await end("abort repeated after commit", afterNothing, false);
    await end("commit of nothing after commit", afterCommit, true);
    observed["old epoch produces"] = await probe.produce(id, afterNothing, { version: 12, sequence: 1 });
    const second = await end("abort of nothing after commit", afterCommit, false);
    observed["after that"] = await probe.settled(id);
    observed["produced again"] = await probe.produce(id, second, { version: 12, sequence: 0, values: ["b"] });
    const third = await end("abort", second, false);
    observed["after abort"] = await probe.settled(id);
    await end("abort repeated", second, false);
    await end("commit repeated after abort", second, true);
    await end("commit of nothing after abort", third, true);
    observed["read"] = await probe.read();
    observed["initialized"] = (await probe.initialized(id)).told;
    observed["by the last epoch"] = (await probe.init(id, { producer: third })).told;
    return observed;
  },

  "batches that belong to no transaction": async (probe, id) => {
    const { producer } = await probe.init(id);
    const stranger = { ...producer, producerId: producer.producerId + 7_000_000 };
    const observed: Record<string, unknown> = {};
    for (const version of [9, 10, 11]) observed[`version ${version}, not added`] = await probe.produce(id, producer, { version });
    for (const version of [10, 11, 12]) {
      observed[`version ${version}, a stranger`] = await probe.produce(id, stranger, { version });
      observed[`version ${version}, another epoch`] = await probe.produce(id, { ...producer, epoch: producer.epoch + 1 }, { version });
      observed[`version ${version}, an unknown id`] = await probe.produce(`${id}-unknown`, producer, { version });
      observed[`version ${version}, without an id`] = await probe.produce(null, producer, { version });
    }
    observed["version 12, begins at 5"] = await probe.produce(id, producer, { version: 12, sequence: 5 });
    observed["version 12, begins at 0"] = await probe.produce(id, producer, { version: 12, sequence: 0 });
    observed["state"] = await probe.describe(id);
    observed["not transactional, meanwhile"] = await probe.produce(null, producer, { version: 12, sequence: 1, isTransactional: false });
    observed["not transactional, elsewhere"] = await probe.produce(null, producer, { version: 12, partition: 1, isTransactional: false });
    observed["gap"] = await probe.produce(id, producer, { version: 12, sequence: 3 });
    observed["repeated"] = await probe.produce(id, producer, { version: 12, sequence: 0 });
    observed["end"] = (await probe.end(id, producer, true, 5)).told;
    observed["settled"] = await probe.settled(id);
    observed["read"] = await probe.read();
    return observed;
  },

  "older and newer clients take turns": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    let { producer } = await probe.init(id);
    await probe.add(id, producer, [0]);
    observed["older produces"] = await probe.produce(id, producer, { version: 10, values: ["a"] });
    const ended = await probe.end(id, producer, true, 5);
    observed["newer ends"] = ended.told;
    observed["state"] = await probe.settled(id);
    producer = ended.producer;
    observed["newer produces"] = await probe.produce(id, producer, { version: 12, values: ["b"] });
    observed["older ends"] = (await probe.end(id, producer, true, 3)).told;
    observed["state then"] = await probe.settled(id);
    observed["older goes on"] = await probe.add(id, producer, [0]);
    observed["older produces more"] = await probe.produce(id, producer, { version: 10, sequence: 1, values: ["c"] });
    observed["older aborts"] = (await probe.end(id, producer, false, 3)).told;
    observed["state at last"] = await probe.settled(id);
    observed["newer produces at last"] = await probe.produce(id, producer, { version: 12, sequence: 2, values: ["d"] });
    observed["newer commits"] = (await probe.end(id, producer, true, 5)).told;
    observed["end"] = await probe.settled(id);
    observed["read"] = await probe.read();
    return observed;
  },

  "a second producer fences the first, older protocol": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    const first = (await probe.init(id)).producer;
    await probe.add(id, first, [0, 1]);
    observed["first produces"] = await probe.produce(id, first, { version: 10 });
    observed["second asks"] = (await probe.init(id)).told;
    observed["aborted"] = await probe.settled(id);
    const second = await probe.initialized(id);
    observed["second is there"] = second.told;
    observed["first produces again"] = await probe.produce(id, first, { version: 10, sequence: 1 });
    observed["first produces elsewhere"] = await probe.produce(id, first, { version: 11, partition: 2 });
    observed["first adds"] = await probe.add(id, first, [0]);
    observed["first adds, version 0"] = await probe.add(id, first, [0], 0);
    observed["first commits"] = (await probe.end(id, first, true, 4)).told;
    observed["first commits, version 0"] = (await probe.end(id, first, true, 0)).told;
    observed["first commits, newer"] = (await probe.end(id, first, true, 5)).told;
    observed["first commits offsets"] = await probe.commitOffset(id, first, 5, { version: 3 });
    observed["first begins anew"] = (await probe.init(id, { producer: first })).told;
    await probe.add(id, second.producer, [0]);
    observed["second produces"] = await probe.produce(id, second.producer, { version: 10, values: ["second"] });
    observed["second commits"] = (await probe.end(id, second.producer, true)).told;
    observed["settled"] = await probe.settled(id);
    observed["read"] = await probe.read();
    observed["read the other"] = await probe.read(1);
    return observed;
  },

  "a second producer fences the first, newer protocol": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    const first = (await probe.init(id)).producer;
    observed["first produces"] = await probe.produce(id, first, { version: 12 });
    observed["second asks"] = (await probe.init(id)).told;
    observed["aborted"] = await probe.settled(id);
    const second = await probe.initialized(id);
    observed["second is there"] = second.told;
    observed["first produces again"] = await probe.produce(id, first, { version: 12, sequence: 1 });
    observed["first produces elsewhere"] = await probe.produce(id, first, { version: 12, partition: 2 });
    observed["first commits"] = (await probe.end(id, first, true, 5)).told;
    observed["first commits offsets"] = await probe.commitOffset(id, first, 5, { version: 5 });
    observed["first begins anew"] = (await probe.init(id, { producer: first })).told;
    observed["second produces"] = await probe.produce(id, second.producer, { version: 12, values: ["second"] });
    observed["second commits"] = (await probe.end(id, second.producer, true, 5)).told;
    observed["settled"] = await probe.settled(id);
    observed["read"] = await probe.read();
    return observed;
  },

  "a producer that is fenced while it is idle": async (probe, id) => {
    const first = (await probe.init(id)).producer;
    const second = (await probe.init(id)).producer;
    return {
      "first produces, older": await probe.produce(id, first, { version: 10 }),
      "first produces, newer": await probe.produce(id, first, { version: 12 }),
      "first aborts": (await probe.end(id, first, false, 5)).told,
      "first aborts, older": (await probe.end(id, first, false, 4)).told,
      "second aborts": (await probe.end(id, second, false, 5)).told,
    };
  },

  "offsets in a transaction, older protocol": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    const { producer } = await probe.init(id);
    observed["not added, version 3"] = await probe.commitOffset(id, producer, 1, { version: 3 });
    observed["not added, version 4"] = await probe.commitOffset(id, producer, 1, { version: 4 });
    observed["added"] = await probe.addOffsets(id, producer);
    observed["committed"] = await probe.commitOffset(id, producer, 10, { version: 3 });
    observed["seen"] = await probe.committed();
    observed["seen, stable"] = await probe.committed(0, { requireStable: true });
    observed["seen elsewhere, stable"] = await probe.committed(1, { requireStable: true });
    observed["of a topic that is not known"] = await probe.commitOffset(id, producer, 1, { topic: `${id}-none` });
    observed["of a partition that is not known"] = await probe.commitOffset(id, producer, 1, { partition: 9 });
    observed["with long metadata"] = await probe.commitOffset(id, producer, 1, { metadata: "m".repeat(4097) });
    observed["with a generation"] = await probe.commitOffset(id, producer, 1, { generation: 3, memberId: "someone" });
    observed["with a member"] = await probe.commitOffset(id, producer, 1, { memberId: "someone" });
    observed["without a group"] = await probe.commitOffset(id, producer, 1, { group: "" });
    observed["under an earlier epoch"] = await probe.commitOffset(id, { ...producer, epoch: -1 }, 1);
    observed["by a stranger"] = await probe.commitOffset(id, { ...producer, producerId: producer.producerId + 7_000_000 }, 1);
    observed["in version 0"] = await probe.commitOffset(id, producer, 11, { version: 0, partition: 1 });
    observed["end"] = (await probe.end(id, producer, true)).told;
    await probe.settled(id);
    observed["seen in the end"] = [await probe.committed(0, { requireStable: true }), await probe.committed(1)];
    await probe.addOffsets(id, producer);
    observed["committed again"] = await probe.commitOffset(id, producer, 20);
    observed["seen meanwhile"] = await probe.committed();
    observed["abort"] = (await probe.end(id, producer, false)).told;
    await probe.settled(id);
    observed["seen after abort"] = await probe.committed(0, { requireStable: true });
    return observed;
  },

  "offsets in a transaction, newer protocol": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    const { producer } = await probe.init(id);
    observed["of an unknown id"] = await probe.commitOffset(`${id}-unknown`, producer, 1, { version: 5 });
    observed["by a stranger"] = await probe.commitOffset(id, { ...producer, producerId: producer.producerId + 7_000_000 }, 1, {
      version: 5,
    });
    observed["of a generation that is not known"] = await probe.commitOffset(id, producer, 1, {
      version: 5,
      generation: 3,
      memberId: "someone",
    });
    observed["state then"] = await probe.describe(id);
    observed["committed"] = await probe.commitOffset(id, producer, 10, { version: 5 });
    observed["state"] = await probe.describe(id);
    observed["seen"] = await probe.committed();
    observed["seen, stable"] = await probe.committed(0, { requireStable: true });
    const ended = await probe.end(id, producer, true, 5);
    observed["end"] = ended.told;
    await probe.settled(id);
    observed["seen in the end"] = await probe.committed(0, { requireStable: true });
    observed["by the old epoch"] = await probe.commitOffset(id, producer, 11, { version: 5 });
    observed["by the old epoch, older"] = await probe.commitOffset(id, producer, 11, { version: 3 });
    observed["aborted"] = [
      await probe.commitOffset(id, ended.producer, 30, { version: 5 }),
      (await probe.end(id, ended.producer, false, 5)).told,
    ];
    await probe.settled(id);
    observed["seen after abort"] = await probe.committed(0, { requireStable: true });
    return observed;
  },

  "transactions of two producers in one partition": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    const one = (await probe.init(`${id}-one`)).producer;
    const two = (await probe.init(`${id}-two`)).producer;
    await probe.produce(`${id}-one`, one, { version: 12, values: ["1a"] });
    await probe.produce(`${id}-two`, two, { version: 12, values: ["2a"] });
    await probe.produce(`${id}-one`, one, { version: 12, sequence: 1, values: ["1b"] });
    await probe.produce(null, { producerId: -1, epoch: -1 }, { version: 12, sequence: -1, isTransactional: false, values: ["plain"] });
    observed["both open"] = await probe.read();
    await probe.end(`${id}-two`, two, false, 5);
    await probe.settled(`${id}-two`);
    observed["the second aborted"] = await probe.read();
    await probe.end(`${id}-one`, one, true, 5);
    await probe.settled(`${id}-one`);
    observed["the first committed"] = await probe.read();
    observed["latest"] = [await probe.latest(0), await probe.latest(1)];
    return observed;
  },

  "markers by hand": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    await probe.init(id);
    const { producer } = await probe.init(id);
    await probe.produce(id, producer, { version: 12, values: ["hangs"] });
    const marker = { ...producer, isCommit: false, coordinatorEpoch: 0 };
    observed["for a partition that is not known"] = await probe.writeMarkers(marker, [9]);
    observed["under an earlier epoch"] = await probe.writeMarkers({ ...marker, epoch: producer.epoch - 1 });
    observed["newer protocol, the same epoch"] = await probe.writeMarkers({ ...marker, transactionVersion: 2 });
    observed["open still"] = await probe.read();
    observed["older protocol"] = await probe.writeMarkers(marker);
    observed["ended"] = await probe.read();
    observed["again"] = await probe.writeMarkers(marker);
    observed["newer protocol, again"] = await probe.writeMarkers({ ...marker, transactionVersion: 2 });
    observed["of a later coordinator"] = await probe.writeMarkers({ ...marker, coordinatorEpoch: 5 });
    observed["of an earlier coordinator"] = await probe.writeMarkers({ ...marker, coordinatorEpoch: 1 });
    observed["of a producer that is not known"] = await probe.writeMarkers({ ...marker, producerId: producer.producerId + 7_000_000 });
    observed["in the end"] = await probe.read();
    observed["state"] = await probe.describe(id);
    return observed;
  },

  "offsets of a member": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    const { producer } = await probe.init(id);
    await probe.addOffsets(id, producer);
    const joined = await probe.join();
    const { memberId, generation } = joined;
    const commit = (options: CommitOptions) => probe.commitOffset(id, producer, 5, options);
    observed["before the assignment"] = await commit({ memberId, generation });
    observed["without a member, before the assignment"] = await commit({});
    observed["assigned"] = await probe.sync(joined);
    observed["by the member"] = await commit({ memberId, generation });
    observed["of an earlier generation"] = await commit({ memberId, generation: generation - 1 });
    observed["of a later generation"] = await commit({ memberId, generation: generation + 1 });
    observed["by another member"] = await commit({ memberId: "someone", generation });
    observed["by another instance"] = await commit({ memberId, generation, instanceId: "instance" });
    observed["without a member"] = await commit({});
    observed["without a generation"] = await commit({ memberId });
    observed["in version 2"] = await commit({ version: 2 });
    observed["end"] = (await probe.end(id, producer, true)).told;
    await probe.settled(id);
    observed["seen"] = await probe.committed(0, { requireStable: true });
    return observed;
  },

  "a transaction takes too long, older protocol": async (probe, id) => {
    const { producer } = await probe.init(id, { timeoutMs: 300 });
    await probe.add(id, producer, [0]);
    const observed: Record<string, unknown> = { produced: await probe.produce(id, producer, { version: 10 }) };
    observed["aborted"] = await probe.becomes(id, "CompleteAbort");
    observed["read"] = await probe.read();
    observed["produces"] = await probe.produce(id, producer, { version: 10, sequence: 1 });
    observed["adds"] = await probe.add(id, producer, [1]);
    observed["commits"] = (await probe.end(id, producer, true)).told;
    observed["aborts"] = (await probe.end(id, producer, false)).told;
    observed["aborts, newer"] = (await probe.end(id, producer, false, 5)).told;
    observed["goes on"] = (await probe.init(id, { producer })).told;
    observed["begins anew"] = (await probe.init(id)).told;
    return observed;
  },

  "a transaction takes too long, newer protocol": async (probe, id) => {
    const { producer } = await probe.init(id, { timeoutMs: 300 });
    const observed: Record<string, unknown> = { produced: await probe.produce(id, producer, { version: 12 }) };
    observed["aborted"] = await probe.becomes(id, "CompleteAbort");
    observed["read"] = await probe.read();
    observed["produces"] = await probe.produce(id, producer, { version: 12, sequence: 1 });
    observed["commits"] = (await probe.end(id, producer, true, 5)).told;
    observed["aborts"] = (await probe.end(id, producer, false, 5)).told;
    observed["goes on"] = (await probe.init(id, { producer })).told;
    observed["begins anew"] = (await probe.init(id)).told;
    return observed;
  },

  "transactions are listed": async (probe, id) => {
    const isOurs = (each: string) => each.startsWith(id);
    const open = (await probe.init(`${id}-open`)).producer;
    const done = (await probe.init(`${id}-done`)).producer;
    await probe.init(`${id}-empty`);
    await probe.produce(`${id}-open`, open, { version: 12 });
    await probe.produce(`${id}-done`, done, { version: 12 });
    await probe.end(`${id}-done`, done, true, 5);
    await probe.settled(`${id}-done`);
    const observed = {
      all: await probe.list({}, isOurs),
      "version 0": await probe.list({}, isOurs, 0),
      ongoing: await probe.list({ states: ["Ongoing"] }, isOurs),
      "two states": await probe.list({ states: ["Empty", "CompleteCommit"] }, isOurs),
      "an unknown state": await probe.list({ states: ["Ongoing", "Sleeping"] }, isOurs),
      "unknown states only": await probe.list({ states: ["ongoing"] }, isOurs),
      dead: await probe.list({ states: ["Dead", "PrepareEpochFence"] }, isOurs),
      "of a producer": await probe.list({ producerIds: [done.producerId] }, isOurs),
      "of no producer": await probe.list({ producerIds: [77_000_000] }, isOurs),
      "for longer than an hour": await probe.list({ durationMs: 3_600_000 }, isOurs),
      "for any time": await probe.list({ durationMs: 0 }, isOurs),
      "of a pattern": await probe.list({ pattern: `${id}-.*n.*` }, isOurs),
      "of a part of the name": await probe.list({ pattern: "-open" }, isOurs),
      "of an empty pattern": await probe.list({ pattern: "" }, isOurs),
      "of a bad pattern": await probe.list({ pattern: "(" }, isOurs),
    };
    await probe.end(`${id}-open`, open, false, 5);
    return observed;
  },
};

/** What came of a scenario; `id` names all that it makes. */
export async function probe(port: number, title: string, id: string): Promise<unknown> {
  const scenario = scenarios[title] ?? slowScenarios[title];
  if (scenario === undefined) throw new Error(`there is no scenario "${title}"`);
  const client = await ProbeClient.open(port, id);
  try {
    return JSON.parse(JSON.stringify(await scenario(client, id)).replaceAll(id, "id"));
  } finally {
    client.close();
  }
}
