// Settings that clients alter while a broker runs. Codes and messages are those of Apache Kafka 4.3.1.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { alterConfigs, describeConfigs, incrementalAlterConfigs, listConfigResources } from "../../protocol/messages/index.ts";
import { askingBroker, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC } from "../support/asking-broker.ts";

const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

const started = askingBroker();

type Operation = readonly [name: string, operation: number, value: string | null];

async function alter(resourceType: number, resourceName: string, operations: readonly Operation[], validateOnly = false) {
  const configs = operations.map(([name, configOperation, value]) => ({ name, configOperation, value }));
  const answer = await started().ask(incrementalAlterConfigs, { resources: [{ resourceType, resourceName, configs }], validateOnly });
  return outcome(answer.responses[0]);
}

async function replace(resourceType: number, resourceName: string, values: Readonly<Record<string, string>>) {
  const configs = Object.entries(values).map(([name, value]) => ({ name, value }));
  const answer = await started().ask(alterConfigs, { resources: [{ resourceType, resourceName, configs }], validateOnly: false });
  return outcome(answer.responses[0]);
}

function outcome(response: { readonly errorCode: number; readonly errorMessage: string | null } | undefined): string {
  const name = Object.entries(Errors).find(([, code]) => code === response?.errorCode)?.[0];
  return response?.errorMessage ? `${name}: ${response.errorMessage}` : `${name}`;
}

describe("a topic's settings", () => {
  test("are set, deleted and inherited again", async () => {
    await started().createTopic("settings");
    expect(await alter(TOPIC, "settings", [["retention.ms", SET, " 5000 "]])).toBe("NONE");
    expect(await started().setting(TOPIC, "settings", "retention.ms")).toBe("5000 from 1");
    expect(await alter(TOPIC, "settings", [["retention.ms", DELETE, null]])).toBe("NONE");
    expect(await started().setting(TOPIC, "settings", "retention.ms")).toBe("604800000 from 5");
  });

  test("are appended to and subtracted from when they are lists", async () => {
    await started().createTopic("lists");
    const steps: [number, string, string][] = [
      [APPEND, "compact", "delete,compact from 1"],
      [APPEND, "compact", "delete,compact from 1"],
      [SUBTRACT, "delete", "compact from 1"],
      [SUBTRACT, "absent", "compact from 1"],
    ];
    for (const [operation, value, expected] of steps) {
      expect(await alter(TOPIC, "lists", [["cleanup.policy", operation, value]])).toBe("NONE");
      expect(await started().setting(TOPIC, "lists", "cleanup.policy")).toBe(expected);
    }
  });

  test.each<[string, Operation[], string]>([
    ["an unknown name", [["foo", SET, "1"]], "INVALID_CONFIG: Unknown topic config name: foo"],
    [
      "a value of another type",
      [["retention.ms", SET, "x"]],
      "INVALID_CONFIG: Invalid value x for configuration retention.ms: Not a number of type LONG",
    ],
    ["no value", [["retention.ms", SET, null]], "INVALID_REQUEST: Null value not supported for : retention.ms"],
    [
      "a name twice",
      [
        ["retention.ms", SET, "1"],
        ["retention.ms", DELETE, null],
      ],
      "INVALID_REQUEST: Error due to duplicate config keys",
    ],
    [
      "an append to a number",
      [["retention.ms", APPEND, "1"]],
      "INVALID_CONFIG: Can't APPEND to key retention.ms because its type is not LIST.",
    ],
    [
      "a tiny segment",
      [["segment.bytes", SET, "200"]],
      "INVALID_CONFIG: Invalid value 200 for configuration segment.bytes: Value must be at least 1048576",
    ],
  ])("are not altered with %s", async (_, operations, expected) => {
    await started()
      .createTopic("refused")
      .catch(() => undefined);
    expect(await alter(TOPIC, "refused", operations)).toBe(expected);
  });

  test("are altered all together or not at all", async () => {
    await started().createTopic("atomic");
    expect(
      await alter(TOPIC, "atomic", [
        ["retention.ms", SET, "77"],
        ["segment.ms", SET, "x"],
      ]),
    ).toMatch(/^INVALID_CONFIG/);
    expect(await started().setting(TOPIC, "atomic", "retention.ms")).toBe("604800000 from 5");
  });

  test("stay as they are when a request only asks whether it would do", async () => {
    await started().createTopic("asked");
    expect(await alter(TOPIC, "asked", [["retention.ms", SET, "77"]], true)).toBe("NONE");
    expect(await started().setting(TOPIC, "asked", "retention.ms")).toBe("604800000 from 5");
  });

  test("that AlterConfigs does not list fall back to their defaults", async () => {
    await started().createTopic("replaced", { configs: { "segment.ms": "9000" } });
    expect(await replace(TOPIC, "replaced", { "retention.ms": "1234" })).toBe("NONE");
    expect(await started().setting(TOPIC, "replaced", "retention.ms")).toBe("1234 from 1");
    expect(await started().setting(TOPIC, "replaced", "segment.ms")).toBe("604800000 from 5");
  });

  test("of unknown, ill-named and nameless topics are refused differently", async () => {
    const set: Operation[] = [["retention.ms", SET, "1"]];
    expect(await alter(TOPIC, "nowhere", set)).toBe("UNKNOWN_TOPIC_OR_PARTITION: The topic 'nowhere' does not exist.");
    expect(await alter(TOPIC, "a b", set)).toMatch(/^INVALID_TOPIC_EXCEPTION: Topic name is invalid/);
    expect(await alter(TOPIC, "", set)).toBe("INVALID_REQUEST: Default topic resources are not allowed.");
  });

  test("hold from the next append on", async () => {
    await started().createTopic("limited");
    expect((await started().append("limited", 0, 10)).errorCode).toBe(Errors.NONE);
    expect(await alter(TOPIC, "limited", [["max.message.bytes", SET, "20"]])).toBe("NONE");
    // Without a text: Java's client shows its own for the error then, as it does on Kafka.
    expect(await started().append("limited", 0, 10)).toMatchObject({ errorCode: Errors.MESSAGE_TOO_LARGE, errorMessage: null });
  });

  test("are named with the records that they refuse", async () => {
    await started().createTopic("timely");
    expect(await alter(TOPIC, "timely", [["message.timestamp.before.max.ms", SET, "1000"]])).toBe("NONE");
    expect(await started().append("timely", 0, 1, Date.now() - 60_000)).toMatchObject({
      errorCode: Errors.INVALID_TIMESTAMP,
      errorMessage: "One or more records have been rejected due to invalid timestamp",
      recordErrors: [{ batchIndex: 0 }],
    });
  });
});

