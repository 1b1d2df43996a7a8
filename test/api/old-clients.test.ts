// Clients from before Kafka 0.11: in the versions that Apache Kafka served up to 3.9 they are answered as it answered them; and where these are
// turned off, as Kafka 4 has it, they are refused.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiVersions, fetch, listOffsets, metadata, produce } from "../../protocol/messages/index.ts";
import type { Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { handlers } from "../../src/api/index.ts";
import { withoutOldVersions } from "../../src/api/old-versions.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { readFacts } from "../old-clients/facts.ts";
import { messageSet } from "../old-clients/message-sets.ts";
import { type Courses, play } from "../old-clients/play.ts";
import { SCENARIOS } from "../old-clients/scenarios.ts";
import { RawClient } from "../support/raw-client.ts";

/** What is done otherwise, and why; what is seen of it is told below. */
const DIFFERENT: Readonly<Record<string, string>> = {
  "limits that are smaller than a batch":
    "Kafka 3.9 gives nothing at all then, and a client waits for ever; what fits is given, or what is cut off",
  "messages around the ends of transactions": "Kafka 3.9 gives messages twice, or stops at a marker",
  "offsets as a list, of several segments and times": "where segments start, and when they were written, is the engine's own business",
  "offsets of groups that were in ZooKeeper": "Kafka 3.9 refuses them where there is no ZooKeeper; they are kept as any group's",
};

let broker: RunningBroker;
let courses: Courses;
beforeAll(async () => {
  broker = await startBroker({ settings: { "auto.create.topics.enable": false } });
  courses = await play(broker.port, SCENARIOS);
});
afterAll(() => broker.stop());

test.each(SCENARIOS.map(({ name }) => name).filter((name) => !(name in DIFFERENT)))("as by Kafka 3.9: %s", (name) => {
  expect(courses[name]).toEqual(readFacts()[name]);
});

describe("otherwise than by Kafka 3.9", () => {
  test("a client whose limit no message fits in sees that one is cut off", () => {
    const [name = ""] = Object.keys(DIFFERENT);
    const own = courses[name] ?? [];
    expect(own.filter((line) => line.includes("only what is cut off"))).toHaveLength(2);
    expect(own.filter((line) => !line.includes("only what is cut off"))).toEqual(readFacts()[name]);
  });

  test("it gets those that fit, of a batch that does not", async () => {
    const client = await RawClient.connect(broker.port);
    const written = ["x", "y"].map((each) => ["k", each.repeat(500)] as const);
    const two = messageSet(written, { magic: 1 });
    await broker.topics.create("fits");
    const topicData = [{ name: "fits", partitionData: [{ index: 0, records: two }] }];
    await client.call(produce, 2, { acks: 1, timeoutMs: 1000, topicData });
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 600 }];
    const asked = { maxWaitMs: 0, minBytes: 1, topics: [{ topic: "fits", partitions }] };
    const answer = await client.call(fetch, 2, asked);
    expect(answer?.responses[0]?.partitions[0]?.records).toEqual(two.subarray(0, two.length / 2));
    client.close();
  });

  test("nothing is lost or given twice around the ends of transactions", () => {
    expect(courses["messages around the ends of transactions"]).toMatchInlineSnapshot(`
      [
        "Fetch 2 from 0, 1000000 bytes: NONE, high watermark 2",
        "  0 v1 at +0 k0=value0",
        "  1 v1 at +1 k1=value1",
        "Fetch 2 from 3, 1000000 bytes: NONE, high watermark 5",
        "  3 v1 at +0 k0=value0",
        "  4 v1 at +1 k1=value1",
        "Fetch 0, 1 from 0, 1000000 bytes: NONE, high watermark 6",
        "  0 v0 k0=value0",
        "  1 v0 k1=value1",
        "  3 v0 k0=value0",
        "  4 v0 k1=value1",
        "Fetch 2, 3 from 0, 1000000 bytes: NONE, high watermark 6",
        "  0 v1 at +0 k0=value0",
        "  1 v1 at +1 k1=value1",
        "  3 v1 at +0 k0=value0",
        "  4 v1 at +1 k1=value1",
        "Fetch 2 from 2, 1000000 bytes: NONE, high watermark 6",
        "  3 v1 at +0 k0=value0",
        "  4 v1 at +1 k1=value1",
        "Fetch 2 from 5, 1000000 bytes: NONE, high watermark 6",
      ]
    `);
  });

  test("offsets by time are those of records, and newer than the newest is the end", () => {
    expect(courses["offsets as a list, of several segments and times"]?.filter((line) => line.startsWith("List"))).toMatchInlineSnapshot(`
      [
        "ListOffsets 0 of -1, 10: error 0, [6,0]",
        "ListOffsets 0 of -2, 10: error 0, [0]",
        "ListOffsets 0 of +1, 10: error 0, [1]",
        "ListOffsets 0 of +-1, 10: error 0, [0]",
        "ListOffsets 0 of a time to come, 10: error 0, [6,0]",
      ]
    `);
  });

  test("offsets that were kept in ZooKeeper are the group's", () => {
    const codes = (courses["offsets of groups that were in ZooKeeper"] ?? []).map((line) => /"errorCode":(\d+)/.exec(line)?.[1]);
    expect(codes).toEqual(["0", "0", "0"]);
  });
});

