// Two brokers over one storage and one metadata store: the coordinator of a transaction leads some of its partitions, and writes markers to
// the other broker for the rest; batches are verified with a coordinator that is elsewhere.

import { afterEach, beforeEach, expect, test } from "vitest";
import * as messages from "../../../protocol/messages/index.ts";
import { MemoryFilesystem } from "../../../src/base/memory-filesystem.ts";
import { Broker } from "../../../src/broker.ts";
import { type Change, compactChanges } from "../../../src/cluster/image.ts";
import { TRANSACTION_STATE_TOPIC } from "../../../src/cluster/topic-name.ts";
import { brokerConfig } from "../../../src/config/broker-config.ts";
import { openJournalMetadataStore } from "../../../src/log/journal-metadata-store.ts";
import { openMemoryEngine } from "../../../src/log/segmented-engine.ts";
import { RawClient } from "../../support/raw-client.ts";
import { ProbeClient } from "./probe-client.ts";

let brokers: Broker[];
let close: () => Promise<void>;

beforeEach(async () => {
  const filesystem = new MemoryFilesystem();
  filesystem.makeDirectory("/meta");
  const metadata = openJournalMetadataStore<Change>({ filesystem, path: "/meta/journal", compact: compactChanges });
  // Each broker's partitions are in an engine of its own: what one leads, the other does not open.
  const engines = [openMemoryEngine({ brokerId: 1 }), openMemoryEngine({ brokerId: 2 })];
  brokers = [];
  for (const [index, engine] of engines.entries()) {
    const config = brokerConfig({
      argument: { "node.id": index + 1, "transaction.state.log.num.partitions": 1, "offsets.topic.num.partitions": 1 },
    });
    brokers.push(await Broker.start({ config, clusterId: "cluster", engine, metadata, host: "127.0.0.1", port: 0 }));
  }
  close = async () => {
    for (const broker of brokers) await broker.stop();
    await metadata.close();
    for (const engine of engines) await engine.close();
  };
});
afterEach(() => close());

function broker(id: number): Broker {
  const found = brokers[id - 1];
  if (found === undefined) throw new Error(`there is no broker ${id}`);
  return found;
}

/** The broker that coordinates transactions, and another one. */
function roles(): { readonly coordinator: Broker; readonly other: Broker } {
  const leader = broker(1).services.cluster.image.topicsByName.get(TRANSACTION_STATE_TOPIC)?.partitions[0]?.leader ?? -1;
  return { coordinator: broker(leader), other: broker(3 - leader) };
}

async function makeTopic(probe: ProbeClient, leader: number, name: string): Promise<void> {
  await probe.call(messages.createTopics, 7, {
    topics: [{ name, numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [leader] }], configs: [] }],
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
    const seed = await RawClient.connect(broker(1).port);
    await seed.call(messages.findCoordinator, 4, { keyType: 1, coordinatorKeys: ["id"] });
    seed.close();
    const { coordinator, other } = roles();
    const name = `there-${protocol}`;
    const asking = await ProbeClient.connect(coordinator.port, name);
    const producing = await ProbeClient.connect(other.port, name);
    await makeTopic(asking, other.id, `${name}-topic`);
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
  const seed = await RawClient.connect(broker(1).port);
  await seed.call(messages.findCoordinator, 4, { keyType: 1, coordinatorKeys: ["id"] });
  seed.close();
  const { coordinator, other } = roles();
  const asking = await ProbeClient.connect(coordinator.port, "away");
  const producing = await ProbeClient.connect(other.port, "away");
  await makeTopic(asking, other.id, "away-topic");
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
