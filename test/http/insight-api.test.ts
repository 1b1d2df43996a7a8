// What a broker tells of its clients over HTTP beyond what Kafka's protocol does.

import { afterAll, beforeAll, expect, test } from "vitest";
import { apiVersions, describeGroups, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { askApi } from "./api-client.ts";

let broker: RunningBroker;
let url: string;
beforeAll(async () => {
  broker = await startBroker({ topics: ["orders"] });
  url = broker.httpUrl ?? "";
});
afterAll(() => broker.stop());

test("clients are told with what they are, what they ask for, and what errors they are told", async () => {
  const client = await RawClient.connect(broker.port);
  await client.call(apiVersions, 3, { clientSoftwareName: "raw", clientSoftwareVersion: "1.2" });
  const batch = buildBatch([{ key: null, value: Buffer.from("x") }]).bytes;
  for (const name of ["orders", "orders", "nowhere"])
    await client.call(produce, 9, {
      acks: 1,
      timeoutMs: 1000,
      topicData: [{ name, partitionData: [{ index: name === "orders" ? 0 : 7, records: batch }] }],
    });
  await client.call(describeGroups, 5, { groups: ["g"] });
  const { body } = await askApi(url, "clients");
  const raw = body.connections.find(({ softwareName }: { softwareName: string }) => softwareName === "raw");
  expect(raw).toMatchObject({
    ...{ protocol: "kafka", principal: "User:ANONYMOUS", remoteAddress: expect.stringMatching(/127.0.0.1|::1/), softwareVersion: "1.2" },
    ...{ isThrottled: false, throttledCount: 0, inFlight: null, peerBrokerId: null, isSecure: false, listener: "PLAINTEXT" },
  });
  expect(Math.abs(raw.sinceMs - Date.now())).toBeLessThan(60_000);
  expect(Math.abs(raw.lastActiveMs - Date.now())).toBeLessThan(60_000);
  expect(raw.apis).toEqual([
    { name: "ApiVersions", version: 3, count: 1, errors: [] },
    { name: "Produce", version: 9, count: 3, errors: [{ error: "UNKNOWN_TOPIC_OR_PARTITION", count: 1 }] },
    { name: "DescribeGroups", version: 5, count: 1, errors: expect.anything() },
  ]);
  expect(body.connections.some(({ protocol }: { protocol: string }) => protocol === "http")).toBe(true);
  client.close();
  const { body: overview } = await askApi(url, "overview");
  expect(overview.serves).toContain("clients");
});
