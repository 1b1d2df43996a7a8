// What a client pushed of its metrics, as our commands print it; and that the topic that keeps it is one of the broker's own.

import { afterAll, beforeAll, expect, test } from "vitest";
import { apiVersions, getTelemetrySubscriptions, pushTelemetry } from "../../protocol/messages/index.ts";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { recordedPushes } from "../telemetry/recorded-pushes.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const ID = "rAQr6YD5SsSV_WIqrWtXUA";

let broker: RunningBroker;
beforeAll(async () => {
  broker = await startBroker({ host: "127.0.0.1", topics: ["lines"] });
});
afterAll(() => broker.stop());

async function run(...argv: readonly string[]) {
  const terminal = new FakeTerminal();
  const args = [...argv, "--bootstrap-server", broker.bootstrapServers];
  const exitCode = await runToolCommand(args, { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

/** Pushes twice what librdkafka pushed. */
async function pushTwice(): Promise<void> {
  const client = await RawClient.connect(broker.port);
  await client.call(apiVersions, 3, { clientSoftwareName: "librdkafka", clientSoftwareVersion: "2.16.0" });
  const told = await client.call(getTelemetrySubscriptions, 0, { clientInstanceId: ID });
  expect(told?.requestedMetrics).toEqual(["*"]);
  const [first, , last] = recordedPushes("librdkafka");
  for (const [push, terminating] of [[first, false] as const, [last, true] as const]) {
    if (push === undefined || told === undefined) throw new Error("nothing was recorded");
    const request = { ...push, clientInstanceId: ID, subscriptionId: told.subscriptionId, terminating };
    expect(await client.call(pushTelemetry, 0, request)).toMatchObject({ errorCode: 0 });
  }
  client.close();
}

test("odradek cluster client-metrics prints what each client pushed last", async () => {
  expect(await run("cluster", "client-metrics")).toMatchObject({
    exitCode: 0,
    out: "",
    err: "No client has pushed metrics; kafka-client-metrics --alter asks for them.\n",
  });
  expect(await run("configs", "set", "client-metrics", "all", "metrics=*")).toMatchObject({ exitCode: 0 });
  await pushTwice();
  const [header = "", row = "", ...more] = (await run("cluster", "client-metrics")).out.trimEnd().split("\n");
  expect(header.split(/\s{2,}/)).toEqual(["client", "instance", "software", "address", "broker", "pushed", "ended", "metrics"]);
  expect(row).toMatch(/^raw +rAQr6YD5SsSV_WIqrWtXUA +librdkafka 2\.16\.0 +127\.0\.0\.1 +1 +\d{4}-\S+Z +true +10$/);
  expect(more).toEqual([]);
  const { out: values } = await run("cluster", "client-metrics", "--client", "raw");
  expect(values).toMatch(/\n\S{22} +org\.apache\.kafka\.producer\.node\.request\.latency\.avg +node\.id=1 +gauge +3\.071 +-\n/);
  expect((await run("cluster", "client-metrics", "--client", "nobody")).out).toBe("");
  const { out: json } = await run("cluster", "client-metrics", "--json");
  expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(await broker.clientMetrics())));
  expect(JSON.parse(json)).toMatchObject([{ clientInstanceId: ID, isTerminating: true }]);
});

test("the topic of pushed metrics is internal to Kafka's tools", async () => {
  expect((await run("kafka-topics", "--list")).out.trim().split("\n")).toEqual(["__client_metrics", "lines"]);
  expect((await run("kafka-topics", "--list", "--exclude-internal")).out).toBe("lines\n");
  expect((await run("kafka-get-offsets", "--exclude-internal-topics")).out).toBe("lines:0:0\n");
  expect((await run("kafka-get-offsets")).out.split("\n")[0]).toMatch(/^__client_metrics:0:\d+$/);
});
