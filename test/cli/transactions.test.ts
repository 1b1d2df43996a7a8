// Transactions that a producer left open, and their end by an administrator: in our own words and in those of Kafka's script.

import { afterAll, beforeAll, expect, test } from "vitest";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { ProbeClient } from "../coordinator/transaction/probe-client.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const FAST = { "transaction.state.log.num.partitions": 1, "offsets.topic.num.partitions": 1 };
/** Lets a producer write outside of what its coordinator knows, which then hangs. */
const UNVERIFIED = { "transaction.partition.verification.enable": false };

let broker: RunningBroker;
beforeAll(async () => {
  broker = await startBroker({ host: "127.0.0.1", settings: { ...FAST, ...UNVERIFIED } });
});
afterAll(() => broker.stop());

async function run(...argv: readonly string[]) {
  const terminal = new FakeTerminal();
  const args = [...argv, "--bootstrap-server", broker.bootstrapServers];
  const exitCode = await runToolCommand(args, { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

function kafka(line: string) {
  return run("kafka-transactions", ...line.split(" "));
}

/** Leaves one record in partition 0 of `<name>-topic`; `isKnown`: to the coordinator. */
async function leftOpen(name: string, { isKnown }: { readonly isKnown: boolean }) {
  const probe = await ProbeClient.open(broker.port, name);
  const { producer } = await probe.initialized(name);
  if (isKnown) await probe.add(name, producer, [0]);
  expect(await probe.produce(name, producer)).toBe("offset 0");
  expect(await probe.read()).toMatchObject({ lastStable: 0, highWatermark: 1 });
  return { probe, producer };
}

const ABORTED = { lastStable: 2, highWatermark: 2, aborted: "P0 from 0" };

test("kafka-transactions abort ends what begins at an offset", async () => {
  const { probe } = await leftOpen("offset", { isKnown: false });
  const abort = "abort --topic offset-topic --partition 0 --start-offset";
  const missed = "Could not find any open transactions starting at offset 1 on partition offset-topic-0\n";
  expect(await kafka(`${abort} 1`)).toEqual({ exitCode: 1, out: "", err: missed });
  expect(await kafka(`${abort} 0`)).toEqual({ exitCode: 0, out: "", err: "" });
  expect(await probe.read()).toMatchObject(ABORTED);
  probe.close();
});

test("kafka-transactions abort ends what a producer of this id and epoch has open, and none of an older epoch", async () => {
  const { probe, producer } = await leftOpen("producer", { isKnown: false });
  const abort = `abort --topic producer-topic --partition 0 --producer-id ${producer.producerId} --coordinator-epoch -1 --producer-epoch`;
  const spec = `AbortTransactionSpec(topicPartition=producer-topic-0, producerId=${producer.producerId}, producerEpoch=-1, coordinatorEpoch=0)`;
  expect((await kafka(`${abort} -1`)).err).toBe(
    `Failed to abort transaction ${spec}: WriteTxnMarkers request with ${spec} failed due an invalid producer epoch. Enable debug logging for additional detail.\n`,
  );
  expect(await kafka(`${abort} ${producer.epoch}`)).toEqual({ exitCode: 0, out: "", err: "" });
  expect(await probe.read()).toMatchObject(ABORTED);
  probe.close();
});

test("kafka-transactions find-hanging prints what no coordinator will end", async () => {
  const known = await leftOpen("known", { isKnown: true });
  const hanging = await leftOpen("hanging", { isKnown: false });
  const found = async (where: string) => (await kafka(`find-hanging ${where}`)).out.split("\n").slice(1, -1);
  await expect.poll(() => found("--broker-id 1 --max-transaction-timeout 0")).toHaveLength(1);
  const [row = ""] = await found("--topic hanging-topic --max-transaction-timeout 0");
  expect(row.split(/\s+/).slice(0, 4)).toEqual(["hanging-topic", "0", `${hanging.producer.producerId}`, "0"]);
  expect(await found("--topic known-topic --partition 0 --max-transaction-timeout 0")).toEqual([]);
  expect(await found("--topic hanging-topic")).toEqual([]);
  known.probe.close();
  hanging.probe.close();
});

test("kafka-transactions forceTerminateTransaction aborts what an id has open", async () => {
  const { probe } = await leftOpen("forced", { isKnown: true });
  expect(await kafka("forceTerminateTransaction --transactionalId forced")).toEqual({ exitCode: 0, out: "", err: "" });
  expect(await probe.read()).toMatchObject(ABORTED);
  probe.close();
});

test.each([
  ["abort --topic t --partition 0 --producer-id 1", "Missing required argument --producer-epoch"],
  ["abort --topic t", "kafka-transactions.sh: error: argument --partition is required"],
  [
    "abort --topic t --partition 0 --start-offset 0",
    "Failed to validate producer state for partition t-0: This server does not host this topic-partition.. Enable debug logging for additional detail.",
  ],
  ["find-hanging --partition 0", "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search"],
  ["find-hanging --broker-id 1 --partition 0", "The --partition argument requires --topic to be provided"],
])("kafka-transactions %s is refused", async (line, sentence) => {
  const { exitCode, err } = await kafka(line);
  expect([exitCode, err.split("\n")[0]]).toEqual([1, sentence]);
});

test("odradek transactions lists, describes and aborts by id", async () => {
  const { probe, producer } = await leftOpen("own", { isKnown: true });
  const { producerId } = producer;
  expect(JSON.parse((await run("transactions", "list", "--json")).out)).toContainEqual({
    transaction: "own",
    state: "Ongoing",
    producer: producerId,
    coordinator: 1,
  });
  expect(JSON.parse((await run("transactions", "describe", "own", "--json")).out)).toMatchObject([
    { transaction: "own", state: "Ongoing", producer: producerId, partitions: ["own-topic-0"] },
  ]);
  expect((await run("transactions", "abort", "own")).out).toBe("Aborted own; its producer is fenced.\n");
  expect(await probe.read()).toMatchObject(ABORTED);
  probe.close();
});

test("odradek transactions abort ends one that hangs, and makes no id that there is not", async () => {
  const { probe, producer } = await leftOpen("stuck", { isKnown: false });
  const where = ["--topic", "stuck-topic", "--partition", "0", "--start-offset", "0"];
  expect(JSON.parse((await run("transactions", "abort", ...where, "--json")).out)).toEqual([
    { topic: "stuck-topic", partition: 0, start: 0, producer: producer.producerId, epoch: 0 },
  ]);
  expect(await probe.read()).toMatchObject(ABORTED);
  expect(await run("transactions", "abort", ...where)).toMatchObject({ exitCode: 1 });
  expect(await run("transactions", "abort", "nobody")).toMatchObject({ exitCode: 1 });
  expect((await run("transactions", "list")).out).not.toContain("nobody");
  expect(await run("transactions", "abort")).toMatchObject({ exitCode: 2 });
  expect(await run("transactions", "abort", "stuck", ...where)).toMatchObject({ exitCode: 2 });
  probe.close();
});
