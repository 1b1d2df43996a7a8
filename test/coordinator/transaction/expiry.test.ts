// What time and restarts do to transactional ids.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startBroker } from "../../../src/index.ts";
import { ProbeClient } from "./probe-client.ts";

test("an id that is not used for transactional.id.expiration.ms is forgotten, one with an open transaction is not", async () => {
  await using broker = await startBroker({
    settings: {
      "transactional.id.expiration.ms": 300,
      "transaction.remove.expired.transaction.cleanup.interval.ms": 50,
      "transaction.state.log.num.partitions": 1,
    },
  });
  const probe = await ProbeClient.open(broker.port, "idle");
  const idle = await probe.init("idle");
  const busy = await probe.init("busy");
  expect(await probe.produce("busy", busy.producer, { version: 12 })).toBe("offset 0");
  expect(await probe.becomes("idle", "TRANSACTIONAL_ID_NOT_FOUND")).toBe("TRANSACTIONAL_ID_NOT_FOUND");
  expect(await probe.add("idle", idle.producer, [0])).toBe("0 INVALID_PRODUCER_ID_MAPPING");
  expect(await probe.describe("busy")).toMatch(/^Ongoing/);
  expect((await probe.init("idle", { producer: idle.producer })).told, "a new id, from the first epoch").toBe("P2 epoch 0");
  expect((await probe.end("busy", busy.producer, true, 5)).told).toBe("NONE P1 1");
  probe.close();
});

test("a transaction goes on after a restart, with its offsets still pending", async () => {
  const data = mkdtempSync(join(tmpdir(), "odradek-transactions-"));
  try {
    const settings = { "transaction.state.log.num.partitions": 1, "offsets.topic.num.partitions": 1 };
    const first = await startBroker({ data, settings });
    const before = await ProbeClient.open(first.port, "restart");
    const { producer } = await before.init("restart");
    await before.produce("restart", producer, { version: 12, values: ["before"] });
    await before.commitOffset("restart", producer, 7, { version: 5 });
    before.close();
    await first.stop();
    await using second = await startBroker({ data, settings });
    const after = await ProbeClient.connect(second.port, "restart");
    await after.coordinator(0, after.group);
    await after.becomes("restart", "Ongoing");
    expect(await after.committed(0, { requireStable: true })).toBe("UNSTABLE_OFFSET_COMMIT");
    expect(await after.produce("restart", producer, { version: 12, sequence: 1, values: ["after"] })).toBe("offset 1");
    expect((await after.read()).lastStable).toBe(0);
    expect((await after.end("restart", producer, true, 5)).told).toBe("NONE P0 1");
    expect(await after.settled("restart")).toMatch(/^CompleteCommit/);
    expect((await after.read()).lastStable).toBe(3);
    expect(await after.committed(0, { requireStable: true })).toBe("7");
    after.close();
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
