// Listeners altered while the broker runs: what is opened and closed, and what is refused, in Kafka's words as seen on Kafka 4.3.1. A title
// begins with the settings that it is about.

import net from "node:net";
import { expect, test } from "vitest";
import { incrementalAlterConfigs, metadata } from "../../protocol/messages/index.ts";
import { type Logger, silentLogger } from "../../src/base/logger.ts";
import { startBroker } from "../../src/index.ts";
import { BROKER } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";
import { type BenchOptions, EffectBench } from "./effect-bench.ts";

const STATIC = "PLAINTEXT://127.0.0.1:0";
const MAP = "PLAINTEXT:PLAINTEXT,EXTRA:PLAINTEXT,TWO:PLAINTEXT,SECURE:SASL_PLAINTEXT";

function start(more: BenchOptions = {}): Promise<EffectBench> {
  return EffectBench.start({
    ...more,
    settings: { listeners: STATIC, "advertised.listeners": "PLAINTEXT://127.0.0.1:19092", ...more.settings },
  });
}

/** Of broker 1; `null` goes back to what held at the start. Gives what is wrong. */
async function alter({ asking }: EffectBench, values: Readonly<Record<string, string | null>>, resourceName = "1"): Promise<string | null> {
  const configs = Object.entries(values).map(([name, value]) => ({ name, configOperation: value === null ? 1 : 0, value }));
  const answer = await asking.ask(incrementalAlterConfigs, {
    resources: [{ resourceType: BROKER, resourceName, configs }],
    validateOnly: false,
  });
  return answer.responses[0]?.errorMessage ?? null;
}

/** The port of a listener, once the cluster knows of it; 0 while there is none. */
function portOf({ node }: EffectBench, listener: string): number {
  return node.cluster.image.brokers.get(1)?.endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0;
}

async function opened(bench: EffectBench, listener: string): Promise<number> {
  await expect.poll(() => portOf(bench, listener)).toBeGreaterThan(0);
  return portOf(bench, listener);
}

test("listeners, listener.security.protocol.map: a listener that comes while the broker runs is served, and told to those who use it", async () => {
  await using bench = await start();
  expect(await alter(bench, { listeners: `${STATIC},EXTRA://127.0.0.1:0`, "listener.security.protocol.map": MAP })).toBeNull();
  const port = await opened(bench, "EXTRA");
  const client = await RawClient.connect(port);
  const answer = await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false });
  expect(answer?.brokers).toMatchObject([{ nodeId: 1, host: "127.0.0.1", port }]);
  client.close();
});

test("listeners: one that goes is closed with its connections, and the others go on", async () => {
  await using bench = await start();
  await alter(bench, { listeners: `${STATIC},EXTRA://127.0.0.1:0,TWO://127.0.0.1:0`, "listener.security.protocol.map": MAP });
  const port = await opened(bench, "EXTRA");
  const other = await RawClient.connect(await opened(bench, "TWO"));
  const client = await RawClient.connect(port);
  expect(await alter(bench, { listeners: `${STATIC},TWO://127.0.0.1:0` })).toBeNull();
  await client.closed();
  await expect.poll(() => portOf(bench, "EXTRA")).toBe(0);
  await expect(RawClient.connect(port)).rejects.toThrow("ECONNREFUSED");
  expect(await other.call(metadata, 9, { topics: [], allowAutoTopicCreation: false })).toBeDefined();
  expect(await alter(bench, { listeners: null })).toBeNull();
  await other.closed();
});

test("listeners: what was altered holds after a restart", async () => {
  const before = await start();
  await alter(before, { listeners: `${STATIC},EXTRA://127.0.0.1:0`, "listener.security.protocol.map": MAP });
  await opened(before, "EXTRA");
  await before[Symbol.asyncDispose]();
  const { filesystem, clock } = before;
  await using after = await start({ filesystem, clock });
  const client = await RawClient.connect(portOf(after, "EXTRA"));
  expect(await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false })).toBeDefined();
  client.close();
});

test("listeners: a port that is taken is told in the log, and what else was altered holds", async () => {
  const taken = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const address = taken.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_: object, text: string) => void errors.push(text), child: () => logger };
  await using bench = await start({ logger });
  const listeners = `${STATIC},EXTRA://127.0.0.1:${port},TWO://127.0.0.1:0`;
  expect(await alter(bench, { listeners, "listener.security.protocol.map": MAP })).toBeNull();
  await opened(bench, "TWO");
  expect(portOf(bench, "EXTRA")).toBe(0);
  expect(errors).toEqual(["could not open a listener"]);
  taken.close();
});

const CREATING = "Error creating broker listeners from";

