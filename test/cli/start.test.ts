import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandError, ExitCode } from "../../src/cli/command-error.ts";
import { type BrokerOrder, type RunningBroker, start } from "../../src/cli/start.ts";
import type { StartArguments } from "../../src/cli/start-plan.ts";
import { SettingError } from "../../src/config/setting.ts";
import { StorageError } from "../../src/storage/storage-error.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let folder: string;
let workingFolder: string;
beforeEach(() => {
  workingFolder = process.cwd();
  folder = mkdtempSync(join(tmpdir(), "odradek-start-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(workingFolder);
  rmSync(folder, { recursive: true });
});

/** Starts with a broker that only says where it is, and stops it once it is ready. */
async function startAndStop(given: StartArguments, startBroker = fakeBroker, environment: Record<string, string> = {}) {
  const terminal = new FakeTerminal({ environment });
  let orders = 0;
  const stopping = Promise.withResolvers<void>();
  const ready = async (order: BrokerOrder) => {
    orders++;
    const broker = await startBroker(order);
    setImmediate(() => stopping.resolve());
    return broker;
  };
  const names = { resolve: () => Promise.reject(new Error("no such name")), own: () => ["127.0.0.1"] };
  const exitCode = await start(given, { terminal, startBroker: ready, names, stopping: stopping.promise });
  return { exitCode, orders, ...terminal };
}

let stops = 0;
async function fakeBroker(order: BrokerOrder): Promise<RunningBroker> {
  if (order.data !== "memory") mkdirSync(order.data, { recursive: true });
  order.logger.info({ topic: "a" }, "became leader");
  return {
    bootstrapServers: `localhost:${order.port || 40_000}`,
    bootstrapProtocol: order.config.listeners[0]?.split(":")[0] ?? "",
    clusterId: "cluster",
    authority: undefined,
    failure: new Promise(() => undefined),
    stop: async () => {
      stops++;
    },
  };
}

test("a broker that cannot go on is stopped, and the command says why", async () => {
  stops = 0;
  const failing = async (order: BrokerOrder) => ({
    ...(await fakeBroker(order)),
    failure: Promise.resolve(new Error("It is out of memory.")),
  });
  const failure = startAndStop({ data: "mine" }, failing);
  await expect(failure).rejects.toMatchObject({ message: "It is out of memory.", exitCode: 1 });
  expect(stops).toBe(1);
});

test("people get a banner with the address, the data folder, a line of code and how to stop", async () => {
  stops = 0;
  const { exitCode, output, errors } = await startAndStop({ data: "mine" });
  expect(exitCode).toBe(ExitCode.OK);
  expect(stops).toBe(1);
  for (const words of ["is ready on localhost:9092", "mine", 'new Kafka({ brokers: ["localhost:9092"] })', "Ctrl-C"])
    expect(output).toContain(words);
  expect(output).not.toContain("\x1b");
  expect(errors).toBe("\n  Stopping; press Ctrl-C again to force.\n");
});

test("machines get one ready event with --json", async () => {
  const { output, errors } = await startAndStop({ memory: true, port: "auto", json: true, logLevel: "error" });
  expect(output.split("\n")).toHaveLength(2);
  expect(JSON.parse(output)).toMatchObject({ event: "ready", bootstrapServers: "localhost:40000", clusterId: "cluster", data: "memory" });
  expect(errors).toBe("");
});

const SHELL = { KAFKA_COMPRESSION_TYPE: "snappy", KAFKA_SSL_KEY_PASSWORD: "secret", KAFKA_NUM_PARTITONS: "3", KAFKA_GROUP_ID: "g" };

test("people are told which settings came from the environment, that clients have them too, and what was no setting", async () => {
  const { output } = await startAndStop({ memory: true }, fakeBroker, SHELL);
  expect(output).toContain("env      KAFKA_COMPRESSION_TYPE=snappy, KAFKA_SSL_KEY_PASSWORD=[hidden]\n");
  expect(output).toContain("clients have settings of that name, too");
  expect(output).toContain("ignored  KAFKA_NUM_PARTITONS (KAFKA_NUM_PARTITIONS?): no settings of a broker\n");
  expect(output).not.toContain("secret");
  const ofBroker = await startAndStop({ memory: true }, fakeBroker, { ...SHELL, KAFKA_LISTENERS: "PLAINTEXT://:9092" });
  expect(ofBroker.output).toContain(
    "env      KAFKA_COMPRESSION_TYPE=snappy, KAFKA_SSL_KEY_PASSWORD=[hidden], KAFKA_LISTENERS=PLAINTEXT://:9092\n",
  );
  expect(ofBroker.output).not.toContain("clients have settings of that name");
});

test("people are told that clients have to speak TLS where the listener that they begin with does", async () => {
  const set = ["listeners=SSL://localhost:9093"];
  expect((await startAndStop({ memory: true, set })).output).toMatch(/new Kafka\(\{ brokers: \["localhost:\d+"\], ssl: true \}\)/);
  expect((await startAndStop({ memory: true, set, json: true })).output).toContain('"tls":true');
  expect((await startAndStop({ memory: true })).output).not.toContain("ssl");
});

test("people are told whom clients are to trust, and what users of kafkajs, Java and librdkafka copy, without a password", async () => {
  const issuing = async (order: BrokerOrder) => ({ ...(await fakeBroker(order)), bootstrapProtocol: "SASL_SSL", authority: "PEM\n" });
  const given = { tls: true, user: ["al\\ice:secret"] };
  const kept = await startAndStop({ ...given, data: "mine" }, issuing);
  const ca = `${process.cwd()}/mine/ca.pem`;
  expect(kept.output).toContain("clients trust mine/ca.pem");
  expect(kept.output).toContain(
    'ssl: { ca: [readFileSync("mine/ca.pem")] }, sasl: { mechanism: "plain", username: "al\\\\ice", password: "…" } })',
  );
  expect(kept.output).toMatch(
    new RegExp(
      `java +bootstrap.servers=localhost:9092\n +security.protocol=SASL_SSL\n +ssl.truststore.type=PEM\n +ssl.truststore.location=${ca}\n`,
    ),
  );
  expect(kept.output).toContain('PlainLoginModule required username="al\\\\ice" password="…";');
  expect(kept.output).toMatch(
    new RegExp(`librdkafka bootstrap.servers=localhost:9092\n +security.protocol=SASL_SSL\n +ssl.ca.location=${ca}\n`),
  );
  expect(kept.output).not.toContain("secret");
  const machines = await startAndStop({ ...given, data: "mine", json: true }, issuing);
  expect(JSON.parse(machines.output.split("\n")[0] ?? "")).toMatchObject({
    tls: true,
    ca: "PEM\n",
    caFile: ca,
    clients: { java: { "security.protocol": "SASL_SSL" }, librdkafka: { "ssl.ca.location": ca } },
  });
  expect(machines.output).not.toContain("secret");
  const inMemory = await startAndStop({ ...given, memory: true }, issuing);
  expect(inMemory.output).toContain("save it as ca.pem:\n\nPEM\n");
  expect(inMemory.output).toContain('readFileSync("ca.pem")');
});

test("people are told that access rules are in force, where they are", async () => {
  const said = "rules    clients may do what access rules allow them, and nothing else\n";
  expect((await startAndStop({ memory: true, acl: ["User:ANONYMOUS allow all"] })).output).toContain(said);
  expect((await startAndStop({ memory: true })).output).not.toContain("rules");
});

test("what an argument overrides did not come from the environment", async () => {
  const { output } = await startAndStop({ memory: true, set: ["compression.type=producer"] }, fakeBroker, SHELL);
  expect(output).not.toContain("KAFKA_COMPRESSION_TYPE");
});

test("machines are told of the environment in the ready event", async () => {
  const { output } = await startAndStop({ memory: true, json: true, logLevel: "silent" }, fakeBroker, SHELL);
  expect(JSON.parse(output)).toMatchObject({
    environment: { KAFKA_COMPRESSION_TYPE: "snappy" },
    ignoredVariables: ["KAFKA_NUM_PARTITONS"],
  });
});

test("people are told where clients are sent on to, and that they cannot follow from here", async () => {
  const environment = { KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:9092" };
  const { output, errors } = await startAndStop({ memory: true }, fakeBroker, environment);
  expect(output).toContain("clients  are sent on to kafka:9092 by advertised.listeners\n");
  expect(errors).toContain("clients here cannot follow where they are sent on to: the host does not resolve");
  expect(errors).toContain("KAFKA_ADVERTISED_LISTENERS");
  const json = await startAndStop({ memory: true, json: true, logLevel: "silent" }, fakeBroker, environment);
  expect(JSON.parse(json.output)).toMatchObject({ advertised: ["kafka:9092"] });
});

test("--quiet says nothing", async () => {
  expect(await startAndStop({ memory: true, quiet: true })).toMatchObject({ output: "", errors: "" });
});

test("the default data folder is hidden from git; one that was named is left alone", async () => {
  await startAndStop({ quiet: true });
  expect(readFileSync(join(folder, ".odradek/.gitignore"), "utf8")).toBe("*\n");
  await startAndStop({ quiet: true, data: "mine" });
  expect(existsSync(join(folder, "mine/.gitignore"))).toBe(false);
});

test("the ports file is written when the broker is ready", async () => {
  await startAndStop({ memory: true, port: "auto", quiet: true, portsFile: "ports.json" });
  expect(JSON.parse(readFileSync("ports.json", "utf8"))).toEqual({ bootstrapServers: "localhost:40000", ports: [40_000] });
});

test("settings without effect are said once", async () => {
  const { errors } = await startAndStop({ memory: true, set: ["num.io.threads=3"] });
  expect(errors).toContain('settings without effect here  settings=["num.io.threads"]');
});

test("wrong arguments touch nothing", async () => {
  await expect(startAndStop({ set: ["foo=1"] })).rejects.toMatchObject({ exitCode: ExitCode.USAGE });
  expect(existsSync(join(folder, ".odradek"))).toBe(false);
});

test("a port in use is said with who holds it, and has an exit code of its own", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const taken = () => Promise.reject(Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE", syscall: "listen", port }));
  const failure = startAndStop({ memory: true, port: `${port}` }, taken);
  await expect(failure).rejects.toMatchObject({ exitCode: ExitCode.PORT_IN_USE });
  await expect(failure).rejects.toThrow(process.platform === "linux" ? `(process ${process.pid})` : `Port ${port} is in use`);
  server.close();
});

const LISTENERS = { KAFKA_LISTENERS: "PLAINTEXT://broker:9092,HOST://:9093", KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "HOST:PLAINTEXT" };

test.each<[string, object, StartArguments, string]>([
  [
    "a host of the environment that there is not",
    { code: "ENOTFOUND", syscall: "getaddrinfo", hostname: "broker" },
    { memory: true },
    "broker (given by the environment variable KAFKA_LISTENERS) is not an address of this machine; choose another with --host.",
  ],
  [
    "an address of an option that is another machine's",
    { code: "EADDRNOTAVAIL", syscall: "listen", address: "10.9.9.9", port: 9092 },
    { memory: true, host: "10.9.9.9" },
    "10.9.9.9 (given with --host) is not an address of this machine; choose another with --host.",
  ],
  [
    "a port that is not permitted",
    { code: "EACCES", syscall: "listen", port: 80 },
    { memory: true, port: "80" },
    "Listening on port 80 (given with --port) is not permitted",
  ],
  [
    "an address that is refused for another reason",
    { code: "EAFNOSUPPORT", syscall: "listen", address: "::1", port: 9092 },
    { memory: true, host: "::1" },
    "Listening on ::1, port 9092 (given with --host), is not possible (it failed)",
  ],
  [
    "a data folder with a name that is too long",
    { code: "ENAMETOOLONG", syscall: "mkdir" },
    { data: "long" },
    "long (given with --data) cannot be written to (it failed)",
  ],
  ["too many open files", { code: "EMFILE", syscall: "open" }, { data: "mine" }, "cannot be written to (it failed)"],
])("%s is said in one sentence with where it came from", async (_, facts, given, sentence) => {
  const failing = () => Promise.reject(Object.assign(new Error("it failed"), facts));
  const environment = "hostname" in facts ? LISTENERS : {};
  await expect(startAndStop(given, failing, environment)).rejects.toMatchObject({
    message: expect.stringContaining(sentence),
    exitCode: ExitCode.FAILURE,
  });
});

test("a topic that the broker refuses is a usage error", async () => {
  const refusing = () => Promise.reject(new SettingError("INVALID_VALUE", "topic", "topic a_b: it collides with a.b"));
  await expect(startAndStop({ memory: true }, refusing)).rejects.toMatchObject({
    message: "topic a_b: it collides with a.b",
    exitCode: ExitCode.USAGE,
  });
});

test.each([
  ["DIRECTORY_IN_USE", "is in use by another broker"],
  ["DIRECTORY_TOO_NEW", "was written by a newer version of Odradek; update Odradek"],
  ["DIRECTORY_UNWRITABLE", "cannot be written to; change its permissions"],
  ["SEGMENT_CORRUPT", "cannot be used (a bad segment)"],
  ["METADATA_CORRUPT", 'a bad segment. Bring back a copy of the file, or run "odradek repair --data'],
  ["PROPERTIES_CORRUPT", "a bad segment. Mend it or bring back a copy; or remove it"],
] as const)("a data folder that is %s is said in one sentence", async (code, words) => {
  const failure = startAndStop({ data: "mine" }, () => Promise.reject(new StorageError(code, "a bad segment")));
  await expect(failure).rejects.toBeInstanceOf(CommandError);
  await expect(failure).rejects.toThrow(words);
});
