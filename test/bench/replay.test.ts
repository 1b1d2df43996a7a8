// The load generator of the benchmark, and the raw Node that it is compared with: everything that it says it sent arrives.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Compression } from "../../protocol/records/batch-header.ts";
import { launch } from "../../scripts/bench/contender.ts";
import { type FetchOrder, type ProduceOrder, replay } from "../../scripts/bench/replay-order.ts";
import { startBroker } from "../../src/index.ts";

const RECORDS_PER_BATCH = 5;
const REQUESTS = 40;

const target = (port: number, topic: string) => ({ host: "127.0.0.1", port, topic, partitions: 2, connections: 2 });

const produceOrder = (port: number, topic: string): ProduceOrder => ({
  ...target(port, topic),
  mode: "produce",
  window: 4,
  requests: REQUESTS,
  mostSeconds: 60,
  recordBytes: 100,
  recordsPerBatch: RECORDS_PER_BATCH,
  acks: -1,
});

const kinds: readonly { readonly kind: string; readonly more: Partial<ProduceOrder> }[] = [
  { kind: "acks=all", more: {} },
  { kind: "acks=0", more: { acks: 0 } },
  { kind: "more connections than partitions", more: { connections: 4 } },
  { kind: "more partitions than connections", more: { connections: 1 } },
  { kind: "zstd", more: { compression: Compression.ZSTD } },
  { kind: "idempotent", more: { isIdempotent: true } },
  { kind: "transactional", more: { batchesPerTransaction: 7 } },
];

test.each(kinds)("$kind: every record that was sent is in the log", { timeout: 60_000 }, async ({ more }) => {
  await using broker = await startBroker({ topics: [{ name: "bench", partitions: 2 }] });
  const order = { ...produceOrder(broker.port, "bench"), ...more };
  const result = await replay(order);
  // A tenth of the first connection's requests is not counted, and without answers one more ends each connection.
  expect(result.requests).toBeLessThanOrEqual(REQUESTS);
  expect(result.requests).toBeGreaterThan(REQUESTS * 0.7);
  const records = await broker.read("bench");
  const sent = order.acks === 0 ? REQUESTS + order.connections : REQUESTS;
  expect(records).toHaveLength(sent * RECORDS_PER_BATCH);
});

test("a log is read whole, from near its end, and again and again", { timeout: 60_000 }, async () => {
  await using broker = await startBroker({ topics: [{ name: "bench", partitions: 2 }] });
  const produced = await replay(produceOrder(broker.port, "bench"));
  await expectFetches(broker.port, "bench", produced.bytes / produced.requests);
});

test("the raw Node that brokers are compared with gives back what it was given", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  const sink = await launch("sink+crc", { folder });
  onTestFinished(async () => {
    await sink.end("killed");
    rmSync(folder, { recursive: true, force: true });
  });
  const { bytes, requests } = await replay(produceOrder(sink.port, "bench"));
  await expectFetches(sink.port, "bench", bytes / requests);
});

async function expectFetches(port: number, topic: string, batchBytes: number): Promise<void> {
  const order: FetchOrder = { ...target(port, topic), mode: "fetch", startOffset: 0 };
  expect((await replay(order)).bytes).toBe(REQUESTS * batchBytes);
  expect((await replay({ ...order, startOffset: -2 * RECORDS_PER_BATCH })).bytes).toBe(2 * 2 * batchBytes);
  const again = await replay({ ...order, startOffset: -2 * RECORDS_PER_BATCH, repeatBytes: 10 * batchBytes });
  expect(again.bytes).toBe(2 * 10 * batchBytes);
}