describe("a broker's settings", () => {
  test("are altered for all brokers and for one, which counts more", async () => {
    expect(await alter(BROKER, "", [["log.retention.ms", SET, "200000"]])).toBe("NONE");
    expect(await started().setting(BROKER, "1", "log.retention.ms")).toBe("200000 from 3");
    expect(await alter(BROKER, "1", [["log.retention.ms", SET, "100000"]])).toBe("NONE");
    expect(await started().setting(BROKER, "1", "log.retention.ms")).toBe("100000 from 2");
    expect(await started().setting(BROKER, "", "log.retention.ms")).toBe("200000 from 3");
    await alter(BROKER, "1", [["log.retention.ms", DELETE, null]]);
    await alter(BROKER, "", [["log.retention.ms", DELETE, null]]);
    expect(await started().setting(BROKER, "1", "log.retention.ms")).toBe("null from 5");
  });

  test("reach the logs of topics that inherit them, while it runs", async () => {
    await started().createTopic("inherits");
    expect(await alter(BROKER, "", [["message.max.bytes", SET, "20"]])).toBe("NONE");
    expect(await started().setting(TOPIC, "inherits", "max.message.bytes")).toBe("20 from 3");
    expect((await started().append("inherits", 0, 10)).errorCode).toBe(Errors.MESSAGE_TOO_LARGE);
    await alter(BROKER, "", [["message.max.bytes", DELETE, null]]);
    expect((await started().append("inherits", 0, 10)).errorCode).toBe(Errors.NONE);
  });

  test.each<[string, string, Operation[], string]>([
    ["that only a start may set", "1", [["node.id", SET, "3"]], "INVALID_REQUEST: Cannot update these configs dynamically: [node.id]"],
    ["of another broker", "7", [["log.retention.ms", SET, "1"]], "INVALID_REQUEST: Unexpected broker id, expected 1, but received 7"],
    [
      "of a broker without a number",
      "abc",
      [["log.retention.ms", SET, "1"]],
      "INVALID_REQUEST: Node id must be an integer, but it is: abc",
    ],
    [
      "of a single broker, for all of them",
      "",
      [["listeners", SET, "PLAINTEXT://x:1"]],
      "INVALID_REQUEST: Cannot update these configs at default cluster level, broker id must be specified: [listeners]",
    ],
    [
      "of key stores without a listener",
      "1",
      [["ssl.key.password", SET, "x"]],
      "INVALID_REQUEST: These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.key.password]",
    ],
    [
      "with a bad value",
      "1",
      [["log.retention.ms", SET, "abc"]],
      "INVALID_REQUEST: Invalid value abc for configuration log.retention.ms: Not a number of type LONG",
    ],
    [
      "on which brokers must agree",
      "1",
      [["min.insync.replicas", SET, "2"]],
      "INVALID_CONFIG: Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
    ],
  ])("%s are not altered", async (_, name, operations, expected) => {
    expect(await alter(BROKER, name, operations)).toBe(expected);
  });

  test("say from the start that min.insync.replicas holds for all brokers", async () => {
    expect(await started().setting(BROKER, "", "min.insync.replicas")).toBe("1 from 3");
    await started().createTopic("in-sync");
    expect(await started().setting(TOPIC, "in-sync", "min.insync.replicas")).toBe("1 from 3");
  });

  test("of names that nobody knows are kept and never shown", async () => {
    expect(await alter(BROKER, "1", [["plug.in.secret", SET, "x"]])).toBe("NONE");
    expect(await started().setting(BROKER, "1", "plug.in.secret")).toBe("null from 2");
    await alter(BROKER, "1", [["plug.in.secret", DELETE, null]]);
  });

  test("are still there after a restart", async () => {
    const { MemoryFilesystem } = await import("../../src/base/memory-filesystem.ts");
    const { openNode } = await import("../../src/node.ts");
    const { brokerConfig } = await import("../../src/config/broker-config.ts");
    const options = { config: brokerConfig(), host: "127.0.0.1", port: 0, data: "memory", topics: [], filesystem: new MemoryFilesystem() };
    const first = await openNode(options);
    await first.broker.services.cluster.transact(() => ({
      changes: [{ type: "settings", kind: "broker", name: "", values: { "min.insync.replicas": "1", "log.retention.ms": "5000" } }],
      result: undefined,
    }));
    await first.stop();
    const second = await openNode(options);
    expect(second.broker.services.config["log.retention.ms"]).toBe(5000);
    await second.stop();
  });
});

