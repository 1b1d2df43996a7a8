// Transactions with real clients: Java in both protocols, kafkajs and librdkafka; the tools that look at them; and every request of the
// probe in every state (test/coordinator/transaction/probe.ts), whose answers by Kafka are kept for the tests that run without it.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { probe, scenarios } from "../coordinator/transaction/probe.ts";
import { ProbeClient } from "../coordinator/transaction/probe-client.ts";
import { type BrokerUnderTest, KAFKA_REFERENCE, NODE } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { runTool, tool } from "./java-tools.ts";
import { run, runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const FOLDER = join(import.meta.dirname, "transactions");

/** One step a line. */
async function java(broker: BrokerUnderTest, scenario: string, name: string): Promise<Observation> {
  const classPath = (await runOrThrow(KAFKA_REFERENCE, ["classpath"])).trim();
  const program = [
    "-Xmx256m",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    classPath,
    join(FOLDER, "TransactionTour.java"),
    broker.bootstrap,
    scenario,
    name,
  ];
  const { exitCode, stdout, stderr } = await run("java", program, { deadlineMs: 120_000 });
  const steps = stdout.split("\n").filter((line) => line.startsWith("{"));
  if (exitCode !== 0) throw new Error(`${scenario} ended with ${exitCode}: ${stdout}${stderr.slice(-2000)}`);
  return Object.assign({}, ...steps.map((line) => JSON.parse(line)));
}

/** With the transaction protocol that clients up to 3.x speak: they go by the cluster's feature. */
async function withProtocol(broker: BrokerUnderTest, version: number, action: () => Promise<Observation>): Promise<Observation> {
  const features = (...args: string[]) => runTool(["features", "--bootstrap-server", broker.bootstrap, ...args]);
  if (version < 2) await features("downgrade", "--feature", `transaction.version=${version}`);
  try {
    const { stdout } = await features("describe");
    const protocol = /transaction\.version.*FinalizedVersionLevel: (\d+)/.exec(stdout)?.[1] ?? "none";
    return { protocol, observed: await action() };
  } finally {
    if (version < 2) await features("upgrade", "--feature", "transaction.version=2");
  }
}

for (const version of [1, 2]) {
  for (const scenario of ["commit-and-abort", "fenced", "too-long", "transform", "zombie"]) {
    compare(`Java, transaction version ${version}: ${scenario}`, (broker) =>
      withProtocol(broker, version, () => java(broker, scenario, `java-${version}-${scenario}`)),
    );
  }
  compare(`Java, transaction version ${version}: a producer crashes in the middle`, (broker) =>
    withProtocol(broker, version, async () => {
      const name = `java-${version}-crash`;
      return { before: await java(broker, "crash", name), after: await java(broker, "after-crash", name) };
    }),
  );
}

compare("kafkajs: transactions with offsets, and a second producer", async ({ bootstrap }) => {
  return JSON.parse(
    await runOrThrow(NODE, [join(import.meta.dirname, "node/kafkajs-transactions.ts"), bootstrap, "transacting-kafkajs"], {
      deadlineMs: 120_000,
    }),
  ) as Observation;
});

compare("librdkafka: transactions with offsets, and a second producer", async ({ bootstrap }) => {
  const python = await pythonWithClients();
  const output = await runOrThrow(python, [join(FOLDER, "librdkafka.py"), bootstrap, "transacting-librdkafka"], { deadlineMs: 180_000 });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "null") as Observation;
});

compare("kafka-transactions: list and describe", async (broker) => {
  const id = "java-2-fenced";
  const withoutNumbers = (observation: Observation) =>
    JSON.parse(JSON.stringify(observation, (_, value) => (typeof value === "string" ? value.replace(/\b\d+\b/g, "<number>") : value)));
  return {
    listed: withoutNumbers((await linesOf(broker, ["list"])).filter((line) => line.includes(id)).map((line) => line.trim())),
    described: withoutNumbers(await tool(broker, "transactions", ["describe", "--transactional-id", id])),
    unknown: await tool(broker, "transactions", ["describe", "--transactional-id", "nobody"]),
  };
});

async function linesOf(broker: BrokerUnderTest, args: readonly string[]): Promise<string[]> {
  const { stdout } = await runTool(["transactions", "--bootstrap-server", broker.bootstrap, ...args]);
  return stdout.split("\n");
}

compare("kafka-transactions: a transaction that was left open is aborted", async (broker) => {
  const probing = await ProbeClient.connect(Number(broker.bootstrap.split(":")[1]), "left");
  await java(broker, "crash", "left-topic");
  const before = await probing.read();
  const aborted = await tool(broker, "transactions", ["abort", "--topic", "left-topic", "--partition", "0", "--start-offset", "0"]);
  const after = await probing.read();
  probing.close();
  return { before, aborted, after };
});

compare("kafka-dump-log reads the transaction log, aborted transactions and markers", dump, { readsFolder: true });

async function dump(broker: BrokerUnderTest): Promise<Observation> {
  const dumped = async (pattern: RegExp, ...options: string[]) => {
    const files = readdirSync(broker.dataFolder, { recursive: true, encoding: "utf8" }).filter((path) => pattern.test(path));
    const written = files.map((path) => join(broker.dataFolder, path)).filter((path) => statSync(path).size > 0);
    return (await runTool(["dump-log", ...options, "--files", written.join(",")])).stdout.split("\n");
  };
  const states = await dumped(/__transaction_state-\d+\/\d+\.log$/, "--transaction-log-decoder");
  const ours = states.filter((line) => line.includes('"java-2-fenced"'));
  return {
    states: ours.map((line) => line.replace(/^.*payload: /, "").replace(/("\w*(?:Timestamp|producerId|ProducerId)\w*"):\d+/gi, "$1")),
    aborted: (await dumped(/left-topic-0\/\d+\.txnindex$/))
      .filter((line) => line.startsWith("version"))
      .map((line) => line.replace(/producerId: \d+/, "")),
    markers: (await dumped(/left-topic-0\/\d+\.log$/, "--deep-iteration"))
      .filter((line) => line.includes("endTxnMarker"))
      .map((line) => line.replace(/CreateTime: \d+|coordinatorEpoch: \d+/g, "")),
  };
}

for (const [index, title] of Object.keys(scenarios).entries()) {
  // These wait for a timer of ten seconds and more; Kafka's answers are kept, and `npm test` holds ours to them.
  if (title.startsWith("a transaction takes too long")) continue;
  compare(`every request of transactions in every state: ${title}`, async ({ bootstrap }) => {
    const port = Number(bootstrap.split(":")[1]);
    return (await probe(port, title, `probe-${index}`)) as Observation;
  });
}
