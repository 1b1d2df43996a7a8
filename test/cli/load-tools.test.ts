// The tools that make load and measure it, against a broker in this process: what they send and read is there, and what they print of it is
// true. That the lines are Kafka's is compared in test/interop.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let broker: RunningBroker;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "odradek-load-"));
  broker = await startBroker({ host: "127.0.0.1", settings: { "offsets.topic.num.partitions": 1, "group.initial.rebalance.delay.ms": 0 } });
});
afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

function begin(line: string) {
  const [tool = "", ...args] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const terminal = new FakeTerminal();
  const stopping = Promise.withResolvers<void>();
  const argv = [`kafka-${tool}`, ...(args.includes("--bare") ? args.slice(1) : ["--bootstrap-server", broker.bootstrapServers, ...args])];
  const ended = runToolCommand(argv, { terminal, stopping: stopping.promise });
  return { terminal, ended, stop: () => stopping.resolve() };
}

async function kafka(line: string) {
  const { terminal, ended } = begin(line);
  const exitCode = await ended;
  return { exitCode, lines: terminal.output.split("\n").slice(0, -1), err: terminal.errors };
}

async function endOf(topic: string): Promise<number> {
  const { lines } = await kafka(`get-offsets --topic ${topic}`);
  return lines.reduce((sum, line) => sum + Number(line.split(":").at(-1)), 0);
}

async function values(topic: string, flags = ""): Promise<string[]> {
  return (await kafka(`console-consumer --topic ${topic} --from-beginning --timeout-ms 1500 ${flags}`)).lines;
}

function events(output: string): { readonly name: string; readonly [fact: string]: unknown }[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { timestamp, ...event } = JSON.parse(line);
      expect(timestamp).toBeTypeOf("number");
      return event;
    });
}

test("kafka-storage gives ids, and lets scripts that format go on", async () => {
  const uuids = await Promise.all([kafka("storage --bare random-uuid"), kafka("storage --bare random-uuid")]);
  for (const { exitCode, lines } of uuids)
    expect({ exitCode, lines }).toEqual({ exitCode: 0, lines: [expect.stringMatching(/^[\w][\w-]{21}$/)] });
  expect(uuids[0]?.lines).not.toEqual(uuids[1]?.lines);
  const path = join(folder, "server.properties");
  writeFileSync(path, "node.id=1\n");
  const formatted = await kafka(`storage --bare format -t ${uuids[0]?.lines[0]} -c ${path} --ignore-formatted --standalone`);
  expect(formatted).toMatchObject({ exitCode: 0, lines: [expect.stringMatching(/^Nothing was formatted, and nothing needs to be/)] });
  expect(await kafka(`storage --bare format -c ${path}`)).toMatchObject({ exitCode: 1 });
  const withUser = await kafka(`storage --bare format -t x -c ${path} --add-scram SCRAM-SHA-256=[name=a,password=b]`);
  expect(withUser).toMatchObject({ exitCode: 1, err: expect.stringContaining("--add-scram is not something that this command can do") });
});

const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 20_000, interval: 20 });

