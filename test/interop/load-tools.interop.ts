// Our shims of Kafka's tools that make load and measure it, beside those tools themselves on one broker: the same invocations print the same
// lines and end with the same codes. What is measured is masked; how many digits it has is not.

import { afterAll, describe, expect, inject, test } from "vitest";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { runTool as runJavaTool } from "./java-tools.ts";
import type { Outcome } from "./processes.ts";
import { runShim } from "./shims.ts";
import { ToolRunner } from "./tool-runner.ts";
import { type RunTool, transcribe } from "./transcript.ts";

const tools = new ToolRunner();
afterAll(() => tools.stop());

const PRODUCER = "producer-perf-test --topic %p --throughput -1";

const LINES = `
topics --create --topic %p
${PRODUCER} --num-records 1000 --record-size 100
${PRODUCER} --num-records 1000 --payload-monotonic --producer-props acks=1 linger.ms=2
${PRODUCER} --num-records 1000 --record-size 10 --warmup-records 100
${PRODUCER} --num-records 3 --payload-file @a\\nbb\\nccc
${PRODUCER} --num-records 3 --payload-file /nope
${PRODUCER} --num-records 300 --record-size 10 --transaction-duration-ms 100
${PRODUCER} --num-records 300 --record-size 10 --transactional-id %t
${PRODUCER} --num-records 300 --record-size 10 --transaction-duration-ms 100 --command-property acks=1
${PRODUCER} --num-records 3 --record-size 2000000
${PRODUCER} --num-records 3 --record-size 10 --command-property acks=7
${PRODUCER} --num-records 3 --record-size 10 --command-property acks
${PRODUCER} --num-records 3 --record-size 10 --command-config nope
${PRODUCER} --num-recor 3 --record-size 10
${PRODUCER} --num-records 0 --record-size 10
${PRODUCER} --num-records 9 --record-size 0
${PRODUCER} --num-records x --record-size 10
${PRODUCER} --num-records 9 --record-size x
${PRODUCER} --num-records 9
${PRODUCER} --num-records 9 --record-size 10 --payload-monotonic
${PRODUCER} --num-records 9 --record-size 10 --warmup-records 9
${PRODUCER} --num-records 9 --record-size 10 --transaction-duration-ms 0
${PRODUCER} --num-records 9 --record-size 10 --reporting-interval 0
${PRODUCER} --num-records 9 --record-size 10 --no-such
${PRODUCER} --num-records 9 --record-size 10 stray
${PRODUCER} --num-records 9 --record-size 10 --payload-delimiter
${PRODUCER} --num-records 9 --record-size 10 --producer-props a=1 --command-property acks=1
producer-perf-test --no-bootstrap --topic %p --throughput -1 --num-records 9 --record-size 10
producer-perf-test --topic %p --throughput 100 --num-records 100 --record-size 10 --reporting-interval 200
producer-perf-test --throughput 1 --num-records 9 --record-size 10
producer-perf-test --topic %p --throughput x --num-records 9 --record-size 10
producer-perf-test --topic 'not a name' --throughput -1 --num-records 1 --record-size 10
producer-perf-test --bootstrap-server 127.0.0.1:1 --topic %p --throughput -1 --num-records 1 --record-size 10 --command-property max.block.ms=500
get-offsets --topic %p
consumer-perf-test --topic %p --num-records 1000
consumer-perf-test --topic %p --messages 500 --hide-header --group %g
consumer-perf-test --topic %p --num-records 500 --group %g --show-detailed-stats --reporting-interval 1
consumer-perf-test --topic %p --num-records 500 --group %h --command-property group.protocol=consumer
consumer-perf-test --topic %p --num-records 500 --group %i --command-property group.protocol=consumer --command-property heartbeat.interval.ms=100
consumer-perf-test --include %p.* --num-records 500 --date-format HH:mm
consumer-perf-test --topic %p --num-records 500 --from-latest --timeout 1000
consumer-perf-test --topic %p --num-records -1
consumer-perf-test --topic %unknown --num-records 1 --timeout 1000
consumer-perf-test --bootstrap-server 127.0.0.1:1 --topic %p --num-records 1 --timeout 1000
consumer-perf-test --topic %p --num-records 1 --reporting-interval 0
consumer-perf-test --topic %p --num-records 1 --messages 1
consumer-perf-test --topic %p
consumer-perf-test --num-records 1
consumer-perf-test --topic %p --num-records 1 --no-such
consumer-perf-test --topic %p --num-records 1 --date-format QQQ
consumer-perf-test --no-bootstrap --topic %p --num-records 1
e2e-latency --topic %e --num-records 1001 --producer-acks all --record-size 20
e2e-latency --topic %e --num-records 3 --producer-acks 1 --record-size 9 --record-key-size 5 --num-headers 2 --record-header-key-size 3 --record-header-size 4
e2e-latency --no-bootstrap $B %e 3 1 20
e2e-latency --no-bootstrap $B %e 3 1 20 nope
e2e-latency --no-bootstrap $B %e 3 2 20
e2e-latency --no-bootstrap $B %e 3
e2e-latency --topic %e --num-records 0 --producer-acks 1 --record-size 9
e2e-latency --topic %e --num-records 3 --producer-acks 1 --record-size -1
e2e-latency --topic %e --num-records 3 --producer-acks 1 --record-size 9 --record-header-size -2
e2e-latency --topic %e --num-records 3 --producer-acks 1
e2e-latency --topic 'not a name' --num-records 3 --producer-acks 1 --record-size 9
topics --create --topic %v
verifiable-producer --topic %v --max-messages 3
verifiable-producer --topic %v --max-messages 4 --value-prefix 7 --repeating-keys 2 --message-create-time 1000 --acks 1
verifiable-producer --topic %v --max-messages 5 --throughput 50 --acks 0
verifiable-producer --topic %v --max-messages 0
verifiable-producer --topic 'not a name' --max-messages 1
verifiable-producer --topic %v --max-messages 1 --acks 2
verifiable-producer --topic %v --max-messages x
verifiable-producer --topic %v --max-messages 1 --value-prefix x
verifiable-producer --topic %v --max-messages 1 --no-such
verifiable-producer --topic %v --max-messages 1 --command-config nope
verifiable-producer --max-messages 1
verifiable-producer --no-bootstrap --topic %v
verifiable-consumer --topic %v --group-id %vg --max-messages 7
verifiable-consumer --topic %v --group-id %vg --max-messages 4 --verbose
verifiable-consumer --topic %v --group-id %vh --max-messages 4 --verbose --enable-autocommit --assignment-strategy org.apache.kafka.clients.consumer.RoundRobinAssignor
verifiable-consumer --topic %v --group-id %vi --max-messages 0
verifiable-consumer --topic %v --group-id %vi --max-messages 1 --reset-policy none
verifiable-consumer --topic %v --group-id %vi --max-messages 1 --group-protocol foo
verifiable-consumer --topic %v --group-id %vj --max-messages 7 --group-protocol consumer
verifiable-consumer --topic %v --group-id %vk --max-messages 4 --verbose --group-protocol CONSUMER --group-remote-assignor range
verifiable-consumer --topic %v --group-id %vl --max-messages 1 --group-protocol consumer --group-remote-assignor nope
verifiable-consumer --topic %v --group-id %vl --max-messages 1 --group-protocol consumer --session-timeout 9000
verifiable-consumer --topic %v --group-id %vm --max-messages 4 --group-remote-assignor range --group-instance-id one
verifiable-consumer --topic %v --group-id %vi --no-such
verifiable-consumer --topic %v
consumer-groups --describe --group %vg --offsets
consumer-groups --describe --group %vj --offsets --verbose
consumer-groups --describe --group %vj --state --verbose
storage --no-bootstrap version-mapping
storage --no-bootstrap version-mapping --release-version 4.1
storage --no-bootstrap version-mapping -r 9.9
storage --no-bootstrap feature-dependencies --feature eligible.leader.replicas.version=1 --feature metadata.version=29
storage --no-bootstrap feature-dependencies --feature nope=1
storage --no-bootstrap feature-dependencies --feature nope
storage --no-bootstrap feature-dependencies
storage --no-bootstrap nope
storage --no-bootstrap random-uuid stray
storage --no-bootstrap format
storage --no-bootstrap format -c nope
storage --no-bootstrap info
`
  .split("\n")
  .filter((line) => line !== "");