describe("other resources", () => {
  test("a group's settings lie within the broker's limits, and may be set before the group exists", async () => {
    expect(await alter(GROUP, "g1", [["consumer.session.timeout.ms", SET, "50000"]])).toBe("NONE");
    expect(await started().setting(GROUP, "g1", "consumer.session.timeout.ms")).toBe("50000 from 8");
    expect(await alter(GROUP, "g1", [["consumer.session.timeout.ms", SET, "10"]])).toBe(
      "INVALID_CONFIG: consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
    );
    expect(await alter(GROUP, "", [["consumer.session.timeout.ms", SET, "50000"]])).toBe(
      "INVALID_REQUEST: Default group resources are not allowed.",
    );
  });

  test("of a client-metrics subscription a bad interval is a bad request, a bad match a bad setting", async () => {
    expect(
      await alter(CLIENT_METRICS, "m1", [
        ["interval.ms", SET, "1000"],
        ["match", SET, "client_id=orders-.*"],
      ]),
    ).toBe("NONE");
    expect(await started().setting(CLIENT_METRICS, "m1", "interval.ms")).toBe("1000 from 7");
    expect(await alter(CLIENT_METRICS, "m1", [["interval.ms", SET, "10"]])).toMatch(/^INVALID_REQUEST: Invalid value 10 for interval.ms/);
    expect(await alter(CLIENT_METRICS, "m1", [["match", SET, "foo=bar"]])).toBe("INVALID_CONFIG: Illegal client matching pattern: foo=bar");
  });

  test("loggers have levels, which are changed and given back to the root's", async () => {
    expect(await started().setting(BROKER_LOGGER, "1", "api")).toBe("INFO from 6");
    expect(await alter(BROKER_LOGGER, "1", [["api", SET, "DEBUG"]])).toBe("NONE");
    expect(await started().setting(BROKER_LOGGER, "1", "api")).toBe("DEBUG from 6");
    expect(await alter(BROKER_LOGGER, "1", [["api", DELETE, null]])).toBe("NONE");
    expect(await started().setting(BROKER_LOGGER, "1", "api")).toBe("INFO from 6");
    expect(await alter(BROKER_LOGGER, "1", [["nobody", SET, "DEBUG"]])).toBe("INVALID_CONFIG: Logger nobody does not exist!");
    expect(await alter(BROKER_LOGGER, "1", [["root", DELETE, null]])).toBe(
      "INVALID_REQUEST: Removing the log level of the root logger is not allowed",
    );
  });

  test("Kafka's own loggers are there by their names, as far as Kafka has them", async () => {
    const name = "kafka.server.ReplicaManager";
    expect(await started().setting(BROKER_LOGGER, "1", name)).toBe("INFO from 6");
    expect(await alter(BROKER_LOGGER, "1", [[name, SET, "DEBUG"]])).toBe("NONE");
    expect(await started().setting(BROKER_LOGGER, "1", name)).toBe("DEBUG from 6");
    expect(await alter(BROKER_LOGGER, "1", [[name, DELETE, null]])).toBe("NONE");
    expect(await started().setting(BROKER_LOGGER, "1", name)).toBe("INFO from 6");
    for (const unknown of ["kafka", "kafka.server", "org.apache.kafka", "kafka.server.Nobody"])
      expect(await alter(BROKER_LOGGER, "1", [[unknown, SET, "DEBUG"]])).toBe(`INVALID_CONFIG: Logger ${unknown} does not exist!`);
  });

  test("what has settings is listed by type", async () => {
    const names = async (types: number[]) => {
      const answer = await started().ask(listConfigResources, { resourceTypes: types });
      return answer.configResources.map(({ resourceName, resourceType }) => `${resourceType} ${resourceName}`);
    };
    expect(await names([CLIENT_METRICS, GROUP, BROKER])).toEqual(["16 m1", "4 1", "32 g1"]);
    const refused = await started().ask(listConfigResources, { resourceTypes: [1] });
    expect(refused.errorCode).toBe(Errors.UNSUPPORTED_VERSION);
  });

  test("a resource that is named twice is refused, others are not", async () => {
    await started().createTopic("once");
    const resource = (resourceName: string) => ({
      resourceType: TOPIC,
      resourceName,
      configs: [{ name: "retention.ms", configOperation: SET, value: "1" }],
    });
    const answer = await started().ask(incrementalAlterConfigs, {
      resources: [resource("once"), resource("twice"), resource("twice")],
      validateOnly: false,
    });
    expect(answer.responses.map((response) => `${response.resourceName} ${outcome(response)}`).sort()).toEqual([
      "once NONE",
      "twice INVALID_REQUEST: Each resource must appear at most once.",
      "twice INVALID_REQUEST: Each resource must appear at most once.",
    ]);
  });

  test("types that have no settings are refused", async () => {
    const answer = await started().ask(describeConfigs, {
      resources: [{ resourceType: 1, resourceName: "x", configurationKeys: null }],
      includeSynonyms: false,
      includeDocumentation: false,
    });
    expect(answer.results[0]?.errorCode).toBe(Errors.INVALID_REQUEST);
    expect(await alter(1, "x", [["a", SET, "1"]])).toBe("INVALID_REQUEST: Unknown resource type 1");
  });
});