describe("kafka-producer-perf-test", () => {
  test("sends as many records as asked for, and counts what was acknowledged", async () => {
    const { exitCode, lines, err } = await kafka("producer-perf-test --topic load --num-records 5000 --record-size 100 --throughput -1");
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(lines).toEqual([
      expect.stringMatching(
        /^5000 records sent, \d+\.\d{6} records\/sec \(\d+\.\d\d MB\/sec\), \d+\.\d\d ms avg latency, \d+\.00 ms max latency, \d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.$/,
      ),
    ]);
    expect(await endOf("load")).toBe(5000);
    const [first = ""] = await values("load", "--max-messages 1");
    expect(first).toMatch(/^[A-Z]{100}$/);
  });

  test("sends no faster than asked for, and says from time to time how fast that is", async () => {
    const beganMs = performance.now();
    const { lines } = await kafka(
      "producer-perf-test --topic paced --num-records 100 --payload-monotonic --throughput 200 --reporting-interval 100",
    );
    expect(performance.now() - beganMs).toBeGreaterThan(490);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^\d+ records sent, .* max latency\.$/);
    expect((await values("paced", "--max-messages 100")).map(Number)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  test("counts what comes after the warm-up once more by itself", async () => {
    const { lines } = await kafka(
      "producer-perf-test --topic warm --num-records 50 --record-size 9 --throughput 100 --warmup-records 20 --reporting-interval 100",
    );
    expect(lines[0]).toBe("Warmup first 20 records. Steady state results will print after the complete test summary.");
    expect(lines.filter((line) => line === "In steady state.")).toHaveLength(1);
    expect(lines.at(-2)).toMatch(/^50 records sent, /);
    expect(lines.at(-1)).toMatch(/^30 steady state records sent, /);
  });

  test("sends the pieces of a file", async () => {
    const path = join(folder, "pieces");
    writeFileSync(path, "one,two,three,");
    const { lines } = await kafka(
      `producer-perf-test --topic pieces --num-records 200 --payload-file ${path} --payload-delimiter , --throughput -1`,
    );
    expect(lines.slice(0, 2)).toEqual([`Reading payloads from: ${path}`, "Number of records read: 3"]);
    expect(new Set(await values("pieces", "--max-messages 200"))).toEqual(new Set(["one", "two", "three"]));
  });

  test("writes in transactions that are committed as often as asked for", async () => {
    const { exitCode, lines } = await kafka(
      "producer-perf-test --topic transacted --num-records 120 --payload-monotonic --throughput 200 --transaction-duration-ms 50",
    );
    expect(exitCode).toBe(0);
    expect(lines.at(-1)).toMatch(/^120 records sent, /);
    // A marker for each of several transactions; how many depends on how busy the machine is.
    expect(await endOf("transacted")).toBeGreaterThan(121);
    expect(await values("transacted", "--isolation-level read_committed --max-messages 120")).toHaveLength(120);
  });

  test("says of each record that cannot be sent why, and goes on", async () => {
    const { exitCode, lines, err } = await kafka("producer-perf-test --topic load --num-records 2 --record-size 2000000 --throughput -1");
    expect(exitCode).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(/^0 records sent, 0\.000000 records\/sec \(0\.00 MB\/sec\), NaN ms avg latency, 0\.00 ms/),
    ]);
    const sentence =
      "org.apache.kafka.common.errors.RecordTooLargeException: The message is 2000088 bytes when serialized which is larger than 1048576, which is the value of the max.request.size configuration.\n";
    expect(err).toBe(sentence.repeat(2));
  });

  test("waits for a broker that is not there as long as max.block.ms says", async () => {
    const { exitCode, err } = await kafka(
      "producer-perf-test --bare --bootstrap-server 127.0.0.1:1 --topic t --num-records 1 --record-size 9 --throughput -1 --command-property max.block.ms=200",
    );
    expect(exitCode).toBe(0);
    expect(err).toBe("org.apache.kafka.common.errors.TimeoutException: Topic t not present in metadata after 200 ms.\n");
  });

  test.each([
    ["--num-records 9 --throughput -1", "one of the arguments --record-size --payload-file --payload-monotonic is required"],
    ["--num-records x --throughput -1 --record-size 9", "argument --num-records: could not convert 'x' to Long (For input string: \"x\")"],
    ["--num-records 9 --record-size 9", "argument --throughput is required"],
    ["--num-records 9 --throughput -1 --record-size 9 stray", "unrecognized arguments: 'stray'"],
    ["--num-records 9 --throughput -1 --record-size 9 --command-property a=1 stray", "Invalid property: stray"],
    ["--num-records 9 --throughput -1 --record-size 9 --print-metrics", "--print-metrics is not something that this command can do"],
  ])("refuses %s", async (args, sentence) => {
    const { exitCode, lines, err } = await kafka(`producer-perf-test --topic t ${args}`);
    expect({ exitCode, lines }).toEqual({ exitCode: 1, lines: [] });
    expect(err).toContain(sentence);
  });
});