describe("the versions served", () => {
  const lowest = (file: string) => {
    const messages = JSON.parse(readFileSync(join(import.meta.dirname, `../facts/${file}.json`), "utf8")) as readonly Declared[];
    return new Map(
      messages
        .filter(({ type }) => type === "request")
        .map(({ apiKey, validVersions = "" }) => [apiKey, Number.parseInt(validVersions, 10)]),
    );
  };

  test("are those of Kafka 4 where old ones are turned off, and go down to those of 3.9 otherwise", () => {
    const [today, before] = [lowest("messages-4.3.1"), lowest("messages-3.9.1")];
    for (const { api, versions } of withoutOldVersions(handlers)) expect(versions.lowest, api.name).toBe(today.get(api.key));
    for (const { api, versions } of handlers) {
      const isShared = api.name.startsWith("Share");
      expect(versions.lowest, api.name).toBe(isShared ? today.get(api.key) : (before.get(api.key) ?? today.get(api.key)));
    }
  });

  test("of Produce are advertised and refused where old ones are turned off", async () => {
    await using kafka = await startBroker({ settings: { "odradek.old.protocol.versions": false } });
    const client = await RawClient.connect(kafka.port);
    const told = (await client.call(apiVersions, 0, {}))?.apiKeys ?? [];
    const lowestOf = (key: number) => told.find(({ apiKey }) => apiKey === key)?.minVersion;
    expect([produce, fetch, listOffsets, metadata].map(({ key }) => lowestOf(key))).toEqual([0, 4, 1, 0]);
    client.close();
    expect(await isServed(kafka.port, produce, 2, { acks: 1, timeoutMs: 0, topicData: [] })).toBe(false);
    expect(await isServed(kafka.port, fetch, 3, { maxWaitMs: 0, minBytes: 0, topics: [] })).toBe(false);
    expect(await isServed(kafka.port, listOffsets, 0, { replicaId: -1, topics: [] })).toBe(false);
    expect(await isServed(broker.port, fetch, 3, { maxWaitMs: 0, minBytes: 0, topics: [] })).toBe(true);
  });
});

async function isServed<Q extends Shape>(port: number, api: Api<Q>, version: number, body: Encodable<Q>): Promise<boolean> {
  const client = await RawClient.connect(port);
  const answer = await client.call(api, version, body);
  client.close();
  return answer !== undefined;
}

interface Declared {
  readonly type: string;
  readonly apiKey: number;
  readonly validVersions?: string;
}