test.each<[string, Readonly<Record<string, string>>, string]>([
  [
    "a name of no protocol",
    { listeners: `${STATIC},OTHER://h:1` },
    `${CREATING} '[${STATIC}, OTHER://h:1]': No security protocol defined for listener OTHER`,
  ],
  [
    "no address",
    { listeners: `${STATIC},EXTRA//h:1` },
    `${CREATING} '[${STATIC}, EXTRA//h:1]': Unable to parse EXTRA//h:1 to a broker endpoint`,
  ],
  [
    "a name twice",
    { listeners: `${STATIC},EXTRA://h:1,EXTRA://h:2` },
    `${CREATING} '[${STATIC}, EXTRA://h:1, EXTRA://h:2]': Each listener must have a different name, listeners: [${STATIC}, EXTRA://h:1, EXTRA://h:2]`,
  ],
  [
    "a port twice",
    { listeners: `${STATIC},EXTRA://h:1,TWO://h:1` },
    `${CREATING} '[${STATIC}, EXTRA://h:1, TWO://h:1]': Each listener must have a different port, listeners: [${STATIC}, EXTRA://h:1, TWO://h:1]`,
  ],
  [
    "a port twice, once by address",
    { listeners: `${STATIC},EXTRA://127.0.0.1:1,TWO://h:1` },
    `${CREATING} '[${STATIC}, EXTRA://127.0.0.1:1, TWO://h:1]': Each listener must have a different port unless exactly one listener has an IPv4 address and the other IPv6 address, listeners: [${STATIC}, EXTRA://127.0.0.1:1, TWO://h:1], port: 1`,
  ],
  [
    "a port twice of one family",
    { listeners: `${STATIC},EXTRA://127.0.0.1:1,TWO://127.0.0.1:1` },
    `${CREATING} '[${STATIC}, EXTRA://127.0.0.1:1, TWO://127.0.0.1:1]': If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, listeners: [${STATIC}, EXTRA://127.0.0.1:1, TWO://127.0.0.1:1], port: 1`,
  ],
  [
    "without one that is advertised",
    { listeners: "EXTRA://127.0.0.1:0" },
    "requirement failed: advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found PLAINTEXT. The valid options based on the current configuration are EXTRA",
  ],
  ["no listener", { listeners: "" }, "Configuration 'listeners' must not be empty. Valid values include: any non-empty value"],
  [
    "one that asks for a login by Kerberos",
    { listeners: `${STATIC},SECURE://127.0.0.1:0` },
    "sasl.enabled.mechanisms: the listener SECURE would ask for GSSAPI (Kerberos), which is not served; name some of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER",
  ],
  [
    "another protocol for a listener that is there",
    { "listener.security.protocol.map": "PLAINTEXT:SSL" },
    "Invalid value org.apache.kafka.common.config.ConfigException: Security protocol cannot be updated for existing listener ListenerName(PLAINTEXT) for configuration Invalid dynamic configuration",
  ],
  [
    "an unknown protocol",
    { "listener.security.protocol.map": "PLAINTEXT:FOO" },
    "Invalid security protocol `FOO` defined in listener.security.protocol.map",
  ],
  [
    "a map without a protocol",
    { "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,EXTRA" },
    "Error parsing configuration property 'listener.security.protocol.map': begin 0, end -1, length 5",
  ],
  [
    "an empty map",
    { "listener.security.protocol.map": "" },
    `${CREATING} '[${STATIC}]': No security protocol defined for listener PLAINTEXT`,
  ],
  [
    "what clients are told",
    { "advertised.listeners": "PLAINTEXT://h:1" },
    "Cannot update these configs dynamically: [advertised.listeners]",
  ],
])("listeners, listener.security.protocol.map: altering to %s is refused", async (_, values, message) => {
  await using bench = await start({ settings: { "listener.security.protocol.map": MAP } });
  expect(await alter(bench, values)).toBe(message);
  expect(bench.node.cluster.image.settings.get("broker 1")).toBeUndefined();
});

test("listeners: two may share a port where one is on IPv4 and the other on IPv6", async () => {
  await using bench = await start({ settings: { "listener.security.protocol.map": MAP } });
  expect(await alter(bench, { listeners: `${STATIC},EXTRA://127.0.0.1:1,TWO://[::1]:1` })).toBeNull();
});

test("listeners: a process that is controller too keeps a controllers' listener", async () => {
  const settings = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    listeners: `${STATIC},CONTROLLER://127.0.0.1:0`,
    "listener.security.protocol.map": `${MAP},CONTROLLER:PLAINTEXT`,
  };
  await using bench = await start({ settings });
  expect(await alter(bench, { listeners: `${STATIC},EXTRA://127.0.0.1:0` })).toBe(
    "requirement failed: controller.listener.names must contain at least one value appearing in the 'listeners' configuration when running the KRaft controller role",
  );
  expect(await alter(bench, { listeners: `${STATIC},CONTROLLER://127.0.0.1:0,EXTRA://127.0.0.1:0` })).toBeNull();
  await opened(bench, "EXTRA");
  expect(portOf(bench, "CONTROLLER")).toBe(0);
});

test("listeners: they are a single broker's", async () => {
  await using bench = await start();
  expect(await alter(bench, { listeners: STATIC }, "")).toBe(
    "Cannot update these configs at default cluster level, broker id must be specified: [listeners]",
  );
});

test("advertised.listeners: of several listeners, the address to begin with is that of one which does not send clients on to another host", async () => {
  const settings = {
    listeners: "PLAINTEXT://127.0.0.1:0,HOST://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT",
    "advertised.listeners": "PLAINTEXT://kafka:29092,HOST://localhost:9092",
  };
  await using broker = await startBroker({ settings });
  const client = await RawClient.connect(broker.port);
  const answer = await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false });
  expect(answer?.brokers).toMatchObject([{ host: "localhost", port: 9092 }]);
  expect(broker.bootstrapServers).toBe(`127.0.0.1:${broker.port}`);
  client.close();
});
