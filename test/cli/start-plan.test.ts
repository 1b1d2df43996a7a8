import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandError, ExitCode } from "../../src/cli/command-error.ts";
import { planStart, type StartArguments } from "../../src/cli/start-plan.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odradek-plan-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "server.properties");
  writeFileSync(path, text);
  return path;
}

function refusal(given: StartArguments, environment: Record<string, string> = {}): string {
  try {
    planStart(given, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(CommandError);
    if (error instanceof CommandError) {
      expect(error.exitCode).toBe(ExitCode.USAGE);
      return error.message;
    }
  }
  throw new Error("it was accepted");
}

test("without arguments it is localhost:9092 with data in .odradek", () => {
  const plan = planStart({}, {});
  expect(plan).toMatchObject({
    host: "localhost",
    port: 9092,
    data: resolve(".odradek"),
    isDefaultData: true,
    topics: [],
    withoutEffect: [],
  });
  expect(plan.config["log.dirs"]).toEqual([".odradek"]);
});

test("the port and the host are what DescribeConfigs will tell", () => {
  const plan = planStart({ port: "9192", host: "::1", memory: true }, {});
  expect(plan).toMatchObject({ host: "::1", port: 9192, data: "memory", isDefaultData: false });
  expect(plan.config.listeners).toEqual(["PLAINTEXT://[::1]:9192"]);
});

test("every broker speaks TLS with --tls, or where the environment says so, whatever else of its address is given", () => {
  const plan = planStart({ tls: true, port: "9192", brokers: "2", memory: true, set: ["listener.name.ssl.ssl.client.auth=requested"] }, {});
  expect(plan.configs.map(({ listeners }) => listeners)).toEqual([["SSL://localhost:9192"], ["SSL://localhost:9193"]]);
  expect(plan.withoutEffect).toEqual([]);
  const withUsers = planStart({ user: ["alice:secret"], port: "9192", memory: true }, { KAFKA_ODRADEK_TLS: "true" });
  expect(withUsers.config.listeners).toEqual(["SASL_SSL://localhost:9192"]);
  expect(planStart({ tls: true, memory: true, set: ["listener.name.ssl.ssl.client.auth=requested"] }, {}).withoutEffect).toEqual([]);
  expect(planStart({ port: "9192", memory: true }, { KAFKA_ODRADEK_TLS: "false" }).config.listeners).toEqual([
    "PLAINTEXT://localhost:9192",
  ]);
});

test("access rules turn the authorizer on, and what only it reads has an effect then", () => {
  const plan = planStart({ acl: ["User:a allow all", "User:b allow read topic t"], set: ["super.users=User:root"], memory: true }, {});
  expect(plan.config["odradek.acls"]).toBe('["User:a allow all","User:b allow read topic t"]');
  expect(plan.config["authorizer.class.name"]).toBe("org.apache.kafka.metadata.authorizer.StandardAuthorizer");
  expect(plan.withoutEffect).toEqual([]);
});

test("users are asked to log in at every broker, whatever else of its address is given", () => {
  const plan = planStart({ user: ["alice:secret", "bob:p:w"], port: "9192", brokers: "2", memory: true }, {});
  expect(plan.config["odradek.users"]).toBe('{"alice":"secret","bob":"p:w"}');
  expect([plan, ...plan.others].map(({ config }) => config.listeners)).toEqual([
    ["SASL_PLAINTEXT://localhost:9192"],
    ["SASL_PLAINTEXT://localhost:9193"],
  ]);
  expect(planStart({ host: "::1", memory: true }, { KAFKA_ODRADEK_USERS: '{"a":"b"}' }).config.listeners).toEqual([
    "SASL_PLAINTEXT://[::1]:9092",
  ]);
});

test("auto is any free port", () => {
  expect(planStart({ port: "auto" }, {}).port).toBe(0);
});

test("HTTP is answered where --http-port says, each broker at a port of its own, or nowhere with --no-http", () => {
  const ports = (given: StartArguments) => planStart({ memory: true, ...given }, {}).configs.map((config) => config["odradek.http.port"]);
  expect(ports({})).toEqual([null]);
  expect(ports({ httpPort: "8080", brokers: "3" })).toEqual([8080, 8081, 8082]);
  expect(ports({ httpPort: "auto", brokers: "2" })).toEqual([0, 0]);
  const registryPorts = planStart({ memory: true, registryPort: "8081", brokers: "2" }, {}).configs.map(
    (config) => config["odradek.registry.port"],
  );
  expect(registryPorts).toEqual([8081, 8082]);
  expect(planStart({ http: false }, {}).config["odradek.http"]).toBe(false);
  expect(planStart({}, { KAFKA_ODRADEK_HTTP: "false" }).config["odradek.http"]).toBe(false);
});

test("several brokers have ids, ports and racks of their own, and the replicas that so many can hold", () => {
  const plan = planStart({ port: "9092,9095", brokers: "3", rack: "a,b", memory: true }, {});
  expect([plan, ...plan.others].map(({ config, port }) => [config["node.id"], port, config["broker.rack"]])).toEqual([
    [1, 9092, "a"],
    [2, 9095, "b"],
    [3, 9096, "a"],
  ]);
  expect(plan.config["default.replication.factor"]).toBe(3);
  expect(planStart({ brokers: "3", set: ["default.replication.factor=1"] }, {}).others[0]?.config["default.replication.factor"]).toBe(1);
});

test("a server.properties file of Kafka's decides port, data and settings, as far as no argument does", () => {
  const path = file(
    "process.roles=broker,controller\nlisteners=CONTROLLER://:9093,PLAINTEXT://:9192\ncontroller.listener.names=CONTROLLER\nlog.dirs=/data/a,/data/b\nnum.partitions=3\n",
  );
  expect(planStart({ config: path }, {})).toMatchObject({ port: 9192, host: "", data: "/data/a", isDefaultData: false });
  const plan = planStart({ config: path, port: "9292", data: folder, set: ["num.partitions=5"] }, {});
  expect(plan).toMatchObject({ port: 9292, host: "localhost", data: folder });
  expect(plan.config["num.partitions"]).toBe(5);
  expect(plan.withoutEffect).toContain("process.roles");
});

test("--like kafka has Kafka's delays", () => {
  expect(planStart({ like: "kafka" }, {}).config["group.initial.rebalance.delay.ms"]).toBe(3000);
  expect(planStart({}, {}).config["group.initial.rebalance.delay.ms"]).toBe(0);
});

test("topics come with partitions and settings; lists may be written as they are", () => {
  const topic = ["a", "b:3", "c:2:retention.ms=60000,cleanup.policy=compact,delete", "d::compact"];
  expect(planStart({ topic }, {}).topics).toEqual([
    { name: "a", configs: {} },
    { name: "b", partitions: 3, configs: {} },
    { name: "c", partitions: 2, configs: { "retention.ms": "60000", "cleanup.policy": "compact,delete" } },
    { name: "d", configs: { "cleanup.policy": "compact" } },
  ]);
});

test("workers have ids and ports that follow the first broker's, and its settings otherwise", () => {
  const places = (given: StartArguments, environment: Record<string, string> = {}) => {
    const { config, workers, others } = planStart(given, environment);
    expect(others).toEqual([]);
    const configs = [config, ...workers.map(({ sources }) => brokerConfig(sources))];
    return configs.map(({ "node.id": id, listeners, "advertised.listeners": advertised }) => [id, listeners, advertised]);
  };
  expect(places({ workers: "3", set: ["num.partitions=7"] })).toEqual([
    [1, ["PLAINTEXT://:9092"], null],
    [2, ["PLAINTEXT://localhost:9093"], null],
    [3, ["PLAINTEXT://localhost:9094"], null],
  ]);
  expect(places({ workers: "2", port: "auto", host: "::" })).toEqual([
    [1, ["PLAINTEXT://[::]:0"], null],
    [2, ["PLAINTEXT://[::]:0"], null],
  ]);
  expect(places({ workers: "2", port: "9000,9100" }).map(([, listeners]) => listeners)).toEqual([
    ["PLAINTEXT://localhost:9000"],
    ["PLAINTEXT://localhost:9100"],
  ]);
  const images = {
    KAFKA_NODE_ID: "5",
    KAFKA_LISTENERS: "PLAINTEXT://0.0.0.0:29092,HOST://0.0.0.0:9092",
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "HOST:PLAINTEXT",
    KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:29092,HOST://localhost:9092",
  };
  expect(places({ workers: "2" }, images)[1]).toEqual([
    6,
    ["PLAINTEXT://0.0.0.0:29093", "HOST://0.0.0.0:9093"],
    ["PLAINTEXT://kafka:29093", "HOST://localhost:9093"],
  ]);
  const [worker] = planStart({ workers: "2", set: ["num.partitions=7"] }, {}).workers;
  expect(worker && brokerConfig(structuredClone(worker.sources))["num.partitions"]).toBe(7);
  expect(planStart({ workers: "auto" }, {}).workers).toHaveLength(availableParallelism() - 1);
  expect(planStart({ workers: "1", memory: true }, {}).workers).toEqual([]);
});

test("what is wrong is said with where it was given", () => {
  expect(refusal({ set: ["num.partitons=3"] })).toBe(
    'Unknown setting num.partitons; did you mean num.partitions? (given with --set num.partitons); "odradek settings" lists them all',
  );
  for (const name of ["__proto__", "constructor", "toString"]) {
    expect(refusal({ set: [`${name}=1`] })).toBe(`Unknown setting ${name} (given with --set ${name}); "odradek settings" lists them all`);
    const named = file(`${name}=1`);
    expect(refusal({ config: named })).toBe(`Unknown setting ${name} (given in ${named}, line 1); "odradek settings" lists them all`);
    expect(refusal({ topic: [`t:1:${name}=1`] })).toBe(`--topic t:1:${name}=1: Unknown topic config name: ${name}`);
  }
  const path = file("# a comment\nlog.retention.ms=\\\n  1\nnum.partitions=0");
  expect(refusal({ config: path })).toBe(
    `Invalid value 0 for configuration num.partitions: Value must be at least 1 (given in ${path}, line 4)`,
  );
  expect(refusal({}, { KAFKA_NUM_PARTITIONS: "x" })).toContain("(given by the environment variable KAFKA_NUM_PARTITIONS)");
  expect(refusal({}, { KAFKA_CFG_NUM_PARTITIONS: "x" })).toContain("(given by the environment variable KAFKA_CFG_NUM_PARTITIONS)");
  expect(refusal({}, { KAFKA_NODE_ID: '"1"' })).toContain(
    "(given by the environment variable KAFKA_NODE_ID; the quotes are part of the value)",
  );
  expect(refusal({ set: ["group.min.session.timeout.ms=9"] }, { KAFKA_GROUP_MAX_SESSION_TIMEOUT_MS: "8" })).toBe(
    "group.min.session.timeout.ms (9) must not be greater than group.max.session.timeout.ms (8) (given with --set group.min.session.timeout.ms, and by the environment variable KAFKA_GROUP_MAX_SESSION_TIMEOUT_MS)",
  );
  expect(refusal({ port: "9192" }, { KAFKA_ADVERTISED_LISTENERS: "EXTERNAL://kafka:9092" })).toBe(
    "advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found EXTERNAL. The valid options based on the current configuration are PLAINTEXT (given by the environment variable KAFKA_ADVERTISED_LISTENERS, and with --port)",
  );
});

test("brokers of a cluster have every listener at ports of their own, and are told at ports of their own", () => {
  const environment = {
    KAFKA_NODE_ID: "5",
    KAFKA_LISTENERS: "PLAINTEXT://0.0.0.0:29092,HOST://0.0.0.0:9092",
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "HOST:PLAINTEXT",
    KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:29092,HOST://localhost:9092",
  };
  const places = (given: StartArguments, from: Record<string, string>) =>
    planStart(given, from).configs.map((config) => [config["node.id"], config.listeners.join(), config["advertised.listeners"]?.join()]);
  expect(places({ brokers: "3" }, environment)).toEqual([
    [5, "PLAINTEXT://0.0.0.0:29092,HOST://0.0.0.0:9092", "PLAINTEXT://kafka:29092,HOST://localhost:9092"],
    [6, "PLAINTEXT://0.0.0.0:29093,HOST://0.0.0.0:9093", "PLAINTEXT://kafka:29093,HOST://localhost:9093"],
    [7, "PLAINTEXT://0.0.0.0:29094,HOST://0.0.0.0:9094", "PLAINTEXT://kafka:29094,HOST://localhost:9094"],
  ]);
  const advertised = { KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:19092" };
  expect(places({ port: "9092,9095", brokers: "3" }, advertised)).toEqual([
    [1, "PLAINTEXT://localhost:9092", "PLAINTEXT://kafka:19092"],
    [2, "PLAINTEXT://localhost:9095", "PLAINTEXT://kafka:19095"],
    [3, "PLAINTEXT://localhost:9096", "PLAINTEXT://kafka:19096"],
  ]);
  expect(places({ port: "auto", brokers: "2" }, advertised)[1]).toEqual([2, "PLAINTEXT://localhost:0", "PLAINTEXT://kafka:19093"]);
  expect(places({ brokers: "2" }, environment).slice(0, 2)).toEqual(places({ workers: "2" }, environment));
});

test("the same topic twice is one; an option counts more than KAFKA_CREATE_TOPICS", () => {
  expect(planStart({ topic: ["a:2", "a:2"] }, { KAFKA_CREATE_TOPICS: "a:1:1,b:1:1" }).topics).toEqual([
    { name: "a", partitions: 2, configs: {} },
    { name: "b", partitions: 1, configs: {} },
  ]);
});

test.each<[string, StartArguments, string]>([
  ["a port that is none", { port: "70000" }, "a port is a number from 0 to 65535"],
  ["more ports than brokers", { port: "9092,9093", brokers: "1" }, "names 2 ports, and there are 1 brokers"],
  ["no brokers", { brokers: "0" }, "from 1 to 100 brokers"],
  ["no workers", { workers: "0" }, "from 1 to 64 threads"],
  ["workers without a folder", { workers: "2", memory: true }, "--workers needs a data folder"],
  ["workers and brokers", { workers: "2", brokers: "2" }, "contradict"],
  ["workers in racks", { workers: "2", rack: "a" }, "--rack is for --brokers"],
  ["data in memory and in a folder", { memory: true, data: "x" }, "contradict"],
  ["a setting without a value", { set: ["num.partitions"] }, "key=value"],
  ["another broker to be like", { like: "pulsar" }, "kafka"],
  ["a file that is not there", { config: "/nowhere/server.properties" }, "ENOENT"],
  ["a user without a password", { user: ["secret"] }, "--user: a user is written NAME:PASSWORD, as in alice:secret"],
  [
    "an access rule that is none",
    { acl: ["User:a allow raed topic t"] },
    'odradek.acls: "User:a allow raed topic t": there is no operation raed (did you mean read?); on a topic there are all, read, write, create, describe, delete, alter, describe-configs, alter-configs (given with --acl)',
  ],
  ["a user given twice", { user: ["alice:a", "alice:b"] }, "--user alice: that user was given before"],
  ["a listener that is no address", { set: ["listeners=9092"] }, "NAME://host:port"],
  ["a topic name with a space", { topic: ["a b"] }, "a b"],
  ["no partitions", { topic: ["a:0"] }, "from 1 to"],
  ["an unknown topic setting", { topic: ["a:1:x=1"] }, "Unknown topic config name: x"],
  ["a topic setting of JavaScript's", { topic: ["a:1:__proto__=1"] }, "Unknown topic config name: __proto__"],
  [
    "a topic given twice, and otherwise",
    { topic: ["a:1", "a:2"] },
    "--topic a:2: the topic was given before, and otherwise, by --topic a:1",
  ],
  ["a setting of JavaScript's", { set: ["__proto__=1"] }, "Unknown setting __proto__"],
  ["a setting given twice, and otherwise", { set: ["node.id=1", "node.id=2"] }, "--set node.id=2: node.id was given 1 before"],
  [
    "a password given twice, and otherwise",
    { set: ["listener.name.a.plain.sasl.jaas.config=b", "listener.name.a.plain.sasl.jaas.config=c"] },
    "--set listener.name.a.plain.sasl.jaas.config was given otherwise before",
  ],
  ["two numbers for one broker", { set: ["node.id=1", "broker.id=2"] }, "You must set `node.id` to the same value as `broker.id`."],
  ["a number of brokers that is JavaScript's", { brokers: "1e1" }, "--brokers 1e1: a cluster has from 1 to 100 brokers"],
  ["hexadecimal workers", { workers: "0x2" }, "--workers 0x2: from 1 to 64 threads"],
  ["HTTP at a port and nowhere", { http: false, httpPort: "8080" }, "--no-http and --http-port contradict each other"],
  ["a port for HTTP that is none", { httpPort: "http" }, "--http-port http: a port is a number"],
  ["HTTP alone at the port of clients", { httpPort: "9092" }, "HTTP cannot have port 9092 for itself"],
  ["the registry at the port of HTTP", { httpPort: "8081", registryPort: "8081" }, "The schema registry cannot have port 8081 for itself"],
  ["HTTP of one broker at the port of another", { httpPort: "9093", brokers: "2" }, "Brokers 1 and 2 cannot both have port 9093"],
  ["one port for two brokers", { port: "9092,9092" }, "Brokers 1 and 2 cannot both have port 9092 (given with --port); leave room"],
  ["ports that count up into another", { port: "9093,9092", brokers: "3" }, "Brokers 1 and 3 cannot both have port 9093"],
  [
    "ports that count up beyond the last",
    { port: "65535", brokers: "2" },
    '"PLAINTEXT://localhost:65536" has no port from 0 to 65535 (given with',
  ],
  [
    "ids that count up beyond the last",
    { brokers: "2", set: ["node.id=2147483647"] },
    "(given with --set node.id, counted up for broker 2)",
  ],
  ["an empty host", { host: "" }, "--host : a host is a name or an IP address"],
  ["a host with its port", { host: "1.2.3.4:80" }, "--host 1.2.3.4:80: a host is a name or an IP address"],
  ["a URL for a host", { host: "http://localhost" }, "--host http://localhost: a host is a name or an IP address"],
  ["an empty data folder", { data: "" }, '--data "" names nothing'],
  ["a data folder with a NUL", { data: "a\0b" }, '--data "a\\u0000b" names nothing'],
  ["no folder in log.dirs", { set: ["log.dirs="] }, "Configuration 'log.dirs' must not be empty"],
  ["an empty rack", { rack: "a,,b", brokers: "3" }, "--rack a,,b: racks are names"],
  [
    "a port of listeners that is none",
    { set: ["listeners=PLAINTEXT://:70000"] },
    "has no port from 0 to 65535 (given with --set listeners)",
  ],
  [
    "no listener for clients",
    { set: ["listeners=CONTROLLER://:9093", "controller.listener.names=CONTROLLER"] },
    "all of them (CONTROLLER://:9093) are the controller's; name one for clients (given with --set listeners)",
  ],
  ["a listener twice", { set: ["listeners=PLAINTEXT://:1,PLAINTEXT://:2"] }, "Each listener must have a different name"],
  ["a listener without a protocol", { set: ["listeners=A://:9092"] }, "no security protocol defined for listener A; add A:PLAINTEXT to"],
  ["an advertised listener that is not there", { set: ["advertised.listeners=OTHER://x:1"] }, "Found OTHER. The valid options"],
  [
    "an advertised address that is none",
    { set: ["advertised.listeners=kafka:9092"] },
    'advertised.listeners: "kafka:9092" is not of the form',
  ],
  ["an advertised address that is every one", { set: ["advertised.listeners=PLAINTEXT://0.0.0.0:1"] }, "nonroutable meta-address 0.0.0.0"],
])("%s is a usage error", (_, given, words) => {
  expect(refusal(given)).toContain(words);
});

test("--max-memory takes sizes as people write them, for all brokers of the process together", () => {
  const bytesOf = (maxMemory: string) => planStart({ maxMemory }, {}).config["odradek.max.memory.bytes"];
  expect(["512m", "1.5GiB", "300 MB", "268435456"].map(bytesOf)).toEqual([512, 1536, 300, 256].map((mib) => mib * 1024 * 1024));
  expect(refusal({ maxMemory: "plenty" })).toContain("--max-memory plenty");
  expect(refusal({ maxMemory: "100m" })).toContain("with --max-memory");
  const { config, configs } = planStart({ maxMemory: "512m", workers: "2" }, {});
  const alone = planStart({ maxMemory: "512m" }, {}).config;
  expect(config["queued.max.request.bytes"]).toBeLessThan(alone["queued.max.request.bytes"] / 2);
  expect(configs.map((each) => each["queued.max.request.bytes"])).toEqual(configs.map(() => config["queued.max.request.bytes"]));
});
