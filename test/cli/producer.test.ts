// What the console producer sends, as the broker has it afterwards: who numbered it, how it was gathered, and what became of what could not
// be sent.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Compression } from "../../protocol/records/batch-header.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let broker: RunningBroker;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "odradek-producer-"));
  broker = await startBroker({ data: folder, host: "127.0.0.1" });
});
afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function kafka(line: string, stdin = "") {
  const [tool = "", ...args] = line.split(" ");
  const terminal = new FakeTerminal({ stdin });
  const argv = [`kafka-${tool}`, "--bootstrap-server", broker.bootstrapServers, ...args];
  const exitCode = await runToolCommand(argv, { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

/** The batches of a partition, from its file. */
function batches(partition: string) {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const file = files.find((name) => name.includes(`${partition}/`) && name.endsWith(".log")) ?? "";
  return [...batchesOf(readFileSync(join(folder, file)))].map((batch) => ({
    values: [...recordsOf(batch)].map(({ value }) => value?.toString("utf8") ?? null),
    producerId: batch.producerId,
    baseSequence: batch.baseSequence,
    compression: batch.compression,
  }));
}

test("lines go in one batch, numbered by a producer", async () => {
  await kafka("topics --create --topic whole");
  await kafka("console-producer --topic whole", "a\nb\nc\n");
  expect(batches("whole-0")).toEqual([
    { values: ["a", "b", "c"], producerId: expect.any(Number), baseSequence: 0, compression: Compression.NONE },
  ]);
  expect(batches("whole-0")[0]?.producerId).toBeGreaterThanOrEqual(0);
});

test("batches end at their size, and their numbers follow one another", async () => {
  await kafka("topics --create --topic split");
  const line = "x".repeat(100);
  await kafka("console-producer --topic split --batch-size 300", `${line}\n${line}\n${line}\n`);
  expect(batches("split-0").map(({ values, baseSequence }) => [values.length, baseSequence])).toEqual([
    [1, 0],
    [1, 1],
    [1, 2],
  ]);
});

test("records without a key stay in one partition until there is a batch of them", async () => {
  await kafka("topics --create --topic sticky --partitions 5");
  await kafka("console-producer --topic sticky", "a\nb\nc\nd\ne\n");
  const ends = (await kafka("get-offsets --topic sticky")).out.trim().split("\n");
  expect(ends.map((line) => line.split(":")[2]).sort()).toEqual(["0", "0", "0", "0", "5"]);
});

test.each([
  ["--request-required-acks 1", { producerId: -1, baseSequence: -1 }],
  ["--request-required-acks 0", { producerId: -1, baseSequence: -1 }],
  ["--command-property acks=1", { producerId: -1 }],
  ["--command-property enable.idempotence=false", { producerId: -1 }],
  ["--command-property retries=0", { producerId: -1 }],
  ["--compression-codec", { compression: Compression.GZIP }],
  ["--compression-codec zstd", { compression: Compression.ZSTD }],
  ["--command-property compression.type=zstd", { compression: Compression.NONE }],
])("with %s a batch is %o", async (flags, expected) => {
  const topic = `as${flags.replaceAll(/[^a-z0-9]/g, "")}`;
  await kafka(`topics --create --topic ${topic}`);
  expect(await kafka(`console-producer --topic ${topic} ${flags}`, "a\n")).toEqual({ exitCode: 0, out: "", err: "" });
  // What no acknowledgement is waited for may come a moment later: another request on the same broker comes after it.
  expect((await kafka(`console-consumer --topic ${topic} --partition 0 --from-beginning --max-messages 1`)).out).toBe("a\n");
  expect(batches(`${topic}-0`)).toMatchObject([{ values: ["a"], ...expected }]);
});

test.each([
  ["--command-property acks=7", "Invalid value 7 for configuration acks: String must be one of: all, -1, 0, 1"],
  ["--command-property linger.ms=x", "Invalid value x for configuration linger.ms: Not a number"],
  ["--command-property batch.size=-5", "Invalid value -5 for configuration batch.size: Value must be at least 0"],
  ["--compression-codec foo", "Invalid value foo for configuration compression.type"],
  ["--request-required-acks 1 --command-property enable.idempotence=true", "Must set acks to all"],
  ["--command-property retries=0 --command-property enable.idempotence=true", "Must set retries to non-zero"],
  ["--command-property max.in.flight.requests.per.connection=9", "must be set to at most 5. Current value is 9."],
  ["--command-property transactional.id=t", "IllegalStateException"],
  ["--property a=b --reader-property c=d", "Options --reader-property and --property cannot be specified together."],
  ["--reader-property headers.separator=:", "headers.separator and headers.key.separator may not be equal"],
])("%s is refused", async (flags, sentence) => {
  const { exitCode, err } = await kafka(`console-producer --topic refused ${flags}`, "a\n");
  expect([exitCode, err]).toEqual([1, expect.stringContaining(sentence)]);
});

test("what cannot be sent is logged, and ends the command only where each record is waited for", async () => {
  await kafka("topics --create --topic small --config max.message.bytes=200");
  const lines = `${"x".repeat(300)}\nshort\n`;
  const logged = await kafka("console-producer --topic small --batch-size 100", lines);
  expect(logged).toMatchObject({ exitCode: 0, err: expect.stringContaining("RecordTooLargeException") });
  expect(batches("small-0").flatMap(({ values }) => values)).toEqual(["short"]);
  const sync = await kafka("console-producer --topic small --sync", lines);
  expect(sync).toMatchObject({ exitCode: 1, err: expect.stringContaining("RecordTooLargeException") });
  const local = await kafka("console-producer --topic small --command-property max.request.size=100", lines);
  expect(local).toMatchObject({ exitCode: 0, err: expect.stringContaining("larger than 100, which is the value of the max.request.size") });
  expect(batches("small-0").flatMap(({ values }) => values)).toEqual(["short", "short"]);
});
