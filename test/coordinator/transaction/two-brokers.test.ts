// Two brokers over one storage and one metadata store: the coordinator of a transaction leads some of its partitions, and writes markers to
// the other broker for the rest; batches are verified with a coordinator that is elsewhere.

import { afterEach, beforeEach, expect, test } from "vitest";
import * as messages from "../../../protocol/messages/index.ts";
import type { Broker } from "../../../src/broker/broker.ts";
import { TRANSACTION_STATE_TOPIC } from "../../../src/cluster/topic-name.ts";
import { brokerConfig } from "../../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../../src/node.ts";
import { ProbeClient } from "./probe-client.ts";

let node: RunningNode;

beforeEach(async () => {
  const place = (id: number) => ({
    config: brokerConfig({
      argument: { "node.id": id, "transaction.state.log.num.partitions": 1, "transaction.state.log.replication.factor": 2 },
    }),
    host: "127.0.0.1",
    port: 0,
  });
  node = await openNode({ ...place(1), others: [place(2)], data: "memory", topics: [] });
  const seed = await ProbeClient.connect(node.broker.port, "seed");
  await seed.call(messages.findCoordinator, 4, { keyType: 1, coordinatorKeys: ["id"] });
  seed.close();
});
afterEach(() => node.stop());

function broker(id: number): Broker {
  const found = node.brokers.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no broker ${id}`);
  return found;
}

/** The broker that coordinates transactions, and another one. */
function roles(): { readonly coordinator: Broker; readonly other: Broker } {
  const leader = node.cluster.image.topicsByName.get(TRANSACTION_STATE_TOPIC)?.partitions[0]?.leader ?? -1;
  return { coordinator: broker(leader), other: broker(3 - leader) };
}

async function makeTopic(probe: ProbeClient, name: string, ...brokerIds: number[]): Promise<void> {
  await probe.call(messages.createTopics, 7, {
    topics: [{ name, numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds }], configs: [] }],
    timeoutMs: 10_000,
    validateOnly: false,
  });
}

test.each([
  ["older", 10, 4],
  ["newer", 12, 5],
])(
  "a transaction with a partition on the other broker ends there, too, in the %s protocol",
  async (protocol, produceVersion, endVersion) => {
    const { coordinator, other } = roles();
    const name = `there-${protocol}`;
    const asking = await ProbeClient.connect(coordinator.port, name);
    const producing = await ProbeClient.connect(other.port, name);
    await makeTopic(asking, `${name}-topic`, other.id);
    const { producer } = await asking.init("id");
    expect(await producing.produce("id", producer, { version: 11 }), "not added yet").toBe("TRANSACTION_ABORTABLE");
    if (protocol === "older") expect(await asking.add("id", producer, [0])).toBe("0 NONE");
    expect(await producing.produce("id", producer, { version: produceVersion })).toBe("offset 0");
    expect((await asking.end("id", producer, true, endVersion)).told).toMatch(/^NONE/);
    expect(await asking.settled("id")).toMatch(/^CompleteCommit/);
    const read = await producing.read();
    expect(read.lastStable).toBe(2);
    expect(read.batches).toContain("COMMIT");
    asking.close();
    producing.close();
  },
);

test("markers for a broker that is away are written when it is back", async () => {
  const { coordinator, other } = roles();
  const asking = await ProbeClient.connect(coordinator.port, "away");
  const producing = await ProbeClient.connect(other.port, "away");
  await makeTopic(asking, "away-topic", other.id);
  const { producer } = await asking.init("id");
  expect(await producing.produce("id", producer, { version: 12 })).toBe("offset 0");
  const partition = other.services.partitions.get("away-topic", 0);
  const append = partition?.appendMarker.bind(partition);
  if (partition === undefined || append === undefined) throw new Error("the other broker does not lead the topic");
  let refusals = 2;
  partition.appendMarker = (...marker) => (refusals-- > 0 ? { ok: false, error: 6, message: null, recordErrors: [] } : append(...marker));
  expect((await asking.end("id", producer, false, 5)).told).toBe("NONE P0 1");
  expect(await asking.describe("id"), "it waits").toMatch(/^PrepareAbort/);
  expect((await asking.init("id")).told).toMatch(/^CONCURRENT_TRANSACTIONS/);
  expect(await asking.settled("id")).toMatch(/^CompleteAbort/);
  expect((await producing.read()).aborted).toBe("P0 from 0");
  asking.close();
  producing.close();
});

test.each([
  ["older", 10, 4],
  ["newer", 12, 5],
])(
  "a transaction goes on when its coordinator is stopped in its middle, in the %s protocol",
  async (protocol, produceVersion, endVersion) => {
    const { coordinator, other } = roles();
    const name = `moved-${protocol}`;
    const before = await ProbeClient.connect(coordinator.port, name);
    const after = await ProbeClient.connect(other.port, name);
    await makeTopic(before, `${name}-topic`, coordinator.id, other.id);
    const { producer } = await before.init("id");
    if (protocol === "older") await before.add("id", producer, [0]);
    expect(await before.produce("id", producer, { version: produceVersion, values: ["before"] })).toBe("offset 0");
    await node.stopBroker(coordinator.id);
    before.close();
    expect(await after.describe("id")).toMatch(/^Ongoing/);
    expect(await after.produce("id", producer, { version: produceVersion, sequence: 1, values: ["after"] })).toBe("offset 1");
    expect((await after.end("id", producer, true, endVersion)).told).toMatch(/^NONE/);
    expect(await after.settled("id")).toMatch(/^CompleteCommit/);
    const read = await after.read();
    expect(read.lastStable).toBe(3);
    expect(read.batches).toMatch(/^0: before .* \| 1: after .* \| 2: COMMIT/);
    after.close();
  },
);

test("a transaction that was decided is completed by the coordinator that comes next", async () => {
  const { coordinator, other } = roles();
  const before = await ProbeClient.connect(coordinator.port, "decided");
  const after = await ProbeClient.connect(other.port, "decided");
  await makeTopic(before, "decided-topic", other.id);
  const { producer } = await before.init("id");
  await before.produce("id", producer, { version: 12 });
  const onOther = await ProbeClient.connect(other.port, "decided");
  expect(await onOther.produce("id", producer, { version: 12 })).toBe("offset 0");
  const partition = other.services.partitions.get("decided-topic", 0);
  if (partition === undefined) throw new Error("the other broker does not lead the topic");
  const append = partition.appendMarker.bind(partition);
  partition.appendMarker = () => ({ ok: false, error: 6, message: null, recordErrors: [] });
  expect((await before.end("id", producer, true, 5)).told).toBe("NONE P0 1");
  expect(await before.describe("id")).toMatch(/^PrepareCommit/);
  await node.killBroker(coordinator.id);
  partition.appendMarker = append;
  expect(await after.settled("id")).toMatch(/^CompleteCommit/);
  // A marker that was on its way when its coordinator died may come as well: markers can be repeated.
  expect([2, 3]).toContain((await after.read()).lastStable);
  for (const probe of [before, after, onOther]) probe.close();
});
