// Settings of transactions: each is changed and its effect seen.

import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { applyChanges, emptyImage } from "../../src/cluster/image.ts";
import type { Peers } from "../../src/cluster/peers.ts";
import { TRANSACTION_STATE_TOPIC } from "../../src/cluster/topic-name.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { PartitionVerifier } from "../../src/coordinator/transaction/partition-verifier.ts";
import { ProbeClient } from "../coordinator/transaction/probe-client.ts";
import { EffectBench, turns } from "./effect-bench.ts";

const SMALL = { "transaction.state.log.num.partitions": 1, "offsets.topic.num.partitions": 1, "connections.max.idle.ms": -1 };
const ID = "id";

/** What is told without the settings, and with them. */
async function told(settings: SettingInputs, tell: (probe: ProbeClient, bench: EffectBench) => Promise<string>): Promise<string[]> {
  const all: string[] = [];
  for (const each of [{}, settings]) {
    await using bench = await EffectBench.start({ settings: { ...SMALL, ...each }, clock: new VirtualClock(Date.now()) });
    const probe = await ProbeClient.open(bench.asking.broker.port, ID);
    all.push(await tell(probe, bench));
    probe.close();
  }
  return all;
}

test("transaction.max.timeout.ms: a producer may not ask for more", async () => {
  const tell = async (probe: ProbeClient) => (await probe.init(ID, { timeoutMs: 60_000 })).told.split(" ")[0] ?? "";
  expect(await told({ "transaction.max.timeout.ms": 1000 }, tell)).toEqual(["P0", "INVALID_TRANSACTION_TIMEOUT"]);
});

