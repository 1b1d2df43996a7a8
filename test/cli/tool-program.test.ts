// Administration against a broker in this process: our own commands, and the shims in the words of Kafka's scripts (that those words are
// Kafka's is compared in test/interop).

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_COMMANDS } from "../../src/cli/admin/program.ts";
import { KAFKA_TOOLS } from "../../src/cli/kafka/index.ts";
import { TOOL_COMMANDS } from "../../src/cli/program.ts";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let broker: RunningBroker;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "odradek-tools-"));
  broker = await startBroker({ data: folder, host: "127.0.0.1" });
});
afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], stdin = ""): Promise<Said> {
  const terminal = new FakeTerminal({ stdin });
  const exitCode = await runToolCommand(argv, { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

/** A line as in a shell; `kafka` is the tool without its prefix. */
function kafka(line: string, stdin = ""): Promise<Said> {
  const [tool = "", ...args] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return run([`kafka-${tool}`, "--bootstrap-server", broker.bootstrapServers, ...args], stdin);
}

function odradek(...argv: readonly string[]): Promise<Said> {
  return run([...argv, "--bootstrap-server", broker.bootstrapServers]);
}

test("kafka-topics makes, prints, alters and deletes topics", async () => {
  expect(await kafka("topics --create --topic t1 --partitions 2 --config retention.ms=1000")).toMatchObject({
    exitCode: 0,
    out: "Created topic t1.\n",
  });
  const again = await kafka("topics --create --topic t1");
  expect(again).toMatchObject({ exitCode: 1, out: "Error while executing topic command : Topic 't1' already exists.\n" });
  expect(again.err).toContain("TopicExistsException");
  expect(await kafka("topics --create --if-not-exists --topic t1")).toMatchObject({ exitCode: 0, out: "" });
  const { out } = await kafka("topics --describe --topic t1");
  expect(out.split("\n")[0]).toMatch(/^Topic: t1\tTopicId: \S{22}\tPartitionCount: 2\tReplicationFactor: 1\tConfigs: .*retention\.ms=1000/);
  expect(out.split("\n")[1]).toBe("\tTopic: t1\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: ");
  expect(await kafka("topics --alter --topic t1 --partitions 3")).toMatchObject({ exitCode: 0, out: "" });
  expect((await kafka("topics --list --topic t.*")).out).toBe("t1\n");
  expect(await kafka("topics --delete --topic t1")).toMatchObject({ exitCode: 0, out: "" });
  expect((await kafka("topics --describe --topic t1")).exitCode).toBe(1);
});

test.each([
  ["topics --list --no-such", "no-such is not a recognized option"],
  ["topics --create", 'Missing required argument "[topic]"'],
  ["topics --create --list --topic x", "Command must include exactly one action: --list, --describe, --create, --alter or --delete"],
  ["topics --describe --topic a --partitions 2", 'Option "[partitions]" can\'t be used with option "[describe]"'],
  ["topics --create --topic a --partitions x", "Cannot parse argument 'x' of option partitions"],
  ["configs --alter --topic x", "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"],
  [
    "configs --describe --entity-type topics --bootstrap-controller h:1",
    "Only one of --bootstrap-server or --bootstrap-controller can be specified",
  ],
  ["consumer-groups --list --group g", 'Option "[group]" can\'t be used with option "[list]"'],
  ["acls --add --topic t", "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs."],
  ["cluster nope", "kafka-cluster: error: invalid choice: 'nope' (choose from 'cluster-id', 'unregister', 'list-endpoints')"],
  ["reassign-partitions --generate", 'Missing required argument "[topics-to-move-json-file]"'],
  ["reassign-partitions --list --throttle 1", 'Option "[throttle]" can\'t be used with action "[list]"'],
  ["features upgrade --feature a=1 --feature a=2", "Feature a was specified more than once."],
  [
    "metadata-quorum desc",
    "kafka-metadata-quorum: error: invalid choice: 'desc' (choose from 'describe', 'add-controller', 'remove-controller')",
  ],
  ["metadata-quorum add-controller", "You must supply the configuration file of the controller you are adding when using add-controller."],
])("%s is refused in one sentence", async (line, sentence) => {
  const { exitCode, err } = await kafka(line);
  expect([exitCode, err.split("\n")[0]]).toEqual([1, sentence]);
});

test.each([
  [
    "no mechanism, which is Kerberos",
    "",
    "sasl.mechanism=GSSAPI is not something that this command can do; it logs in by PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER.",
  ],
  ["no JAAS line", "sasl.mechanism=PLAIN\n", "sasl.jaas.config is missing, which says who logs in."],
  [
    "half a JAAS line",
    'sasl.mechanism=PLAIN\nsasl.jaas.config=a.B required password="secret"\n',
    "sasl.jaas.config is no JAAS line: it does not end with a semicolon.",
  ],
  [
    "a JAAS line without user",
    'sasl.mechanism=PLAIN\nsasl.jaas.config=a.B required password="secret";\n',
    "sasl.jaas.config needs a username and a password.",
  ],
])("client settings for a login with %s are refused in one sentence without the password", async (_, lines, sentence) => {
  const path = join(folder, "login.properties");
  writeFileSync(path, `security.protocol=SASL_PLAINTEXT\n${lines}`);
  const { exitCode, err } = await kafka(`topics --list --command-config ${path}`);
  expect([exitCode, err]).toEqual([1, `${path}: ${sentence}\n`]);
});

test("commands log in by --command-config, and are told when they are not let in", async () => {
  const asking = await startBroker({
    users: { alice: "secret" },
    topics: ["t"],
    settings: { "connection.failed.authentication.delay.ms": 0 },
  });
  const path = join(folder, "alice.properties");
  const properties = (password: string) =>
    [
      "security.protocol=SASL_PLAINTEXT",
      "sasl.mechanism=SCRAM-SHA-512",
      "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\",
      `  username="alice" password="${password}";`,
    ].join("\n");
  try {
    writeFileSync(path, properties("secret"));
    const at = (...argv: readonly string[]) => run([...argv, "--bootstrap-server", asking.bootstrapServers, "--command-config", path]);
    expect(await at("kafka-topics", "--list")).toMatchObject({ exitCode: 0, out: "t\n" });
    expect(await at("topics", "list")).toMatchObject({ exitCode: 0, out: expect.stringContaining("t") });
    writeFileSync(path, properties("Secret"));
    const { exitCode, err } = await at("kafka-topics", "--list");
    expect([exitCode, err]).toEqual([
      1,
      expect.stringMatching(/SaslAuthenticationException: Authentication failed .* with SASL mechanism SCRAM-SHA-512/),
    ]);
  } finally {
    await asking.stop();
  }
});

test("what the console producer sends, the console consumer prints, and groups remember", async () => {
  await kafka("topics --create --topic console");
  const keyed = "--reader-property parse.key=true --reader-property key.separator=:";
  expect(await kafka(`console-producer --topic console ${keyed}`, "a:1\nb:2\n")).toMatchObject({ exitCode: 0, out: "" });
  const printing = "--formatter-property print.key=true --formatter-property print.offset=true";
  const read = await kafka(`console-consumer --topic console --group g --from-beginning --max-messages 2 ${printing}`);
  expect(read).toEqual({ exitCode: 0, out: "Offset:0\ta\t1\nOffset:1\tb\t2\n", err: "Processed a total of 2 messages\n" });
  const { out, err } = await kafka("consumer-groups --describe --group g");
  expect(out.split("\n")[2]).toBe(
    "g               console         0          2               2               0               -               -               -",
  );
  expect(err).toBe("\nConsumer group 'g' has no active members.\n");
  const reset = await kafka("consumer-groups --group g --topic console --reset-offsets --to-earliest --execute");
  expect(reset.out).toBe("\nGROUP           TOPIC           PARTITION  NEW-OFFSET\ng               console         0          0\n");
  expect((await kafka("get-offsets --topic console")).out).toBe("console:0:2\n");
  expect((await kafka("consumer-groups --delete --group g")).out).toBe("Deletion of requested consumer groups ('g') was successful.\n");
});

test("a console consumer ends when nothing comes, or when it is told to stop", async () => {
  await kafka("topics --create --topic quiet");
  expect(await kafka("console-consumer --topic quiet --timeout-ms 50")).toMatchObject({
    exitCode: 0,
    err: "Processed a total of 0 messages\n",
  });
  const terminal = new FakeTerminal();
  const argv = ["kafka-console-consumer", "--bootstrap-server", broker.bootstrapServers, "--topic", "quiet"];
  expect(await runToolCommand(argv, { terminal, stopping: Promise.resolve() })).toBe(0);
});

test("kafka-configs alters settings and prints where they come from", async () => {
  await kafka("topics --create --topic configured");
  const altered = await kafka("configs --alter --topic configured --add-config retention.ms=5,cleanup.policy=[compact,delete]");
  expect(altered.out).toBe("Completed updating config for topic configured.\n");
  expect((await kafka("configs --describe --topic configured")).out).toContain(
    "  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}\n",
  );
  expect((await kafka("configs --alter --topic configured --add-config nope=1")).err).toContain(
    "InvalidConfigurationException: Unknown topic config name: nope",
  );
});

test("our own commands print tables, or JSON", async () => {
  expect((await odradek("topics", "create", "own", "-p", "2")).out).toBe("Created own.\n");
  expect((await odradek("topics", "describe", "own")).out).toBe(
    "topic  partition  leader  replicas  in sync\nown            0       1  1         1\nown            1       1  1         1\n",
  );
  expect(JSON.parse((await odradek("topics", "list", "--json")).out)).toContainEqual({ topic: "own", partitions: 2, internal: false });
  expect((await odradek("configs", "set", "topic", "own", "retention.ms=7")).out).toBe("Set retention.ms.\n");
  expect(JSON.parse((await odradek("configs", "get", "topic", "own", "--json")).out)).toContainEqual({
    setting: "retention.ms",
    value: "7",
    "set by": "topic",
  });
  expect((await odradek("records", "offsets", "own", "--json")).out).toContain(
    '{"topic":"own","partition":0,"start":0,"end":0,"records":0}',
  );
  expect((await odradek("cluster", "brokers", "--json")).out).toContain('"controller":true');
  expect(await odradek("topics", "delete", "nothing")).toMatchObject({ exitCode: 1 });
  expect(await odradek("topics", "frobnicate")).toMatchObject({ exitCode: 2 });
});

test("log dump prints segments without a broker, batch by batch or record by record", async () => {
  await kafka("topics --create --topic dumped");
  await kafka("console-producer --topic dumped", "x\ny\n");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const file = join(folder, files.find((name) => /dumped-0.*\.log$/.test(name)) ?? "");
  expect(JSON.parse((await run(["log", "dump", file, "--json"])).out)).toMatchObject([
    { offset: 0, last: 1, records: 2, compression: "none", crc: "ok" },
  ]);
  expect((await run(["log", "dump", file, "--records", "--json"])).out).toContain('"value":"y"');
  expect(await run(["log", "dump", join(folder, "nothing.log")])).toMatchObject({ exitCode: 1 });
  expect(await run(["log", "dump", "a.txt"])).toMatchObject({ exitCode: 2 });
});

test("the script sends each of these commands to the bundle of tools, and has a file for each shim", () => {
  const root = join(import.meta.dirname, "../../scripts");
  const [, pattern = ""] = /\/(\^\(topics.*\$)\//.exec(readFileSync(join(root, "odradek.cjs"), "utf8")) ?? [];
  for (const word of [...Object.keys(ADMIN_COMMANDS), ...Object.keys(KAFKA_TOOLS)]) expect(word).toMatch(new RegExp(pattern));
  expect(Object.keys(ADMIN_COMMANDS)).toEqual(TOOL_COMMANDS);
  const scripts = readdirSync(join(root, "bin")).filter((name) => name.startsWith("kafka-"));
  expect(scripts.sort()).toEqual(
    Object.keys(KAFKA_TOOLS)
      .flatMap((name) => [name, `${name}.sh`])
      .sort(),
  );
});

test("an unknown shim is a usage error that names the nearest", async () => {
  expect(await run(["kafka-topcis"])).toMatchObject({
    exitCode: 2,
    err: "odradek: Unknown command kafka-topcis; did you mean kafka-topics?\n",
  });
});