describe("kafka-consumer-perf-test", () => {
  test("reads until it has enough, in polls of 500, and goes on there as the same group", async () => {
    await kafka("producer-perf-test --topic read --num-records 2000 --record-size 100 --throughput -1");
    const first = await kafka("consumer-perf-test --topic read --num-records 600 --group readers");
    expect(first.lines[0]).toMatch(/^start\.time, end\.time, data\.consumed\.in\.MB, /);
    expect(first.lines[1]?.split(", ")[4]).toBe("1000");
    expect(first.lines[1]?.split(", ")[2]).toBe((100_000 / 1024 / 1024).toFixed(4));
    const second = await kafka("consumer-perf-test --topic read --num-records 1000 --group readers --hide-header");
    expect(second.lines[0]?.split(", ")[4]).toBe("1000");
    const third = await kafka("consumer-perf-test --topic read --num-records 5000 --group readers --hide-header --timeout 300");
    expect(third.lines[0]).toMatch(/^WARNING: Exiting before consuming the expected number of records: timeout \(300 ms\) exceeded\./);
    expect(third.lines[1]?.split(", ")[4]).toBe("0");
  });

  test("reports progress, with the time that the group took in the first line only", async () => {
    const { lines } = await kafka(
      "consumer-perf-test --topic read --num-records 2000 --show-detailed-stats --reporting-interval 1 --date-format yy/MM",
    );
    expect(lines[0]).toMatch(/^time, threadId, /);
    expect(lines[1]).toMatch(/^\d\d\/\d\d, 0, \d+\.\d{4}, \d+\.\d{4}, \d+, \d+\.\d{4}, \d+, \d+, /);
    for (const line of lines.slice(2)) expect(line.split(", ")[6]).toBe("0");
  });

  test("begins at the end with --from-latest, and a broker that is not there is one of which nothing comes", async () => {
    const latest = await kafka("consumer-perf-test --topic read --num-records 1 --from-latest --timeout 300 --hide-header");
    expect(latest.lines[1]?.split(", ")[4]).toBe("0");
    const nobody = await kafka("consumer-perf-test --bare --bootstrap-server 127.0.0.1:1 --topic t --num-records 1 --timeout 200");
    expect(nobody.exitCode).toBe(0);
    expect(nobody.lines[1]).toMatch(/^WARNING: /);
  });

  test.each([
    ["--topic a --include b --num-records 1", "Exactly one of the following arguments is required: [topic], [include]"],
    ["--topic a", "Exactly one of the following arguments is required: [messages], [num-records]"],
    ["--topic a --num-records 1 --reporting-interval 0", "Reporting interval must be greater than 0."],
    ["--topic a --num-records 1 --date-format QQ", "Illegal pattern character 'Q'"],
    [
      "--topic a --num-records 1 --date-format EEE",
      "EEE in a date format is not something that this command can do; it writes numbers only.",
    ],
  ])("refuses %s", async (args, sentence) => {
    const { exitCode, err } = await kafka(`consumer-perf-test ${args}`);
    expect(exitCode).toBe(1);
    expect(err).toContain(sentence);
  });
});

describe("kafka-e2e-latency", () => {
  test("makes the topic, sends and reads record after record, and says how long they took", async () => {
    const { exitCode, lines } = await kafka(
      "e2e-latency --topic ends --num-records 1001 --producer-acks all --record-size 9 --record-key-size 3 --num-headers 1 --record-header-key-size 2 --record-header-size -1",
    );
    expect(exitCode).toBe(0);
    expect(lines).toEqual([
      'Topic "ends" does not exist. Will create topic with 1 partition(s) and replication factor = 1',
      expect.stringMatching(/^0\t\d+(\.\d+)?$/),
      expect.stringMatching(/^1000\t\d+(\.\d+)?$/),
      expect.stringMatching(/^Avg latency: \d+\.\d{4} ms$/),
      expect.stringMatching(/^Percentiles: 50th = \d+, 99th = \d+, 99\.9th = \d+$/),
    ]);
    expect(await endOf("ends")).toBe(1001);
  });

  test("takes its arguments in the older order", async () => {
    const { exitCode, lines } = await kafka(`e2e-latency --bare ${broker.bootstrapServers} ends 2 1 9`);
    expect(exitCode).toBe(0);
    expect(lines[0]).toMatch(/^WARNING: Positional argument usage is deprecated/);
    expect((await kafka("e2e-latency --bare a b c")).err).toMatch(
      /^Invalid number of arguments\. Expected 5 or 6 positional arguments, but got 3\./,
    );
  });

  test("fails when what it reads is not what it sent", async () => {
    const other = begin("verifiable-producer --topic ends --throughput 2000");
    const { exitCode, err } = await kafka("e2e-latency --topic ends --num-records 100000 --producer-acks 1 --record-size 9");
    other.stop();
    await other.ended;
    expect(exitCode).toBe(1);
    expect(err).toMatch(/Only one result was expected during this test|The message value read \[\d+\] did not match/);
  });
});

