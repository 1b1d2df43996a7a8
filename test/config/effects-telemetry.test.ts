// Settings of client telemetry (KIP-714): each is changed and its effect seen. A title begins with the settings that it is about.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { getTelemetrySubscriptions, incrementalAlterConfigs, pushTelemetry } from "../../protocol/messages/index.ts";
import { type AskingBroker, CLIENT_METRICS } from "../support/asking-broker.ts";
import { EffectBench } from "./effect-bench.ts";

const ID = "rAQr6YD5SsSV_WIqrWtXUA";

/** What the client is told with these settings on a subscription. */
async function toldWith(asking: AskingBroker, settings: Readonly<Record<string, string>>) {
  const configs = Object.entries(settings).map(([name, value]) => ({ name, configOperation: 0, value }));
  const resources = [{ resourceType: CLIENT_METRICS, resourceName: "s", configs }];
  const { responses } = await asking.ask(incrementalAlterConfigs, { resources, validateOnly: false });
  expect(responses.map(({ errorMessage }) => errorMessage)).toEqual([null]);
  return asking.ask(getTelemetrySubscriptions, { clientInstanceId: ID });
}

test("telemetry.max.bytes: a larger push is refused, and clients are told", async () => {
  for (const [settings, code] of [
    [{}, Errors.NONE],
    [{ "telemetry.max.bytes": 99 }, Errors.TELEMETRY_TOO_LARGE],
  ] as const) {
    await using bench = await EffectBench.start({ settings });
    const { subscriptionId, telemetryMaxBytes } = await toldWith(bench.asking, { metrics: "*" });
    expect(telemetryMaxBytes).toBe(settings["telemetry.max.bytes"] ?? 1_048_576);
    // One field that OTLP does not have.
    const metrics = Buffer.concat([Buffer.from([15 * 8 + 2, 98]), Buffer.alloc(98)]);
    const push = { clientInstanceId: ID, subscriptionId, terminating: false, compressionType: 0, metrics };
    expect((await bench.asking.ask(pushTelemetry, push)).errorCode).toBe(code);
  }
});

test("metrics, interval.ms: clients are told what to push and how often", async () => {
  await using bench = await EffectBench.start();
  expect(await toldWith(bench.asking, { metrics: "a.b" })).toMatchObject({ requestedMetrics: ["a.b"], pushIntervalMs: 300_000 });
  expect(await toldWith(bench.asking, { metrics: "c", "interval.ms": "100" })).toMatchObject({
    requestedMetrics: ["c"],
    pushIntervalMs: 100,
  });
});

test("match: only clients that fit are asked", async () => {
  await using bench = await EffectBench.start();
  expect(await toldWith(bench.asking, { metrics: "a", match: "client_id=other" })).toMatchObject({ requestedMetrics: [] });
  expect(await toldWith(bench.asking, { match: "client_id=raw" })).toMatchObject({ requestedMetrics: ["a"] });
});