test("transaction.two.phase.commit.enable: a producer may ask for a transaction without timeout", async () => {
  const tell = async (probe: ProbeClient) => {
    const body = { transactionalId: ID, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1, enable2Pc: true };
    return errorName((await probe.call(messages.initProducerId, 6, { ...body, keepPreparedTxn: false })).errorCode);
  };
  expect(await told({ "transaction.two.phase.commit.enable": true }, tell)).toEqual(["TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "NONE"]);
});

test("transaction.partition.verification.enable: a batch for a partition that is not in the transaction is refused", async () => {
  const tell = async (probe: ProbeClient) => probe.produce(ID, (await probe.init(ID)).producer);
  expect(await told({ "transaction.partition.verification.enable": false }, tell)).toEqual(["TRANSACTION_ABORTABLE", "offset 0"]);
});

test("transaction.partition.verification.enable: is followed while the broker runs", async () => {
  const tell = async (probe: ProbeClient, bench: EffectBench) => {
    await bench.alterBrokers({ "transaction.partition.verification.enable": "false" });
    return probe.produce(ID, (await probe.init(ID)).producer);
  };
  expect((await told({}, tell))[0]).toBe("offset 0");
});

test("transaction.abort.timed.out.transaction.cleanup.interval.ms: a transaction past its timeout is aborted within that interval", async () => {
  const tell = async (probe: ProbeClient, bench: EffectBench) => {
    const { producer } = await probe.init(ID, { timeoutMs: 1000 });
    await probe.add(ID, producer, [0]);
    await bench.pass(5000, 500);
    return (await probe.settled(ID)).split(" ")[0] ?? "";
  };
  const settings = { "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000 };
  expect(await told(settings, tell)).toEqual(["Ongoing", "CompleteAbort"]);
});

async function afterAnHour(probe: ProbeClient, bench: EffectBench): Promise<string> {
  await probe.init(ID);
  await bench.pass(3_601_000, 600_000);
  return (await probe.describe(ID)).split(" ")[0] ?? "";
}

test("transactional.id.expiration.ms: an id without use is forgotten after that time", async () => {
  const settings = { "transactional.id.expiration.ms": 1000 };
  expect(await told(settings, afterAnHour)).toEqual(["Empty", "TRANSACTIONAL_ID_NOT_FOUND"]);
});

test("transaction.remove.expired.transaction.cleanup.interval.ms: ids are forgotten within that interval", async () => {
  const tell = async (probe: ProbeClient, bench: EffectBench) => {
    await probe.init(ID);
    await bench.pass(10_000, 1000);
    return (await probe.describe(ID)).split(" ")[0] ?? "";
  };
  const expiring = { "transactional.id.expiration.ms": 1000 };
  const settings = { ...expiring, "transaction.remove.expired.transaction.cleanup.interval.ms": 2000 };
  expect((await told(expiring, tell))[1]).toBe("Empty");
  expect((await told(settings, tell))[1]).toBe("TRANSACTIONAL_ID_NOT_FOUND");
});

/** How often the coordinator is asked within a second while the producer's last transaction is being completed. */
async function questions(settings: SettingInputs): Promise<number> {
  const clock = new VirtualClock();
  let count = 0;
  const busy = { partitionIndex: 0, partitionErrorCode: Errors.CONCURRENT_TRANSACTIONS };
  const call = async () => {
    count++;
    return { errorCode: 0, resultsByTransaction: [{ transactionalId: ID, topicResults: [{ name: "t", resultsByPartition: [busy] }] }] };
  };
  const partition = { leader: 1, leaderEpoch: 0, replicas: [1], inSyncReplicas: [1], addingReplicas: [], removingReplicas: [] };
  const image = applyChanges(emptyImage("cluster"), [
    { type: "topic", name: TRANSACTION_STATE_TOPIC, id: "AAAAAAAAAAAAAAAAAAAAAQ", partitions: [partition], configs: {} },
  ]);
  const config = brokerConfig({ argument: settings });
  const verifier = new PartitionVerifier({ clock, config, peers: { call } as unknown as Peers, image: () => image });
  const producer = { producerId: 7, producerEpoch: 0 };
  void verifier.verify({ ...producer, transactionalId: ID, mode: "add", partitions: new Map([["t", new Set([0])]]) });
  for (let step = 0; step < 200; step++) {
    await clock.advance(5);
    await turns(2);
  }
  return count;
}

test("add.partitions.to.txn.retry.backoff.ms: it is asked again after that pause", async () => {
  expect(await questions({})).toBe(6);
  expect(await questions({ "add.partitions.to.txn.retry.backoff.ms": 50 })).toBe(3);
});

test("add.partitions.to.txn.retry.backoff.max.ms: it is asked for no longer than that", async () => {
  expect(await questions({ "add.partitions.to.txn.retry.backoff.max.ms": 400 })).toBe(21);
});

test("request.timeout.ms: a broker that does not answer another is waited for no longer", async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  const isAnsweredIn2s = async (settings: SettingInputs) => {
    await using bench = await EffectBench.start({ settings: { ...SMALL, ...settings } });
    const { cluster, topics, verifier } = bench.node.broker.services;
    await topics.autoCreate(TRANSACTION_STATE_TOPIC);
    await cluster.transact((image) => {
      const { id = "", partitions = [] } = image.topicsByName.get(TRANSACTION_STATE_TOPIC) ?? {};
      const [partition] = partitions;
      if (partition === undefined) throw new Error("no partition");
      const endpoints = [{ listener: "PLAINTEXT", host: "127.0.0.1", port }];
      return {
        changes: [
          { type: "broker", id: 9, rack: null, endpoints, epoch: 99 },
          { type: "partition", id, index: 0, partition: { ...partition, leader: 9, replicas: [9], inSyncReplicas: [9] } },
        ],
        result: undefined,
      };
    });
    let isAnswered = false;
    const producer = { producerId: 7, producerEpoch: 0 };
    const verifying = verifier.verify({ ...producer, transactionalId: ID, mode: "verify", partitions: new Map([["t", new Set([0])]]) });
    void Promise.resolve(verifying).then(() => {
      isAnswered = true;
    });
    await bench.pass(2000, 100);
    return isAnswered;
  };
  expect(await isAnsweredIn2s({})).toBe(false);
  expect(await isAnsweredIn2s({ "request.timeout.ms": 1000 })).toBe(true);
  silent.close();
});