test.skipIf(inject("brokers").length === 0)("there is a broker to compare on", () => undefined);

describe.concurrent.each(inject("brokers"))("on $name", (broker: BrokerUnderTest) => {
  test("the shims of Kafka's load tools print what those tools print", async () => {
    // The verifiable tools end in what the end of their process calls.
    const expected = await observe(broker, "perf-jvm-", (tool, args, stdin) =>
      tool.startsWith("verifiable") ? runJavaTool([tool, ...args], { stdin }) : tools.run(tool, args, stdin),
    );
    const observed = await observe(broker, "perf-our-", runShim);
    expect(observed, "as Kafka's own tools").toEqual(expected);
  });
});

async function observe(broker: BrokerUnderTest, prefix: string, runTool: RunTool): Promise<unknown> {
  const lines = LINES.map((line) => line.replaceAll("%", prefix));
  const observed = await transcribe(lines, broker.bootstrap, async (...call) => masked(await runTool(...call)));
  return JSON.parse(JSON.stringify(observed).replaceAll(prefix, "%"));
}

/** Of what is said on stderr the sentence counts: usage, help and stack traces are each one's own. */
function masked({ exitCode, stdout, stderr }: Outcome): Outcome {
  const said = stderr.split("\n").filter((line) => line.trim() !== "" && !/^(\[\d|\*)|KIP-848/.test(line));
  const [first = ""] = said;
  const sentence = /^usage:/.test(first) ? argparseSentence(stderr) : raised(first);
  return { exitCode, stdout: withoutRepeats(stdout.split("\n").map(maskedLine)).join("\n"), stderr: sentence };
}

/** A sentence with the exception's name in front, which is a stack trace's first line. */
function raised(line: string): string {
  const sentence = line.replace(/^Exception in thread "main" /, "").replace(/^java\.nio\.file\.NoSuchFileException: /, "");
  return sentence.replace(/^(?=[\w.]+Exception: )/, "raised ");
}

/** argparse breaks its sentences into lines, and spreads their words. */
function argparseSentence(text: string): string {
  const [sentence = ""] = /\S+:\s+error:[\s\S]*?(?=\n\n|\n--|$)/.exec(text) ?? [];
  return sentence.replace(/-\n-/g, "--").replace(/--\n/g, "--").replace(/\s+/g, " ").trim();
}

function maskedLine(line: string): string {
  if (line.startsWith("{")) return maskedEvent(line);
  const [, progress] = /^\d+( records sent, .* max latency\.)$/.exec(line) ?? [];
  if (progress !== undefined) return `#${figures(progress)}`;
  const [, count, figuresAfter] = /^(\d+ (?:steady state )?records sent)(, .*)$/.exec(line) ?? [];
  if (count !== undefined && figuresAfter !== undefined) return `${count}${figures(figuresAfter)}`;
  if (/^\d[^,]*, .*[\dN]$/.test(line)) return csvLine(line.replaceAll("NaN", "0.0000").split(", "));
  return line.replace(/^(\d+)\t[\d.]+$/, "$1\t#").replace(/^(Avg latency|Percentiles): .*$/, figures);
}

/** The amounts that were read stay, where it is a summary. */
function csvLine(cells: readonly string[]): string {
  return cells.map((cell, index) => ((index === 2 || index === 4) && cells[1] !== "0" ? cell : figures(cell))).join(", ");
}

function figures(text: string): string {
  return text.replace(/\d+(?:\.(\d+))?/g, (_, decimals = "") => (decimals === "" ? "#" : `#.${"#".repeat(decimals.length)}`));
}

function maskedEvent(line: string): string {
  const { timestamp, avg_throughput: throughput, ...facts } = JSON.parse(line);
  // Where no millisecond passed between start and end, a quotient by it is no number, which JSON has as a text.
  const isThroughput = typeof throughput === "number" || throughput === "NaN" || throughput === "Infinity";
  const isMeasured = typeof timestamp === "number" && (throughput === undefined || isThroughput);
  return `${JSON.stringify(facts)} ${isMeasured ? "with what was measured" : "without what was measured"}`;
}

function withoutRepeats(lines: readonly string[]): string[] {
  return lines.filter((line, index) => line !== lines[index - 1]);
}