describe("limits on connections of a running broker", () => {
  const max = "max.connections";

  test("are not set to none, and overrides are hosts with counts", async () => {
    const fault = (base: string) =>
      `INVALID_REQUEST: Invalid value org.apache.kafka.common.config.ConfigException: Invalid ${base} 0 for configuration Invalid dynamic configuration`;
    for (const base of [max, "max.connection.creation.rate"]) {
      for (const prefix of ["", "listener.name.plaintext."])
        expect(await alter(BROKER, "1", [[prefix + base, SET, "0"]])).toBe(fault(base));
    }
    const overrides = "max.connections.per.ip.overrides";
    expect(await alter(BROKER, "", [[overrides, SET, "127.0.0.1"]])).toBe(
      `INVALID_REQUEST: Error parsing configuration property '${overrides}': begin 0, end -1, length 9`,
    );
    expect(await alter(BROKER, "", [[overrides, SET, "127.0.0.1:abc"]])).toBe('INVALID_REQUEST: For input string: "abc"');
  });

  test("may be those of a listener for all brokers at once, as nothing else of a listener", async () => {
    expect(await alter(BROKER, "", [[`listener.name.plaintext.${max}`, SET, "1000"]])).toBe("NONE");
    expect(await alter(BROKER, "", [["listener.name.plaintext.max.connections.per.ip", SET, "5"]])).toBe(
      "INVALID_REQUEST: Cannot update these configs at default cluster level, broker id must be specified: [listener.name.plaintext.max.connections.per.ip]",
    );
  });
});

test("a broker tells where it listens and where its data is, although nobody has set that", async () => {
  const { broker } = started();
  expect(await started().setting(BROKER, "1", "listeners")).toBe(`PLAINTEXT://localhost:${broker.port} from 4`);
  expect(await started().setting(BROKER, "1", "advertised.listeners")).toBe(`PLAINTEXT://localhost:${broker.port} from 4`);
  expect(await started().setting(BROKER, "1", "log.dirs")).toMatch(/^\/.* from 4$/);
  expect(await started().setting(BROKER, "1", "node.id")).toBe("1 from 4");
});