describe("the verifiable tools", () => {
  test("the producer prints what became of each record, and a sum", async () => {
    const { terminal, ended } = begin(
      "verifiable-producer --topic numbers --max-messages 3 --value-prefix 7 --repeating-keys 2 --message-create-time 1000",
    );
    expect(await ended).toBe(0);
    const sent = { name: "producer_send_success", topic: "numbers", partition: 0 };
    expect(events(terminal.output)).toEqual([
      { name: "startup_complete" },
      { ...sent, key: "0", value: "7.0", offset: 0 },
      { ...sent, key: "1", value: "7.1", offset: 1 },
      { ...sent, key: "0", value: "7.2", offset: 2 },
      { name: "shutdown_complete" },
      { name: "tool_data", sent: 3, acked: 3, target_throughput: -1, avg_throughput: expect.any(Number) },
    ]);
    const printed = await values("numbers", "--max-messages 3 --formatter-property print.timestamp=true");
    for (const line of printed) expect(Number(/^CreateTime:(\d+)/.exec(line)?.[1])).toBeLessThan(100_000);
  });

  test("the producer goes on until it is stopped, and says then how far it came", async () => {
    const { terminal, ended, stop } = begin("verifiable-producer --topic endless --throughput 100");
    await until(() => expect(terminal.output).toContain('"value":"5"'));
    stop();
    expect(await ended).toBe(0);
    const last = events(terminal.output).slice(-2);
    expect(last.map(({ name }) => name)).toEqual(["shutdown_complete", "tool_data"]);
    expect(last[1]?.["acked"]).toBe(await endOf("endless"));
  });

  test("the producer says of what it cannot send why", async () => {
    const { terminal, ended } = begin("verifiable-producer --topic 'not a name' --max-messages 1");
    expect(await ended).toBe(0);
    expect(events(terminal.output)[1]).toEqual({
      name: "producer_send_error",
      topic: "not a name",
      key: null,
      value: "0",
      exception: "class org.apache.kafka.common.errors.InvalidTopicException",
      message: "Invalid topics: [not a name]",
    });
  });

  test("the consumer prints partitions, records and commits, and the group goes on where it stopped", async () => {
    const group = "verifiable-consumer --topic numbers --group-id counted --verbose";
    const first = begin(`${group} --max-messages 2`);
    expect(await first.ended).toBe(0);
    const partitions = [{ topic: "numbers", partition: 0 }];
    expect(events(first.terminal.output)).toEqual([
      { name: "startup_complete" },
      { name: "partitions_assigned", partitions },
      { name: "record_data", key: "0", value: "7.0", topic: "numbers", partition: 0, offset: 0 },
      { name: "record_data", key: "1", value: "7.1", topic: "numbers", partition: 0, offset: 1 },
      { name: "records_consumed", count: 3, partitions: [{ topic: "numbers", partition: 0, count: 2, minOffset: 0, maxOffset: 1 }] },
      { name: "offsets_committed", offsets: [{ topic: "numbers", partition: 0, offset: 2 }], success: true },
      { name: "partitions_revoked", partitions },
      { name: "shutdown_complete" },
      { name: "shutdown_requested" },
    ]);
    const second = begin(`${group} --max-messages 1 --enable-autocommit`);
    await second.ended;
    expect(events(second.terminal.output)[2]).toMatchObject({ name: "record_data", value: "7.2", offset: 2 });
    expect(second.terminal.output).not.toContain("offsets_committed");
  });

  test("the consumer is stopped by a signal, and gives up its partitions before it ends", async () => {
    const { terminal, ended, stop } = begin("verifiable-consumer --topic numbers --group-id stopped --reset-policy latest");
    await until(() => expect(terminal.output).toContain("partitions_assigned"));
    stop();
    expect(await ended).toBe(0);
    const names = events(terminal.output).map(({ name }) => name);
    expect(names).toEqual(["startup_complete", "partitions_assigned", "shutdown_requested", "partitions_revoked", "shutdown_complete"]);
  });

  test("the consumer logs what ends it, and ends well", async () => {
    const { terminal, ended } = begin("verifiable-consumer --topic numbers --group-id none --max-messages 1 --reset-policy none");
    expect(await ended).toBe(0);
    expect(terminal.errors).toContain("Undefined offset with no reset policy for partitions: [numbers-0]");
    const names = events(terminal.output).map(({ name }) => name);
    expect(names).toEqual(["startup_complete", "partitions_assigned", "partitions_revoked", "shutdown_complete", "shutdown_requested"]);
  });
});
